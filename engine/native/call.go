package native

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"runtime/debug"

	"github.com/loadgo/load/engine"
)

// function builds what makes a function of type to from one of type from. What to has beyond from
// is a leading context, which is looked at before the call, and a trailing error, which carries
// what the call meets. What it may lack is a leading context and the variadic part.
func (c conversion) function(from, to reflect.Type) (converter, error) {
	if from.ConvertibleTo(to) {
		return convertTo(to), nil
	}
	p, err := c.plan(from, to)
	if err != nil {
		return nil, err
	}
	return func(f reflect.Value) (reflect.Value, error) {
		if f.IsNil() {
			return reflect.Zero(to), nil
		}
		return reflect.MakeFunc(to, func(args []reflect.Value) []reflect.Value { return p.call(f, args) }), nil
	}, nil
}

// plan is a call of a function of one type as a function of another.
type plan struct {
	module     *module
	about      string // the function and a colon, or ""
	to         reflect.Type
	addContext bool // the called function takes one and the caller has none
	dropContext,
	leftOut bool // the variadic part
	extraError bool
	args       []converter
	results    []converter
}

func (c conversion) plan(from, to reflect.Type) (*plan, error) {
	p := &plan{module: c.module, about: c.about, to: to}
	theirs, ours := ins(from), ins(to)
	has := func(types []reflect.Type) bool { return len(types) > 0 && types[0] == contextType }
	if has(ours) && !has(theirs) {
		p.dropContext, ours = true, ours[1:]
	}
	if has(theirs) && !has(ours) {
		p.addContext, theirs = true, theirs[1:]
	}
	if from.IsVariadic() && !to.IsVariadic() && len(ours) == len(theirs)-1 {
		p.leftOut, theirs = true, theirs[:len(ours)]
	}
	switch {
	case len(ours) != len(theirs):
		return nil, fmt.Errorf("it has %d parameters, not %d", len(theirs), len(ours))
	case to.IsVariadic() && !from.IsVariadic():
		return nil, errors.New("it is not variadic")
	}
	for i := range ours {
		convert, err := c.of(ours[i], theirs[i])
		if err != nil {
			return nil, fmt.Errorf("parameter %d: %w", i+1, err)
		}
		p.args = append(p.args, convert)
	}
	theirs, ours = outs(from), outs(to)
	if len(ours) == len(theirs)+1 && ours[len(theirs)] == errorType {
		p.extraError, ours = true, ours[:len(theirs)]
	}
	if len(ours) != len(theirs) {
		return nil, fmt.Errorf("it has %d results, not %d", len(theirs), len(ours))
	}
	for i := range ours {
		convert, err := c.of(theirs[i], ours[i])
		if err != nil {
			return nil, fmt.Errorf("result %d: %w", i+1, err)
		}
		p.results = append(p.results, convert)
	}
	return p, nil
}

// call makes one call of f. Its error is the last result, or a panic if there is none.
func (p *plan) call(f reflect.Value, args []reflect.Value) []reflect.Value {
	results, err := p.run(f, args)
	n := p.to.NumOut()
	switch {
	case err == nil && p.extraError:
		return append(results, reflect.Zero(errorType))
	case err == nil:
		return results
	case n == 0 || p.to.Out(n-1) != errorType:
		panic(err)
	}
	results = make([]reflect.Value, n)
	for i := range results {
		results[i] = reflect.Zero(p.to.Out(i))
	}
	results[n-1] = reflect.ValueOf(&err).Elem()
	return results
}

func (p *plan) run(f reflect.Value, args []reflect.Value) (results []reflect.Value, err error) {
	if p.dropContext {
		if ctx, _ := args[0].Interface().(context.Context); ctx != nil && ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		args = args[1:]
	}
	var in []reflect.Value
	if p.addContext {
		in = append(in, reflect.ValueOf(context.Background()))
	}
	for i, convert := range p.args {
		converted, err := convert(args[i])
		if err != nil {
			return nil, fmt.Errorf("%sargument %d: %w", p.about, i+1, err)
		}
		in = append(in, converted)
	}
	out, err := p.module.invoke(f, in, f.Type().IsVariadic() && !p.leftOut)
	if err != nil {
		return nil, err
	}
	for i, convert := range p.results {
		if out[i], err = convert(out[i]); err != nil {
			return nil, fmt.Errorf("result %d: %w", i+1, err)
		}
	}
	return out, nil
}

// invoke calls a function of the host; a panic there is a [*engine.PanicError].
func (m *module) invoke(f reflect.Value, args []reflect.Value, spread bool) (results []reflect.Value, err error) {
	began := engine.Now()
	if err := m.usage.Begin(); err != nil {
		return nil, err
	}
	defer func() {
		defer func() { m.usage.EndSince(began, err) }()
		if r := recover(); r != nil {
			err = &engine.PanicError{Module: m.name, Symbol: f.Type().String(), Value: fmt.Sprint(r), Stack: string(debug.Stack())}
		}
	}()
	if spread {
		return f.CallSlice(args), nil
	}
	return f.Call(args), nil
}

// callByName calls with arguments whose types are seen only now.
func (m *module) callByName(ctx context.Context, symbol string, f reflect.Value, args []any) ([]any, error) {
	t := f.Type()
	fail := func(reason string) error {
		return &engine.SymbolError{Module: m.name, Symbol: symbol, Want: wanted(args), Have: "func" + signatureOf(t), Reason: reason}
	}
	params := ins(t)
	var in []reflect.Value
	if len(params) > 0 && params[0] == contextType {
		if own, ok := first(args).(context.Context); ok {
			ctx, args = own, args[1:]
		}
		in, params = append(in, reflect.ValueOf(ctx)), params[1:]
	}
	spread := false
	if fixed := len(params) - 1; t.IsVariadic() && len(args) >= fixed {
		var last engine.Spread
		if last, spread = first(args[fixed:]).(engine.Spread); spread && len(args) == len(params) {
			args = append(args[:fixed:fixed], last.Slice)
		} else {
			spread = false
			element := params[fixed].Elem()
			params = params[:fixed]
			for range len(args) - fixed {
				params = append(params, element)
			}
		}
	}
	switch {
	case len(args) < len(params):
		return nil, fail("not enough arguments")
	case len(args) > len(params):
		return nil, fail("too many arguments")
	}
	c := conversion{module: m, lenient: true}
	for i := range args {
		converted, err := c.value(reflect.ValueOf(&args[i]).Elem(), params[i])
		if err != nil {
			return nil, fail(fmt.Sprintf("argument %d: %v", i+1, err))
		}
		in = append(in, converted)
	}
	out, err := m.invoke(f, in, spread)
	var panicked *engine.PanicError
	if errors.As(err, &panicked) {
		panicked.Symbol = symbol
	}
	if err != nil {
		return nil, err
	}
	if n := len(out); n > 0 && t.Out(n-1) == errorType {
		err, _ = out[n-1].Interface().(error)
		out = out[:n-1]
	}
	results := make([]any, len(out))
	for i := range out {
		results[i] = wrap(m, out[i])
	}
	return results, err
}

func first(args []any) any {
	if len(args) == 0 {
		return nil
	}
	return args[0]
}

// wanted spells the types of arguments as a parameter list.
func wanted(args []any) string {
	s := "("
	for i, arg := range args {
		if i > 0 {
			s += ", "
		}
		if o, ok := arg.(*engine.Object); ok {
			s += o.TypeName()
			continue
		}
		s += fmt.Sprintf("%T", arg)
	}
	return s + ")"
}
