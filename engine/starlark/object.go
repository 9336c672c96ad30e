package starlark

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"go.starlark.net/starlark"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/engine/starlark/internal/bounded"
	"github.com/loadgo/load/internal/spelling"
)

// object is the host's reference to a frozen value of a script. It implements [engine.ObjectRef].
type object struct {
	in   *instance
	v    starlark.Value
	turn *turn // that its functions need
}

// object makes an object of a value, which is frozen from then on: goroutines can share it.
func (d decoder) object(v starlark.Value) (*engine.Object, error) {
	if held, ok := hostObjectOf(v); ok {
		return held.o, nil
	}
	if err := d.Freeze(v, 0); err != nil {
		return nil, err
	}
	return engine.NewObject(&object{d.in, v, d.hold.share(v)}), nil
}

// Usage implements [engine.Counted].
func (o *object) Usage() *engine.Usage { return &o.in.usage }

// TypeName implements [engine.ObjectRef].
func (o *object) TypeName() string { return o.v.Type() }

// attribute returns an attribute of the value; the empty name is the value itself.
func (o *object) attribute(name string) (starlark.Value, error) {
	if name == "" {
		return o.v, nil
	}
	var names []string
	if v, ok := o.v.(starlark.HasAttrs); ok {
		if a, err := v.Attr(name); err == nil && a != nil {
			return a, nil
		}
		names = v.AttrNames()
	}
	near := spelling.Near(name, slices.Values(names), 3)
	for i := range near {
		near[i] = o.TypeName() + "." + near[i]
	}
	return nil, &engine.SymbolError{Module: o.in.name, Symbol: o.TypeName() + "." + name, NearMiss: near}
}

// Methods implements [engine.ObjectRef].
func (o *object) Methods() []engine.Symbol {
	v, ok := o.v.(starlark.HasAttrs)
	if !ok {
		return nil
	}
	var all []engine.Symbol
	for _, name := range v.AttrNames() {
		if a, err := v.Attr(name); err == nil {
			if f, ok := a.(starlark.Callable); ok {
				all = append(all, engine.Symbol{Name: name, Kind: engine.KindFunc, Signature: "def " + name + parameters(f), Doc: synopsis(f)})
			}
		}
	}
	slices.SortFunc(all, func(a, b engine.Symbol) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// symbol is how messages call an attribute.
func (o *object) symbol(name string) string {
	if f, ok := o.v.(starlark.Callable); ok && name == "" {
		return f.Name()
	}
	return o.TypeName() + "." + name
}

// Bind implements [engine.ObjectRef].
func (o *object) Bind(method string, t reflect.Type) (reflect.Value, error) {
	v, err := o.attribute(method)
	if err != nil {
		return reflect.Value{}, err
	}
	return o.in.bind(o.symbol(method), v, o.turn, t)
}

// Call implements [engine.ObjectRef].
func (o *object) Call(ctx context.Context, method string, args []any) ([]any, error) {
	v, err := o.attribute(method)
	if err != nil {
		return nil, err
	}
	f, ok := v.(starlark.Callable)
	if !ok {
		return nil, &engine.SymbolError{Module: o.in.name, Symbol: o.symbol(method), Have: v.Type(), Reason: "it is not a function"}
	}
	return o.in.callByName(ctx, o.symbol(method), f, o.turn, args)
}

// Field implements [engine.ObjectRef].
func (o *object) Field(ctx context.Context, name string) (any, error) {
	v, err := o.attribute(name)
	if err != nil {
		return nil, err
	}
	c := newCrossing(ctx, o.in)
	c.hold.turn = o.turn
	return newDecoder(o.in, c).natural(v)
}

// SetField implements [engine.ObjectRef]: the values of a script are frozen when it has run.
func (o *object) SetField(_ context.Context, name string, _ any) error {
	if _, err := o.attribute(name); err != nil {
		return err
	}
	return &engine.SymbolError{Module: o.in.name, Symbol: o.symbol(name), Have: o.TypeName(), Reason: "it is frozen"}
}

// Equal implements [engine.ObjectRef].
func (o *object) Equal(ctx context.Context, other engine.ObjectRef) (equal bool, err error) {
	b, ok := other.(*object)
	if !ok {
		return false, nil
	}
	err = o.in.run(ctx, "==", nil, new(hold), func(t *starlark.Thread) error {
		if _, err := bounded.PassCompare(bounded.MeterOf(t), o.v); err != nil {
			return err
		}
		equal, err = starlark.Equal(o.v, b.v)
		return err
	})
	return equal, err
}

// Text implements [engine.ObjectRef].
func (o *object) Text(ctx context.Context) (string, error) {
	return o.written(ctx, o.in.engine.predeclared["repr"])
}

// written returns what a function of scripts makes of the value.
func (o *object) written(ctx context.Context, f starlark.Value) (text string, err error) {
	err = o.in.run(ctx, "text", nil, new(hold), func(t *starlark.Thread) error {
		v, err := starlark.Call(t, f, starlark.Tuple{o.v}, nil)
		if err == nil {
			text, _ = starlark.AsString(v)
		}
		return err
	})
	return text, err
}

// JSON implements [engine.ObjectRef].
func (o *object) JSON(ctx context.Context) ([]byte, error) {
	if _, ok := o.v.(starlark.Callable); ok {
		return nil, fmt.Errorf("a %s has no JSON form", o.TypeName())
	}
	encode, err := o.in.engine.predeclared["json"].(starlark.HasAttrs).Attr("encode")
	if err != nil {
		return nil, err
	}
	text, err := o.written(ctx, encode)
	return []byte(text), err
}

// Release implements [engine.ObjectRef]: the value is the garbage collector's.
func (*object) Release() {}
