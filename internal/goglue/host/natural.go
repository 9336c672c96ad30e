package host

import (
	"reflect"

	"github.com/loadgo/load/internal/goglue/api"
)

// natural is the Go type of the host that comes closest to one of the module: what a call by name
// returns.
func (i *Instance) natural(n int) reflect.Type {
	if known, ok := i.naturals.Load(n); ok {
		return known.(reflect.Type)
	}
	t := i.makeNatural(n)
	i.naturals.Store(n, t)
	return t
}

func (i *Instance) makeNatural(n int) reflect.Type {
	typ := &i.api.Types[n]
	if typ.Class != api.Data || typ.Kind == api.KindContext {
		return objectType
	}
	if basic, ok := kindTypes[typ.Kind]; ok {
		return basic
	}
	switch typ.Kind {
	case api.KindSlice:
		return reflect.SliceOf(i.natural(typ.Elem))
	case api.KindArray:
		return reflect.ArrayOf(typ.Len, i.natural(typ.Elem))
	case api.KindPointer:
		return reflect.PointerTo(i.natural(typ.Elem))
	case api.KindMap:
		return reflect.MapOf(i.natural(typ.Key), i.natural(typ.Elem))
	case api.KindStruct:
		fields := make([]reflect.StructField, len(typ.Fields))
		for j, f := range typ.Fields {
			fields[j] = reflect.StructField{Name: f.Name, Type: i.natural(f.Type), Tag: reflect.StructTag(f.Tag)}
			fields[j].Anonymous = f.Embedded && fields[j].Type.Kind() == reflect.Struct
		}
		return reflect.StructOf(fields)
	}
	return anyType
}
