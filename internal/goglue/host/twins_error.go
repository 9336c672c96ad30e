package host

import (
	"reflect"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/internal/goglue/api"
	"github.com/loadgo/load/internal/goglue/host/codec"
	"github.com/loadgo/load/internal/wire"
)

// sentinelName returns the name of the module's error for which one of the host was generated.
func (i *Instance) sentinelName(err error) string {
	if table := i.twins.table.Load(); table != nil && isComparable(err) {
		return table.names[err]
	}
	return ""
}

// sentinel finds an error of the host by the name that it has in the module.
func (i *Instance) sentinel(name string) (error, bool) {
	if table := i.twins.table.Load(); table != nil {
		if own, ok := table.sentinels[name]; ok {
			return own, true
		}
	}
	own, ok := api.Sentinels[name]
	return own, ok
}

// errorTwin returns the error of the host that was generated for one of the module, or a value of
// the type that was, or nil.
func (i *Instance) errorTwin(d *codec.Incoming, err *engine.ModuleError) error {
	table := i.twins.table.Load()
	if table == nil {
		return nil
	}
	if own, ok := table.sentinels[err.Sentinel]; ok {
		return own
	}
	if err.Object == nil {
		return nil
	}
	v, copied, ok, failure := i.twinOf(d.Ctx, err.Object, codec.ErrorType)
	if failure != nil {
		d.Fail(failure)
	}
	if !ok {
		return nil
	}
	if copied {
		v = i.same.Copy(err.Object, v)
	}
	own, _ := v.Interface().(error)
	return own
}

// putErrorTwin appends an error of a generated type as a value of the module's, and reports whether
// it is one.
func (i *Instance) putErrorTwin(e *wire.Encoder, v reflect.Value) bool {
	held, _ := codec.HeldTwin(v.Type())
	switch {
	case !i.isTwin(v.Type()):
		return false
	case !held || v.Kind() == reflect.Pointer && v.IsNil():
		return i.putTyped(e, v)
	}
	i.encodeHeld(e, v)
	return true
}
