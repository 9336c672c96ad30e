package host

import (
	"fmt"
	"reflect"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/internal/goglue/api"
	"github.com/loadgo/load/internal/goglue/host/codec"
	"github.com/loadgo/load/internal/goglue/host/given"
	"github.com/loadgo/load/internal/wire"
)

// refers reports whether a value is a list or a map: what the module keeps of it has to go on being
// the host's own.
func refers(v reflect.Value) bool {
	return v.Kind() == reflect.Slice || v.Kind() == reflect.Map
}

// encodeOwn builds what gives a value for an interface of which the host can make none.
func (i *Instance) encodeOwn(n int) codec.Encoder {
	return func(e *wire.Encoder, v reflect.Value) {
		switch {
		case v.Kind() == reflect.Interface && v.IsNil():
			e.Byte(wire.TagNil)
		case i.putTyped(e, v):
		default:
			if o := i.ownObject(v); o != nil {
				i.encodeObject(e, reflect.ValueOf(o))
				return
			}
			e.Fail(fmt.Errorf("a %s cannot be given as a %s: only values of the module can", v.Elem().Type(), i.api.Types[n].Text))
		}
	}
}

// ownFunction returns the object that a function calls, where it is of type n.
func (i *Instance) ownFunction(v reflect.Value, n int) *engine.Object {
	o := i.functions.find(v)
	if o == nil || o.Ref().(*object).typ != n {
		return nil
	}
	return o
}

// ownObject returns the object that a value is or adapts, where it belongs to this module.
func (i *Instance) ownObject(v reflect.Value) *engine.Object {
	switch own := v.Interface().(type) {
	case *engine.Object:
		return own
	case nil:
		return nil
	case interface{ ModuleObject() *engine.Object }:
		if o := own.ModuleObject(); i.owns(o) {
			return o
		}
	}
	if v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	if held, _ := codec.HeldTwin(v.Type()); held {
		if o, err := i.heldObject(v); err == nil && i.owns(o) {
			return o
		}
	}
	return nil
}

// absent reports whether a value is nil for a type of the module. An interface with a nil pointer
// or map of the host in it is not; one of a stub's types is, since the module has no such variable.
func (i *Instance) absent(typ *api.Type, v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Interface:
		return v.IsNil()
	case reflect.Pointer, reflect.Map, reflect.Func:
		return v.IsNil() && (typ.Kind == api.KindFunc || v.Type() == codec.ObjectType || i.isTwin(v.Type()))
	}
	return false
}

// isSealed reports whether only types that were generated for the module's implement an interface.
func isSealed(t reflect.Type) bool {
	if t.Kind() != reflect.Interface {
		return false
	}
	for j := range t.NumMethod() {
		if !t.Method(j).IsExported() {
			return true
		}
	}
	return false
}

// encodeGiven builds what gives a host's function, or a host's value that implements an interface,
// for the module's type n.
func (i *Instance) encodeGiven(t reflect.Type, n int) (codec.Encoder, error) {
	typ := &i.api.Types[n]
	if typ.Bridge != 0 {
		if encode, err := i.encodeBridged(t, n); encode != nil || err != nil {
			return encode, err
		}
	}
	if (!typ.Given || isSealed(t)) && i.adapts(t, n) {
		return i.encodeOwn(n), nil
	}
	if !typ.Given {
		return nil, fmt.Errorf("%s cannot be given by the host: it has parts that other packages cannot name", typ.Text)
	}
	answered := typ.Answered()
	methods := make([]given.Method, len(answered))
	modes := make([]uint64, len(answered))
	for j, m := range answered {
		var err error
		if typ.Kind == api.KindFunc {
			methods[j], modes[j], err = i.Values.Function(t, &i.api.Funcs[m.Func-1], func(v reflect.Value) reflect.Value { return v })
		} else {
			methods[j], modes[j], err = i.Values.InterfaceMethod(t, m)
		}
		if err != nil {
			return nil, err
		}
	}
	stream := given.StreamOf(i.api, typ)
	methods = stream.Methods(methods)
	known, wider := new(given.Known), i.Values.Wider(n)
	return func(e *wire.Encoder, v reflect.Value) {
		if i.absent(typ, v) {
			e.Byte(wire.TagNil)
			return
		}
		if v.Kind() == reflect.Interface {
			v = v.Elem()
		}
		if !refers(v) && i.putTyped(e, v) {
			return
		}
		o := i.ownObject(v)
		if v.Kind() == reflect.Func {
			o = i.ownFunction(v, n)
		}
		if o != nil {
			i.encodeObject(e, reflect.ValueOf(o))
			return
		}
		kept := given.Kept(v) // the module may keep it
		if wider.Put(e, kept) {
			return
		}
		i.Values.Give(e, &given.Value{Value: kept, Methods: methods, Identity: given.Identify(n, kept)}, known.Of(stream, kept.Type(), modes))
	}, nil
}
