package starlark

import (
	"context"
	"reflect"
	"slices"
	"strings"

	"go.starlark.net/starlark"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/engine/starlark/internal/bounded"
	"github.com/loadgo/load/event"
	"github.com/loadgo/load/internal/spelling"
)

// instance is a module whose top level has run. Its globals are frozen.
type instance struct {
	engine  *Engine
	name    string
	print   event.Sink
	globals starlark.StringDict
	symbols func() []engine.Symbol // lists them once
	usage   engine.Usage
	limits  engine.Limits // of which only the time counts
}

// Usage implements [engine.Counted].
func (in *instance) Usage() *engine.Usage { return &in.usage }

// Symbols implements [engine.Instance].
func (in *instance) Symbols() []engine.Symbol { return in.symbols() }

// Isolation implements [engine.Isolated].
func (in *instance) Isolation() engine.Isolation { return in.engine.Isolation() }

// symbolsOf lists the globals that a script exports: those whose names do not start with "_".
func symbolsOf(globals starlark.StringDict) []engine.Symbol {
	var all []engine.Symbol
	for name, v := range globals {
		if strings.HasPrefix(name, "_") {
			continue
		}
		s := engine.Symbol{Name: name, Kind: engine.KindConst, Signature: name + ": " + v.Type()}
		if f, ok := v.(starlark.Callable); ok {
			s.Kind, s.Signature, s.Doc = engine.KindFunc, "def "+name+parameters(f), synopsis(f)
			s.Params = paramsOf(f)
		}
		all = append(all, s)
	}
	slices.SortFunc(all, func(a, b engine.Symbol) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// parameters spells those of a function as Starlark source.
func parameters(f starlark.Callable) string {
	script, ok := f.(*starlark.Function)
	if !ok {
		return "(...)"
	}
	var params []string
	p := signatureOf(script)
	for i, param := range p.all {
		text := param.name
		if i == p.positional && len(p.all) > p.positional && p.varargs == "" {
			params = append(params, "*")
		} else if i == p.positional && p.varargs != "" {
			params = append(params, "*"+p.varargs)
		}
		if param.fallback != nil {
			text += "=" + bounded.Brief(param.fallback)
		}
		params = append(params, text)
	}
	if p.varargs != "" && len(p.all) == p.positional {
		params = append(params, "*"+p.varargs)
	}
	if p.kwargs != "" {
		params = append(params, "**"+p.kwargs)
	}
	return "(" + strings.Join(params, ", ") + ")"
}

// paramsOf lists them: of a script, a parameter has no type.
func paramsOf(f starlark.Callable) []engine.Param {
	script, ok := f.(*starlark.Function)
	if !ok {
		return nil
	}
	all := []engine.Param{}
	for i := range script.NumParams() {
		name, _ := script.Param(i)
		all = append(all, engine.Param{Name: name})
	}
	return all
}

// synopsis is the first line of a function's docstring.
func synopsis(f starlark.Callable) string {
	script, ok := f.(*starlark.Function)
	if !ok {
		return ""
	}
	line, _, _ := strings.Cut(strings.TrimSpace(script.Doc()), "\n")
	return line
}

// find returns a global that is exported, or an error that names those that are spelled alike.
func (in *instance) find(symbol string) (starlark.Value, error) {
	if in.usage.Refused() {
		return nil, engine.ErrUnloaded
	}
	if v, ok := in.globals[symbol]; ok && !strings.HasPrefix(symbol, "_") {
		return v, nil
	}
	near := spelling.Near(symbol, func(yield func(string) bool) {
		for _, s := range in.symbols() {
			if !yield(s.Name) {
				return
			}
		}
	}, 3)
	return nil, &engine.SymbolError{Module: in.name, Symbol: symbol, NearMiss: near}
}

// Bind implements [engine.Instance]. A t of [starlark.Value] is the frozen value itself.
func (in *instance) Bind(symbol string, t reflect.Type) (reflect.Value, error) {
	v, err := in.find(symbol)
	if err != nil {
		return reflect.Value{}, err
	}
	return in.bind(symbol, v, nil, t)
}

// bind makes a value of the module available as one of type t; its functions need a turn.
func (in *instance) bind(symbol string, v starlark.Value, needs *turn, t reflect.Type) (reflect.Value, error) {
	fail := func(reason string) (reflect.Value, error) {
		return reflect.Value{}, &engine.SymbolError{Module: in.name, Symbol: symbol, Want: t.String(), Have: describe(symbol, v), Reason: reason}
	}
	f, callable := v.(starlark.Callable)
	switch {
	case t == valueType:
		return reflect.ValueOf(&v).Elem(), nil
	case callable && t.Kind() == reflect.Func:
		bound, err := in.bindFunc(symbol, f, needs, t)
		if err != nil {
			return fail(err.Error())
		}
		return bound, nil
	case callable && t != objectType:
		return fail("it is a function")
	}
	out := reflect.New(t).Elem()
	c := newCrossing(context.Background(), in)
	c.hold.turn = needs
	if err := newDecoder(in, c).decode(v, out); err != nil {
		return fail(err.Error())
	}
	return out, nil
}

// describe spells what a symbol is.
func describe(symbol string, v starlark.Value) string {
	if f, ok := v.(starlark.Callable); ok {
		return "def " + symbol + parameters(f)
	}
	return symbol + ": " + v.Type()
}

// Call implements [engine.Instance]. A tuple that the function returns is several results. A struct
// with `load` tags as the last argument gives arguments by name.
func (in *instance) Call(ctx context.Context, symbol string, args []any) ([]any, error) {
	v, err := in.find(symbol)
	if err != nil {
		return nil, err
	}
	f, ok := v.(starlark.Callable)
	if !ok {
		return nil, &engine.SymbolError{Module: in.name, Symbol: symbol, Have: describe(symbol, v), Reason: "it is not a function"}
	}
	return in.callByName(ctx, symbol, f, nil, args)
}

// Close implements [engine.Instance]. Calls that still run go on: their steps are limited. What
// other scripts loaded from this one stays theirs.
func (in *instance) Close(context.Context) error {
	in.usage.Refuse()
	return nil
}
