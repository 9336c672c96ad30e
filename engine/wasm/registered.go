package wasm

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"reflect"
	"runtime/debug"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/tetratelabs/wazero/api"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/internal/wasmbytes"
	"github.com/loadgo/load/internal/wasmvalue"
)

// userModule is the module from which plugins import functions of the host program.
const userModule = "extism:host/user"

// registeredName is the name under which the program registers the functions that modules import
// from one of theirs: a registered module has an import path, without a colon.
func registeredName(module string) string { return strings.ReplaceAll(module, ":", "/") }

// ErrReentered is a call of a module by a function of the host that the module itself has called:
// it runs one call at a time, and would wait for its own end.
var ErrReentered = errors.New("the module runs one call at a time, and this call is part of it")

// provideRegistered makes the functions that a module imports from modules that the program
// registered. Those that are missing are named, each with the reason.
func (s *shared) provideRegistered(ctx context.Context, imp engine.Importer, all []linked) error {
	byModule := make(map[string][]importation)
	others, seen := byName(all), make(map[[4]string]bool)
	for _, l := range all {
		for _, i := range l.binary.imports {
			key := [4]string{i.module, i.name, string(i.function.params), string(i.function.results)}
			if i.fromProgram() && others[i.module] == nil && !seen[key] {
				seen[key] = true
				byModule[i.module] = append(byModule[i.module], i)
			}
		}
	}
	var missing []string
	for name, functions := range byModule {
		reasons, err := s.provideModule(ctx, imp, name, functions)
		if err != nil {
			return err
		}
		missing = append(missing, reasons...)
	}
	return missingError(missing, "register them with Loader.Register, or build the module without them")
}

// fromProgram reports whether only the program can provide an import.
func (i importation) fromProgram() bool {
	return i.kind == 0 && i.module != wasiModule && !isExtism(i.module, i.name)
}

// provideModule makes a module of the registered one, and returns what it lacks.
func (s *shared) provideModule(ctx context.Context, imp engine.Importer, name string, functions []importation) (missing []string, err error) {
	from, err := registered(ctx, imp, registeredName(name))
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	builder := s.runtime.NewHostModuleBuilder(name)
	for _, i := range functions {
		var call func(ctx context.Context, stack []uint64)
		reason := ""
		if err != nil {
			reason = i.unregistered(err)
		} else {
			call, reason = s.registeredFunction(from, i)
		}
		if reason != "" {
			missing = append(missing, i.missingBecause(reason))
			continue
		}
		builder.NewFunctionBuilder().WithGoFunction(api.GoFunc(call), i.function.params, i.function.results).Export(i.name)
	}
	if len(missing) > 0 {
		return missing, nil
	}
	_, err = builder.Instantiate(ctx)
	return nil, err
}

// unregistered says who could provide an import from a module that was not imported.
func (i importation) unregistered(err error) string {
	if err == engine.ErrNotRegistered { // by itself: what wraps it says more
		hint := ""
		if i.module == oldModule {
			hint = "; a function that was not linked is often the reason"
		}
		return fmt.Sprintf("the program registered no module %s; Loader.Register(%q, map[string]any{%q: %s {…}}) provides it%s",
			clipped(registeredName(i.module)), clipped(registeredName(i.module)), clipped(i.name), i.function, hint)
	}
	return err.Error()
}

func registered(ctx context.Context, imp engine.Importer, name string) (engine.Imported, error) {
	registry, ok := imp.(engine.Registry)
	if !ok {
		return nil, engine.ErrNotRegistered
	}
	return registry.Registered(ctx, name)
}

// registeredFunction makes what a module calls of a function of the program, or says why it cannot
// be.
func (s *shared) registeredFunction(from engine.Imported, i importation) (call func(context.Context, []uint64), reason string) {
	typed, ok := from.(engine.Typed)
	if !ok {
		return nil, "its functions have no Go types"
	}
	t, err := typed.TypeOf(i.name)
	if err != nil {
		return nil, err.Error()
	}
	if t.Kind() != reflect.Func {
		return nil, fmt.Sprintf("it is a %s in the program, not a function", t)
	}
	f := newGoFunction(t)
	params, results, reason := s.crossings(f, i.function)
	if reason != "" {
		return nil, fmt.Sprintf("it is a %s in the program, and the module imports a %s: %s", t, i.function, reason)
	}
	v, err := from.Bind(i.name, t)
	if err != nil {
		return nil, err.Error()
	}
	p := &programFunction{shared: s, name: i.name, goFunction: f, function: v, params: params, results: results}
	return p.call, ""
}

// crossing takes a value between a module and the program: a number, or else a block of bytes.
type crossing struct {
	t     api.ValueType
	block bool
}

// crossings compares a Go function with the type by which a module imports it.
func (s *shared) crossings(f *goFunction, want functionType) (params, results []crossing, reason string) {
	switch {
	case f.t.IsVariadic():
		return nil, nil, "it is variadic"
	case len(f.params) != len(want.params):
		return nil, nil, fmt.Sprintf("it has %d parameters, not %d", len(f.params), len(want.params))
	case len(f.results) != len(want.results):
		return nil, nil, fmt.Sprintf("it has %d results, not %d", len(f.results), len(want.results))
	}
	cross := func(g reflect.Type, t api.ValueType, result bool) (crossing, bool) {
		if wasmvalue.Fits(g, t, result) {
			return crossing{t: t}, true
		}
		return crossing{t: t, block: true}, s.kind == plugin && t == api.ValueTypeI64 && !isNumeric(g) && s.config.codecs.Unfit(g) == ""
	}
	for n, g := range f.params {
		c, ok := cross(g, want.params[n], false)
		if !ok {
			return nil, nil, fmt.Sprintf("parameter %d, a %s, cannot be a %s of the program", n+1, wasmvalue.GoType(want.params[n]), g)
		}
		params = append(params, c)
	}
	for n, g := range f.results {
		c, ok := cross(g, want.results[n], true)
		if !ok {
			return nil, nil, fmt.Sprintf("result %d, a %s of the program, cannot be a %s", n+1, g, wasmvalue.GoType(want.results[n]))
		}
		results = append(results, c)
	}
	return params, results, ""
}

func isNumeric(g reflect.Type) bool { return g.Kind() >= reflect.Bool && g.Kind() <= reflect.Float64 }

// programFunction is a function of the program that a module calls.
type programFunction struct {
	*goFunction
	shared          *shared
	name            string
	function        reflect.Value
	params, results []crossing
}

// call makes one call. What ends it ends the call of the module, too.
func (p *programFunction) call(ctx context.Context, stack []uint64) {
	if err := p.run(current(ctx), stack); err != nil {
		panic(&refusal{reason: p.name + ": " + err.Error(), err: err})
	}
}

func (p *programFunction) run(m *module, stack []uint64) error {
	args := make([]reflect.Value, 0, len(p.params)+1)
	if p.withContext {
		part := &atomic.Bool{}
		part.Store(true)
		defer part.Store(false)
		args = append(args, reflect.ValueOf(context.WithValue(m.running, partKey{&m.usage}, part)))
	}
	for i, c := range p.params {
		v := reflect.New(p.goFunction.params[i]).Elem()
		if err := m.receive(p.name, c, stack[i], v); err != nil {
			return fmt.Errorf("argument %d: %w", i+1, err)
		}
		args = append(args, v)
	}
	out, err := p.invoke(args)
	if err != nil {
		return err
	}
	for i, c := range p.results {
		if stack[i], err = m.pass(p.name, c, out[i]); err != nil {
			return fmt.Errorf("result %d: %w", i+1, err)
		}
	}
	return nil
}

// invoke calls the Go function. Its panic is an error, as that of a module is.
func (p *programFunction) invoke(args []reflect.Value) (out []reflect.Value, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = &engine.PanicError{Module: p.shared.name, Symbol: p.name, Value: fmt.Sprint(r), Stack: string(debug.Stack())}
		}
	}()
	out = p.function.Call(args)
	if p.withError {
		err, _ = out[len(out)-1].Interface().(error)
	}
	return out, err
}

// receive sets a Go value to what a module passed.
func (m *module) receive(function string, c crossing, bits uint64, to reflect.Value) error {
	if !c.block {
		return wasmvalue.Decode(bits, c.t, to)
	}
	data := m.block(function, bits)
	if wasmbytes.IsRaw(to.Type()) {
		data = bytes.Clone(data)
	}
	return m.decode(data, to)
}

// pass makes what a module is passed of a Go value.
func (m *module) pass(function string, c crossing, v reflect.Value) (uint64, error) {
	if !c.block {
		return wasmvalue.Encode(v, c.t)
	}
	data, err := m.config.codecs.Encode(v)
	if err != nil {
		return 0, err
	}
	return m.give(function, data), nil
}

// partKey marks the contexts of calls of the program by a module. They are the only trace by which
// a call of the module can be known to be part of a call of it.
type partKey struct{ of *engine.Usage }

// reentered reports whether a context is that of a call of the program which the module waits for.
func (m *module) reentered(ctx context.Context) bool {
	part, ok := ctx.Value(partKey{&m.usage}).(*atomic.Bool)
	return ok && part.Load()
}

// missingError names what a module imports and nobody provides, or is nil.
func missingError(missing []string, fix string) error {
	if len(missing) == 0 {
		return nil
	}
	slices.Sort(missing)
	missing = slices.Compact(missing)
	more := ""
	if n := len(missing) - maxNamed; n > 0 {
		missing, more = missing[:maxNamed], fmt.Sprintf("\nand %d more", n)
	}
	return &engine.CompileError{Reason: "it imports what nobody provides", Output: strings.Join(missing, "\n") + more, Fix: fix}
}
