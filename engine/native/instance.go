package native

import (
	"context"
	"reflect"
	"slices"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/internal/spelling"
)

// module is what functions and objects of a built-in module know of it.
type module struct {
	name  string
	usage engine.Usage
}

// Usage implements [engine.Counted]. A function that was bound with its own type is the host's very
// function: its calls are not seen.
func (m *module) Usage() *engine.Usage { return &m.usage }

// instance is a running built-in module.
type instance struct {
	module
	members []member
	symbols []engine.Symbol
}

// Symbols implements [engine.Instance].
func (in *instance) Symbols() []engine.Symbol { return in.symbols }

// find returns the member, or an error that names those that are spelled alike. prefix is what
// stands before the name in messages.
func (m *module) find(members []member, prefix, name string) (member, error) {
	if m.usage.Refused() {
		return member{}, engine.ErrUnloaded
	}
	found, ok := lookUp(members, name)
	if ok {
		return found, nil
	}
	near := spelling.Near(name, func(yield func(string) bool) {
		for _, other := range members {
			if !yield(other.name) {
				return
			}
		}
	}, 3)
	for i := range near {
		near[i] = prefix + near[i]
	}
	return member{}, &engine.SymbolError{Module: m.name, Symbol: prefix + name, NearMiss: slices.Clip(near)}
}

// bind makes the member available as a value of type t. Nothing is copied where the types are
// identical.
func (m *module) bind(found member, symbol string, t reflect.Type) (reflect.Value, error) {
	have := found.value.Type()
	fail := func(reason string) (reflect.Value, error) {
		text := have.String()
		if found.call {
			text = "func" + signatureOf(have)
		}
		return reflect.Value{}, &engine.SymbolError{Module: m.name, Symbol: symbol, Want: t.String(), Have: text, Reason: reason}
	}
	switch {
	case have == t:
		return found.value, nil
	case found.call && t.Kind() != reflect.Func:
		return fail("it is a function")
	case t == anyType:
		v := reflect.New(anyType).Elem()
		if natural := wrap(m, found.value); natural != nil {
			v.Set(reflect.ValueOf(natural))
		}
		return v, nil
	}
	v, err := conversion{module: m, about: symbol + ": "}.value(found.value, t)
	if err != nil {
		return fail(err.Error())
	}
	return v, nil
}

// Bind implements [engine.Instance].
func (in *instance) Bind(symbol string, t reflect.Type) (reflect.Value, error) {
	found, err := in.find(in.members, "", symbol)
	if err != nil {
		return reflect.Value{}, err
	}
	return in.bind(found, symbol, t)
}

// TypeOf implements [engine.Typed].
func (in *instance) TypeOf(symbol string) (reflect.Type, error) {
	found, err := in.find(in.members, "", symbol)
	if err != nil {
		return nil, err
	}
	return found.value.Type(), nil
}

// Call implements [engine.Instance].
func (in *instance) Call(ctx context.Context, symbol string, args []any) ([]any, error) {
	found, err := in.find(in.members, "", symbol)
	if err != nil {
		return nil, err
	}
	if !found.call {
		return nil, &engine.SymbolError{Module: in.name, Symbol: symbol, Have: found.value.Type().String(), Reason: "it is not a function"}
	}
	return in.callByName(ctx, symbol, found.value, args)
}

// Close implements [engine.Instance]. Functions that were bound with their own type stay what they
// are.
func (in *instance) Close(context.Context) error {
	in.usage.Refuse()
	return nil
}
