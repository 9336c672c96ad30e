package starlark

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"

	"go.starlark.net/starlark"

	"github.com/loadgo/load/engine"
)

var (
	contextType = reflect.TypeFor[context.Context]()
	errorType   = reflect.TypeFor[error]()
	objectType  = reflect.TypeFor[*engine.Object]()
	valueType   = reflect.TypeFor[starlark.Value]()
	anyType     = reflect.TypeFor[any]()
	timeType    = reflect.TypeFor[time.Time]()
)

// keyword is a field of a struct that gives arguments by name.
type keyword struct {
	name      string
	index     []int
	omitEmpty bool
}

// keywordsOf lists the arguments that a struct type gives by name; nil for a type that is data:
// none of its fields has a tag `load:"name"`. A field whose tag ends in ",omitempty" is not given
// where it is zero, so that the parameter's default holds.
func keywordsOf(t reflect.Type) []keyword {
	if t.Kind() != reflect.Struct {
		return nil
	}
	var all []keyword
	tags := 0
	for _, f := range reflect.VisibleFields(t) {
		tag, tagged := f.Tag.Lookup("load")
		name, option, _ := strings.Cut(tag, ",")
		if tagged {
			tags++
		}
		if name == "-" || f.Anonymous || !f.IsExported() {
			continue
		}
		if name == "" {
			name = f.Name
		}
		all = append(all, keyword{name, f.Index, option == "omitempty"})
	}
	if tags == 0 {
		return nil
	}
	return all
}

// pairs returns the arguments that a struct gives by name.
func (e encoder) pairs(keywords []keyword, v reflect.Value) ([]starlark.Tuple, error) {
	var all []starlark.Tuple
	for _, k := range keywords {
		field, err := v.FieldByIndexErr(k.index)
		if err != nil || k.omitEmpty && field.IsZero() {
			continue
		}
		arg, err := e.encode(field)
		if err != nil {
			return nil, fmt.Errorf("argument %s: %w", k.name, err)
		}
		all = append(all, starlark.Tuple{starlark.String(k.name), arg})
	}
	return all, nil
}

// binding is a script's function as a Go function of one type.
type binding struct {
	in          *instance
	symbol      string
	f           starlark.Callable
	turn        *turn // that f needs
	t           reflect.Type
	withContext bool
	args        int // given by place, a variadic part not counted
	keywords    []keyword
	results     []reflect.Type // without the error
	withError   bool
}

// bindFunc makes a Go function of type t that calls f. What can be known is checked now: the number
// of parameters and the names of those given by name. A script says nothing about types.
func (in *instance) bindFunc(symbol string, f starlark.Callable, needs *turn, t reflect.Type) (reflect.Value, error) {
	b := &binding{in: in, symbol: symbol, f: f, turn: needs, t: t}
	for result := range t.Outs() {
		b.results = append(b.results, result)
	}
	if n := len(b.results); n > 0 && b.results[n-1] == errorType {
		b.withError, b.results = true, b.results[:n-1]
	}
	b.args = t.NumIn()
	if b.args > 0 && t.In(0) == contextType {
		b.withContext = true
		b.args--
	}
	if b.args > 0 {
		if b.keywords = keywordsOf(t.In(t.NumIn() - 1)); b.keywords != nil || t.IsVariadic() {
			b.args--
		}
	}
	for param := range t.Ins() {
		if param.Kind() == reflect.Chan || param.Kind() == reflect.UnsafePointer {
			return reflect.Value{}, fmt.Errorf("a script cannot use %s", param)
		}
	}
	if script, ok := f.(*starlark.Function); ok {
		s := signatureOf(script)
		if t.IsVariadic() && s.varargs == "" {
			return reflect.Value{}, errors.New("it is not variadic")
		}
		if err := s.accepts(b.args, b.keywords); err != nil {
			return reflect.Value{}, err
		}
	}
	return reflect.MakeFunc(t, b.call), nil
}

// call makes one call. Its error is the last result, or a panic if there is none.
func (b *binding) call(args []reflect.Value) []reflect.Value {
	out := make([]reflect.Value, b.t.NumOut())
	for i := range out {
		out[i] = reflect.New(b.t.Out(i)).Elem()
	}
	err := b.run(args, out)
	switch {
	case err == nil:
	case !b.withError:
		panic(engine.NotCalled(b.in.name, b.symbol, err))
	default:
		for _, result := range out {
			result.SetZero()
		}
		out[len(out)-1].Set(reflect.ValueOf(err))
	}
	return out
}

func (b *binding) run(args, out []reflect.Value) (err error) {
	ctx := context.Background()
	if b.withContext {
		if c, ok := args[0].Interface().(context.Context); ok {
			ctx = c
		}
		args = args[1:]
	}
	place := args[:b.args]
	if b.t.IsVariadic() {
		place = place[:len(place):len(place)]
		rest := args[len(args)-1]
		for i := range rest.Len() {
			place = append(place, rest.Index(i))
		}
	}
	e := newEncoder(newCrossing(ctx, b.in))
	if err := e.hold.begin(ctx, b.turn); err != nil {
		return err
	}
	defer func() { e.hold.end(err == nil) }()
	positional := make(starlark.Tuple, len(place))
	for i, arg := range place {
		var err error
		if positional[i], err = e.encode(arg); err != nil {
			return fmt.Errorf("%s: argument %d: %w", b.symbol, i+1, err)
		}
	}
	var named []starlark.Tuple
	if b.keywords != nil {
		var err error
		if named, err = e.pairs(b.keywords, args[len(args)-1]); err != nil {
			return err
		}
	}
	v, err := b.in.invoke(ctx, b.symbol, b.f, e.hold, positional, named)
	if err != nil {
		return err
	}
	return b.decode(e.crossing, v, out)
}

// decode spreads what the function returned over the results of the Go function.
func (b *binding) decode(c *crossing, v starlark.Value, out []reflect.Value) error {
	misfit := func(t string, reason string) error {
		return &engine.SymbolError{Module: b.in.name, Symbol: b.symbol, Want: t, Have: describe(b.symbol, b.f), Reason: reason}
	}
	values := starlark.Tuple{v}
	switch tuple, ok := v.(starlark.Tuple); {
	case len(b.results) == 0:
		return nil
	case len(b.results) > 1 && (!ok || len(tuple) != len(b.results)):
		return misfit(b.t.String(), fmt.Sprintf("it returned %s, not a tuple of %d", kind(v), len(b.results)))
	case len(b.results) > 1:
		values = tuple
	}
	d := newDecoder(b.in, c)
	for i, value := range values {
		if err := d.decode(value, out[i]); err != nil && d.failed != nil {
			return fmt.Errorf("result %d: %w", i+1, d.failed)
		} else if err != nil {
			return misfit(b.t.String(), fmt.Sprintf("result %d: %v", i+1, err))
		}
	}
	return nil
}

// maxCalls is how many calls of a module may run at once. The language knows no recursion, but a
// script can call a host function that calls the script.
const maxCalls = 10_000

// invoke calls a function of the module on a thread of its own.
func (in *instance) invoke(ctx context.Context, symbol string, f starlark.Callable, h *hold, args starlark.Tuple, kwargs []starlark.Tuple) (v starlark.Value, err error) {
	began := engine.Now()
	if err := in.usage.Begin(); err != nil {
		return nil, err
	}
	defer func() { in.usage.EndSince(began, err) }()
	if in.usage.Running() > maxCalls {
		return nil, &engine.LimitError{Reason: fmt.Sprintf("more than %d calls of %s run at once, or call each other", maxCalls, in.name)}
	}
	if in.limits.CallTime > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, in.limits.CallTime, engine.TimeLimit(in.name, symbol, in.limits.CallTime))
		defer cancel()
	}
	err = in.run(ctx, symbol, nil, h, func(t *starlark.Thread) (err error) {
		v, err = starlark.Call(t, f, args, kwargs)
		return err
	})
	return v, err
}

// callByName calls with arguments whose types are seen only now.
func (in *instance) callByName(ctx context.Context, symbol string, f starlark.Callable, needs *turn, args []any) (results []any, err error) {
	e := newEncoder(newCrossing(ctx, in))
	if err := e.hold.begin(ctx, needs); err != nil {
		return nil, err
	}
	defer func() { e.hold.end(err == nil) }()
	fail := func(err error) error {
		if e.failed != nil {
			return err
		}
		return &engine.SymbolError{Module: in.name, Symbol: symbol, Have: describe(symbol, f), Reason: err.Error()}
	}
	var place starlark.Tuple
	var named []starlark.Tuple
	var keywords []keyword
	for i, arg := range args {
		v := reflect.ValueOf(arg)
		if spread, ok := arg.(engine.Spread); ok && i == len(args)-1 && reflect.ValueOf(spread.Slice).Kind() == reflect.Slice {
			v = reflect.ValueOf(spread.Slice)
			for j := range v.Len() {
				element, err := e.encode(v.Index(j))
				if err != nil {
					return nil, fail(fmt.Errorf("argument %d: %w", i+j+1, err))
				}
				place = append(place, element)
			}
			break
		}
		if i == len(args)-1 && v.IsValid() {
			if keywords = keywordsOf(v.Type()); keywords != nil {
				var err error
				if named, err = e.pairs(keywords, v); err != nil {
					return nil, fail(err)
				}
				break
			}
		}
		converted, err := e.encode(v)
		if err != nil {
			return nil, fail(fmt.Errorf("argument %d: %w", i+1, err))
		}
		place = append(place, converted)
	}
	if script, ok := f.(*starlark.Function); ok {
		if err := signatureOf(script).accepts(len(place), keywords); err != nil {
			return nil, fail(err)
		}
	}
	v, err := in.invoke(ctx, symbol, f, e.hold, place, named)
	if err != nil {
		return nil, err
	}
	values, ok := v.(starlark.Tuple)
	if !ok {
		values = starlark.Tuple{v}
	}
	results = make([]any, len(values))
	d := newDecoder(in, e.crossing)
	for i, value := range values {
		if results[i], err = d.natural(value); err != nil {
			return nil, fmt.Errorf("result %d: %w", i+1, err)
		}
	}
	return results, nil
}
