package host

import (
	"errors"
	"fmt"
	"reflect"
	"slices"

	"github.com/loadgo/load/internal/goglue/api"
	"github.com/loadgo/load/internal/goglue/host/codec"
	"github.com/loadgo/load/internal/wire"
)

// comesHome reports whether a value of an interface can be one that the host gave.
func (i *Instance) comesHome(n int) bool {
	if typ := &i.api.Types[n]; typ.Kind != api.KindInterface || !typ.Given {
		return false
	}
	return slices.ContainsFunc(i.api.Funcs, func(f api.Func) bool {
		return slices.ContainsFunc(f.In, func(in int) bool { return in == n || i.api.Types[in].Elem == n })
	})
}

var errGone = errors.New("the module returned a value of the host that it had let go")

// takeOwn takes the handle of a value of the host.
func (i *Instance) takeOwn(d *codec.Incoming, v reflect.Value) {
	own := (peer{i}).Own(d.Uint(), false)
	switch {
	case !own.IsValid():
		d.Fail(errGone)
	case !own.Type().AssignableTo(v.Type()):
		d.Fail(fmt.Errorf("a %s does not fit %s", own.Type(), v.Type()))
	default:
		v.Set(own)
	}
}

// decodeInterface decodes what an interface holds: a value of the host as itself.
func (i *Instance) decodeInterface(n int) codec.Decoder {
	return func(d *codec.Incoming, v reflect.Value) {
		switch d.Byte() {
		case wire.TagNil:
			v.SetZero()
		case wire.TagHandle:
			if o := i.takeObject(d, n); o != nil {
				v.Set(reflect.ValueOf(o))
			}
		case wire.TagHost:
			i.takeOwn(d, v)
		default:
			d.Fail(i.codec.BadForm(codec.AnyType, n))
		}
	}
}
