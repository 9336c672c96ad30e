package host

import (
	"fmt"
	"reflect"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/internal/wire"
)

// refers reports whether an interface holds a list or a map: what the module keeps of it has to go
// on being the host's own.
func refers(v reflect.Value) bool {
	if v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	return v.Kind() == reflect.Slice || v.Kind() == reflect.Map
}

// encodeOwn builds what gives a value for an interface of which the host can make none.
func (i *Instance) encodeOwn(n int) encoder {
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
	if held, _ := heldTwin(v.Type()); held {
		if o, err := i.heldObject(v); err == nil && i.owns(o) {
			return o
		}
	}
	return nil
}
