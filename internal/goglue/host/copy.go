package host

import (
	"context"
	"reflect"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/internal/goglue/api"
	"github.com/loadgo/load/internal/goglue/host/codec"
	"github.com/loadgo/load/internal/wire"
)

// maxPlain is how deep types are followed for copies: those that contain themselves have no end.
const maxPlain = 16

// Copy implements [engine.Copier]: converting the object to its own type gives the value.
func (o *object) Copy(ctx context.Context, own *engine.Object) (any, error) {
	if o.released.Load() {
		return nil, errReleased
	}
	i := o.instance
	fail := func(reason string) error {
		return &engine.SymbolError{Module: i.name, Symbol: o.TypeName(), Have: o.TypeName(), Reason: reason}
	}
	t := i.plain(o.typ, maxPlain)
	if t == nil {
		return nil, fail("it cannot be copied")
	}
	for _, s := range i.api.Symbols {
		if s.Kind != engine.KindType || s.Func == 0 || s.Type != o.typ {
			continue
		}
		convert := callee{symbol: s.Name, function: s.Func - 1 + wire.FuncCount, Func: &i.api.Funcs[s.Func-1]}
		plan, err := i.plan(convert, []reflect.Type{codec.ObjectType}, []reflect.Type{t}, false, i.codec)
		if err != nil {
			return nil, fail(err.Error())
		}
		out, err := plan.run(ctx, nil, []reflect.Value{reflect.ValueOf(own)})
		if err != nil {
			return nil, err
		}
		return out[0].Interface(), nil
	}
	return nil, fail("its type is not exported")
}

// plain is the type of the host that a value of type n has as a copy, whatever its methods, or nil
// if there is none or it is deeper than depth.
func (i *Instance) plain(n, depth int) reflect.Type {
	typ := &i.api.Types[n]
	if typ.Class == api.Data && typ.Kind != api.KindContext {
		return i.codec.Natural(n)
	}
	if depth == 0 || typ.Class == api.Held {
		return nil
	}
	if basic, ok := codec.KindTypes[typ.Kind]; ok && typ.Kind < api.KindUnsafe {
		return basic
	}
	switch typ.Kind {
	case api.KindSlice, api.KindArray:
		elem := i.plain(typ.Elem, depth-1)
		switch {
		case elem == nil:
			return nil
		case typ.Kind == api.KindArray:
			return reflect.ArrayOf(typ.Len, elem)
		}
		return reflect.SliceOf(elem)
	case api.KindMap:
		key, elem := i.plain(typ.Key, depth-1), i.plain(typ.Elem, depth-1)
		if key == nil || elem == nil {
			return nil
		}
		return reflect.MapOf(key, elem)
	}
	return nil
}
