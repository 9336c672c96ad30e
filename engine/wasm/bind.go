package wasm

import (
	"context"
	"fmt"
	"reflect"

	"github.com/tetratelabs/wazero/api"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/internal/wasmvalue"
)

var (
	contextType = reflect.TypeFor[context.Context]()
	errorType   = reflect.TypeFor[error]()
)

// goFunction is a Go function type without its context and its error.
type goFunction struct {
	t                      reflect.Type
	params, results        []reflect.Type
	withContext, withError bool
}

func newGoFunction(t reflect.Type) *goFunction {
	f := &goFunction{t: t}
	for param := range t.Ins() {
		f.params = append(f.params, param)
	}
	for result := range t.Outs() {
		f.results = append(f.results, result)
	}
	if len(f.params) > 0 && f.params[0] == contextType {
		f.withContext, f.params = true, f.params[1:]
	}
	if n := len(f.results); n > 0 && f.results[n-1] == errorType {
		f.withError, f.results = true, f.results[:n-1]
	}
	return f
}

// context is that of a call: the first argument where the function takes one.
func (f *goFunction) context(args []reflect.Value) context.Context {
	if f.withContext {
		if ctx, ok := args[0].Interface().(context.Context); ok {
			return ctx
		}
	}
	return context.Background()
}

// zeros are results that are not set, and no error.
func (f *goFunction) zeros() []reflect.Value {
	out := make([]reflect.Value, len(f.results), len(f.results)+1)
	for i, t := range f.results {
		out[i] = reflect.New(t).Elem()
	}
	if f.withError {
		out = append(out, reflect.Zero(errorType))
	}
	return out
}

// failed are the results of a call that failed. Where none is an error, it panics.
func (f *goFunction) failed(module, symbol string, err error) []reflect.Value {
	if !f.withError {
		panic(engine.NotCalled(module, symbol, err))
	}
	out := f.zeros()
	out[len(out)-1] = reflect.ValueOf(&err).Elem()
	return out
}

// make makes the function of what runs it. An error of run is the last result, or a panic where
// there is none.
func (f *goFunction) make(module, symbol string, run func(ctx context.Context, args, results []reflect.Value) error) reflect.Value {
	return reflect.MakeFunc(f.t, func(args []reflect.Value) []reflect.Value {
		ctx := f.context(args)
		if f.withContext {
			args = args[1:]
		}
		out := f.zeros()
		if err := run(ctx, args, out[:len(f.results)]); err != nil {
			return f.failed(module, symbol, err)
		}
		return out
	})
}

// Bind implements [engine.Instance].
func (m *module) Bind(symbol string, t reflect.Type) (reflect.Value, error) {
	s, err := m.find(symbol)
	if err != nil {
		return reflect.Value{}, err
	}
	fail := func(reason string) (reflect.Value, error) { return reflect.Value{}, m.misfit(s, t.String(), reason) }
	switch {
	case s.Limit != "":
		return fail(s.Limit)
	case s.Kind != engine.KindFunc:
		return m.bindGlobal(s, t)
	case t.Kind() != reflect.Func:
		return fail("it is a function")
	}
	f := newGoFunction(t)
	var run func(ctx context.Context, args, results []reflect.Value) error
	reason := ""
	switch def := m.functions[symbol]; {
	case m.program && symbol == mainSymbol:
		run, reason = m.bindCommand(f)
	case m.isBytes(def):
		run, reason = m.bindPlugin(symbol, f)
	case m.typed[symbol] != nil:
		run, reason = m.bindTyped(m.typed[symbol], f)
	default:
		run, reason = m.bindNumbers(symbol, def, f)
	}
	if reason != "" {
		return fail(reason)
	}
	return f.make(m.name, symbol, run), nil
}

// bindGlobal reads a number that the module exports.
func (m *module) bindGlobal(s engine.Symbol, t reflect.Type) (reflect.Value, error) {
	kind := m.globals[s.Name]
	if !wasmvalue.Fits(t, kind, false) {
		return reflect.Value{}, m.misfit(s, t.String(), "it is a "+wasmvalue.GoType(kind))
	}
	v := reflect.New(t).Elem()
	bits, err := m.read(s.Name)
	if err == nil {
		err = wasmvalue.Decode(bits, kind, v)
	}
	if err != nil {
		return reflect.Value{}, m.misfit(s, t.String(), err.Error())
	}
	return v, nil
}

// read reads a global while no call runs: that of the instance that the next call uses.
func (m *module) read(name string) (uint64, error) {
	select {
	case m.busy <- struct{}{}:
	case <-m.ctx.Done():
		return 0, engine.ErrUnloaded
	}
	defer func() { <-m.busy }()
	guest, err := m.present(m.ctx)
	if err != nil {
		return 0, err
	}
	return guest.ExportedGlobal(name).Get(), nil
}

// bindNumbers binds a function of numbers.
func (m *module) bindNumbers(symbol string, def api.FunctionDefinition, f *goFunction) (run func(ctx context.Context, args, results []reflect.Value) error, reason string) {
	params, results := def.ParamTypes(), def.ResultTypes()
	switch {
	case f.t.IsVariadic():
		return nil, "it is not variadic"
	case len(f.params) != len(params):
		return nil, fmt.Sprintf("it has %d parameters, not %d", len(params), len(f.params))
	case len(f.results) != len(results):
		return nil, fmt.Sprintf("it has %d results, not %d", len(results), len(f.results))
	}
	for i, t := range params {
		if !wasmvalue.Fits(f.params[i], t, true) {
			return nil, fmt.Sprintf("parameter %d is a %s, not a %s", i+1, wasmvalue.GoType(t), f.params[i])
		}
	}
	for i, t := range results {
		if !wasmvalue.Fits(f.results[i], t, false) {
			return nil, fmt.Sprintf("result %d is a %s, not a %s", i+1, wasmvalue.GoType(t), f.results[i])
		}
	}
	return func(ctx context.Context, args, out []reflect.Value) error {
		var small [8]uint64
		stack := small[:]
		if n := max(len(params), len(results)); n > len(stack) {
			stack = make([]uint64, n)
		}
		for i, t := range params {
			bits, err := wasmvalue.Encode(args[i], t)
			if err != nil {
				return fmt.Errorf("%s: argument %d: %w", symbol, i+1, err)
			}
			stack[i] = bits
		}
		if err := m.callNumbers(ctx, symbol, stack); err != nil {
			return err
		}
		for i, t := range results {
			if err := wasmvalue.Decode(stack[i], t, out[i]); err != nil {
				return fmt.Errorf("%s: result %d: %w", symbol, i+1, err)
			}
		}
		return nil
	}, ""
}

// callNumbers calls a function of numbers. The stack holds its arguments, then its results.
func (m *module) callNumbers(ctx context.Context, symbol string, stack []uint64) (err error) {
	ctx, leave, err := m.enter(ctx, symbol)
	if err != nil {
		return err
	}
	defer func() { leave(err) }()
	return m.invoke(ctx, symbol, stack)
}

// Call implements [engine.Instance].
func (m *module) Call(ctx context.Context, symbol string, args []any) ([]any, error) {
	s, err := m.find(symbol)
	if err != nil {
		return nil, err
	}
	args = spread(args)
	switch def := m.functions[symbol]; {
	case s.Limit != "":
		return nil, m.misfit(s, "", s.Limit)
	case s.Kind != engine.KindFunc:
		return nil, m.misfit(s, "", "it is not a function")
	case m.program && symbol == mainSymbol:
		return m.callMain(ctx, s, args)
	case m.isBytes(def):
		return m.callBytes(ctx, s, args)
	case m.typed[symbol] != nil:
		return m.callTypedNamed(ctx, s, m.typed[symbol], args)
	default:
		return m.callNamed(ctx, s, def, args)
	}
}

// spread gives the elements of a last argument that is a slice in the place of several.
func spread(args []any) []any {
	if len(args) == 0 {
		return args
	}
	last, ok := args[len(args)-1].(engine.Spread)
	if !ok || reflect.ValueOf(last.Slice).Kind() != reflect.Slice {
		return args
	}
	all := append([]any{}, args[:len(args)-1]...)
	elements := reflect.ValueOf(last.Slice)
	for i := range elements.Len() {
		all = append(all, elements.Index(i).Interface())
	}
	return all
}

// callNamed calls a function of numbers with arguments whose types are seen only now.
func (m *module) callNamed(ctx context.Context, s engine.Symbol, def api.FunctionDefinition, args []any) ([]any, error) {
	params, types := def.ParamTypes(), def.ResultTypes()
	if len(args) != len(params) {
		return nil, m.misfit(s, "", fmt.Sprintf("it has %d parameters, not %d", len(params), len(args)))
	}
	stack := make([]uint64, max(len(params), len(types)))
	for i, t := range params {
		bits, err := wasmvalue.EncodeNamed(args[i], t)
		if err != nil {
			return nil, m.misfit(s, "", fmt.Sprintf("argument %d: %v", i+1, err))
		}
		stack[i] = bits
	}
	if err := m.callNumbers(ctx, s.Name, stack); err != nil {
		return nil, err
	}
	results := make([]any, len(types))
	for i, t := range types {
		results[i] = wasmvalue.Natural(stack[i], t)
	}
	return results, nil
}
