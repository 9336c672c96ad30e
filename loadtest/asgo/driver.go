package asgo

import (
	"fmt"
	"reflect"

	"github.com/loadgo/load"
)

// Driver runs a script that uses a package for what it is known for, first natively and then in the
// module. What the script says has to be the same.
//
//	func driveVersion(d *asgo.Driver) {
//		var parse func(string) (asgo.Ref, error)
//		d.Func("NewVersion", version.NewVersion, &parse)
//		v, err := parse("1.2.3")
//		d.Say("parse", v, err)
//	}
type Driver struct {
	module *load.Module // nil: natively
	said   []said
}

type said struct{ what, text string }

// Ref is a value whose type the host does not have, or that is to stay in the module: natively the
// value itself.
type Ref struct{ value reflect.Value }

var refType = reflect.TypeFor[Ref]()

// IsNil reports whether there is none.
func (r Ref) IsNil() bool { return !r.value.IsValid() || r.value.IsNil() }

// Func sets a variable for a function, to the function of the package or of the module. In its
// type, a Ref stands for what the host has no type for.
func (d *Driver) Func(symbol string, native, to any) {
	d.set(to, func(t reflect.Type) (reflect.Value, error) {
		if d.module == nil {
			return reflect.ValueOf(native), nil
		}
		return d.module.BindAs(symbol, t)
	})
}

// Method is Func for a method of a value.
func (d *Driver) Method(of Ref, name string, to any) {
	d.set(to, func(t reflect.Type) (reflect.Value, error) {
		if d.module == nil {
			return of.value.MethodByName(name), nil
		}
		return of.value.Interface().(*load.Object).Bind(name, t)
	})
}

// Sentinel is an error that is a variable of the package.
func (d *Driver) Sentinel(symbol string, native error) error {
	if d.module == nil {
		return native
	}
	err, failed := load.Value[error](d.module, symbol)
	if failed != nil {
		panic(failed)
	}
	return err
}

func (d *Driver) set(to any, bind func(reflect.Type) (reflect.Value, error)) {
	v := reflect.ValueOf(to).Elem()
	f, err := bind(withObjects(v.Type()))
	if err != nil {
		panic(err)
	}
	v.Set(driven(f, v.Type()))
}

// withObjects is a type in which objects stand for every Ref.
func withObjects(t reflect.Type) reflect.Type {
	switch {
	case t == refType:
		return objectType
	case t.Kind() == reflect.Slice && t.Name() == "":
		return reflect.SliceOf(withObjects(t.Elem()))
	case t.Kind() == reflect.Func && t.Name() == "":
		var in, out []reflect.Type
		for p := range t.Ins() {
			in = append(in, withObjects(p))
		}
		for r := range t.Outs() {
			out = append(out, withObjects(r))
		}
		return reflect.FuncOf(in, out, t.IsVariadic())
	}
	return t
}

// driven is a value as one of another type, which has a Ref where the first one has what it stands
// for, or the other way round.
func driven(v reflect.Value, t reflect.Type) reflect.Value {
	switch {
	case v.Type() == t:
		return v
	case v.Type() == refType:
		inner := v.Interface().(Ref).value
		if !inner.IsValid() {
			return reflect.Zero(t)
		}
		return inner.Convert(t)
	case t == refType:
		if v.Kind() == reflect.Interface && !v.IsNil() {
			v = v.Elem()
		}
		return reflect.ValueOf(Ref{v})
	case t.Kind() == reflect.Slice && v.IsNil():
		return reflect.Zero(t)
	case t.Kind() == reflect.Slice && v.Kind() == reflect.Slice && v.Type().Elem() != t.Elem():
		all := reflect.MakeSlice(t, v.Len(), v.Len())
		for i := range v.Len() {
			all.Index(i).Set(driven(v.Index(i), t.Elem()))
		}
		return all
	case t.Kind() == reflect.Func && !v.IsNil() && !v.Type().ConvertibleTo(t):
		return reflect.MakeFunc(t, func(args []reflect.Value) []reflect.Value {
			for j := range args {
				args[j] = driven(args[j], v.Type().In(j))
			}
			call := v.Call
			if t.IsVariadic() {
				call = v.CallSlice
			}
			results := call(args)
			for j := range results {
				results[j] = driven(results[j], t.Out(j))
			}
			return results
		})
	}
	return v.Convert(t)
}

// Say notes what the script has seen: plain values, errors by their texts, of a Ref whether there
// is one.
func (d *Driver) Say(what string, values ...any) {
	text := ""
	for _, v := range values {
		switch v := v.(type) {
		case Ref:
			text += fmt.Sprintf("nil: %v; ", v.IsNil())
		case error:
			text += fmt.Sprintf("error: %v; ", v)
		default:
			text += fmt.Sprintf("%+v (%T); ", v, v)
		}
	}
	d.said = append(d.said, said{what, text})
}

// drive compares what the script of a package says of the package and of the module.
func (c *comparison) drive() {
	native, loaded := &Driver{}, &Driver{module: c.module}
	for _, d := range []*Driver{native, loaded} {
		func() {
			defer func() {
				if r := recover(); r != nil {
					d.Say("ends with a panic", r)
				}
			}()
			c.Drive(d)
		}()
	}
	c.Driven = len(native.said)
	for j := range max(len(native.said), len(loaded.said)) {
		n, l := said{"nothing", ""}, said{"nothing", ""}
		if j < len(native.said) {
			n = native.said[j]
		}
		if j < len(loaded.said) {
			l = loaded.said[j]
		}
		if n != l {
			c.Differ = append(c.Differ, Note{Symbol: n.what, Text: fmt.Sprintf("native says %s, loaded says %s: %s", n.text, l.what, l.text)})
		}
	}
}
