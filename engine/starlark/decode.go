package starlark

import (
	"fmt"
	"math/big"
	"reflect"
	"time"

	startime "go.starlark.net/lib/time"
	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"

	"github.com/loadgo/load/engine/native"
	"github.com/loadgo/load/engine/starlark/internal/bounded"
)

// decoder makes values of the host from those of a script.
type decoder struct {
	in    *instance
	depth int
	*crossing
}

// natural returns the value of the host that comes closest: data as itself, everything else as an
// object.
func (d decoder) natural(v starlark.Value) (any, error) {
	var out any
	err := d.once(v, reflect.ValueOf(&out).Elem(), func() (err error) {
		out, err = d.makeNatural(v)
		return err
	})
	return out, err
}

func (d decoder) makeNatural(v starlark.Value) (any, error) {
	if d.depth++; d.depth > bounded.MaxNesting {
		return nil, bounded.ErrNesting
	}
	if err := d.take(held(v)); err != nil {
		return nil, err
	}
	switch v := v.(type) {
	case starlark.NoneType:
		return nil, nil
	case starlark.Bool:
		return bool(v), nil
	case starlark.Int:
		if n, ok := v.Int64(); ok && int64(int(n)) == n {
			return int(n), nil
		}
		return v.BigInt(), nil
	case starlark.Float:
		return float64(v), nil
	case starlark.String:
		return string(v), nil
	case starlark.Bytes:
		return []byte(v), nil
	case startime.Time:
		return time.Time(v), nil
	case startime.Duration:
		return time.Duration(v), nil
	case *starlark.Dict:
		return d.naturalDict(v)
	case starlark.Callable, *starlarkstruct.Struct:
		return d.object(v)
	case starlark.Iterable:
		if err := d.take(bounded.Times(bounded.WordSize, int64(starlark.Len(v)))); err != nil {
			return nil, err
		}
		list := make([]any, 0, max(starlark.Len(v), 0))
		for element := range starlark.Elements(v) {
			converted, err := d.natural(element)
			if err != nil {
				return nil, err
			}
			list = append(list, converted)
		}
		return list, nil
	}
	return d.object(v)
}

// naturalDict returns a map[string]any, or a map[any]any if there are other keys.
func (d decoder) naturalDict(v *starlark.Dict) (any, error) {
	if err := d.take(bounded.Times(2*bounded.WordSize, int64(v.Len()))); err != nil {
		return nil, err
	}
	texts := make(map[string]any, v.Len())
	for key, value := range v.Entries() {
		text, ok := key.(starlark.String)
		if !ok {
			return d.naturalMap(v)
		}
		var err error
		if texts[string(text)], err = d.natural(value); err != nil {
			return nil, err
		}
	}
	return texts, nil
}

func (d decoder) naturalMap(v *starlark.Dict) (any, error) {
	if err := d.take(bounded.Times(2*bounded.WordSize, int64(v.Len()))); err != nil {
		return nil, err
	}
	all := make(map[any]any, v.Len())
	for key, value := range v.Entries() {
		k, err := d.natural(key)
		if err == nil && k != nil && !reflect.ValueOf(k).Comparable() {
			k, err = d.object(key) // such as a tuple
		}
		if err != nil {
			return nil, err
		}
		if all[k], err = d.natural(value); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func kind(v starlark.Value) string { return "a value of type " + v.Type() }

func misfit(v starlark.Value, t reflect.Type) error {
	return fmt.Errorf("%s does not fit %s", kind(v), t)
}

// decode sets out, which is settable and zero, to the value.
func (d decoder) decode(v starlark.Value, out reflect.Value) error {
	if d.depth++; d.depth > bounded.MaxNesting {
		return bounded.ErrNesting
	}
	t := out.Type()
	switch t {
	case valueType:
		out.Set(reflect.ValueOf(&v).Elem())
		return nil
	case anyType:
		natural, err := d.natural(v)
		if err == nil && natural != nil {
			out.Set(reflect.ValueOf(natural))
		}
		return err
	case objectType:
		if v == starlark.None {
			return nil
		}
		o, err := d.object(v)
		if err == nil {
			out.Set(reflect.ValueOf(o))
		}
		return err
	case timeType:
		if own, ok := v.(startime.Time); ok {
			out.Set(reflect.ValueOf(time.Time(own)))
			return nil
		}
	case reflect.TypeFor[*big.Int]():
		if n, ok := v.(starlark.Int); ok {
			out.Set(reflect.ValueOf(n.BigInt()))
			return nil
		}
	}
	if held, ok := hostObjectOf(v); ok {
		return held.decode(out)
	}
	return d.byKind(v, out)
}

// held returns how many bytes of a value are copied, beside its parts.
func held(v starlark.Value) int64 {
	switch v := v.(type) {
	case starlark.Bytes:
		return int64(len(v))
	case starlark.Int:
		return int64(bounded.BitLen(v)) / 8
	}
	return 0
}

// byKind decodes by what the host's type is.
func (d decoder) byKind(v starlark.Value, out reflect.Value) error {
	if err := d.take(held(v)); err != nil {
		return err
	}
	return d.once(v, out, func() error { return d.makeKind(v, out) })
}

func (d decoder) makeKind(v starlark.Value, out reflect.Value) error {
	t := out.Type()
	switch t.Kind() {
	case reflect.Bool:
		if b, ok := v.(starlark.Bool); ok {
			out.SetBool(bool(b))
			return nil
		}
	case reflect.String:
		if s, ok := v.(starlark.String); ok {
			out.SetString(string(s))
			return nil
		}
	case reflect.Float32, reflect.Float64:
		if f, ok := starlark.AsFloat(v); ok && !out.OverflowFloat(f) {
			out.SetFloat(f)
			return nil
		}
	case reflect.Pointer:
		if v == starlark.None {
			return nil
		}
		if err := d.take(int64(t.Elem().Size())); err != nil {
			return err
		}
		to := reflect.New(t.Elem())
		if err := d.decode(v, to.Elem()); err != nil {
			return err
		}
		out.Set(to)
		return nil
	case reflect.Slice, reflect.Array:
		return d.list(v, out)
	case reflect.Map:
		return d.mapping(v, out)
	case reflect.Struct:
		return d.structure(v, out)
	case reflect.Func:
		if f, ok := v.(starlark.Callable); ok {
			if err := d.Freeze(f, 0); err != nil {
				return err
			}
			bound, err := d.in.bindFunc(f.Name(), f, d.hold.share(f), t)
			if err == nil {
				out.Set(bound)
			}
			return err
		}
	default:
		if out.CanInt() || out.CanUint() {
			return number(v, out)
		}
	}
	return misfit(v, t)
}

// number decodes an integer that the type can hold.
func number(v starlark.Value, out reflect.Value) error {
	if own, ok := v.(startime.Duration); ok && out.Type() == reflect.TypeFor[time.Duration]() {
		out.SetInt(int64(own))
		return nil
	}
	n, ok := v.(starlark.Int)
	if !ok {
		return misfit(v, out.Type())
	}
	if out.CanInt() {
		if i, ok := n.Int64(); ok && !out.OverflowInt(i) {
			out.SetInt(i)
			return nil
		}
	} else if u, ok := n.Uint64(); ok && !out.OverflowUint(u) {
		out.SetUint(u)
		return nil
	}
	return fmt.Errorf("the number does not fit %s", out.Type())
}

// decode gives the host its own value back.
func (h hostObject) decode(out reflect.Value) error {
	own, ok := native.Unwrap(h.o)
	if v := reflect.ValueOf(own); ok && v.IsValid() && v.Type().AssignableTo(out.Type()) {
		out.Set(v)
		return nil
	}
	if out.Kind() == reflect.Func {
		bound, err := h.o.Ref().Bind("", out.Type())
		if err == nil {
			out.Set(bound)
		}
		return err
	}
	return fmt.Errorf("an object of type %s does not fit %s", h.o.TypeName(), out.Type())
}
