package codec

import (
	"reflect"

	"github.com/loadgo/load/internal/goglue/api"
)

// Natural is the Go type of the host that comes closest to one of the module: what a call by name
// returns.
func (c *Codec) Natural(n int) reflect.Type {
	if known, ok := c.naturals.Load(n); ok {
		return known.(reflect.Type)
	}
	t := c.makeNatural(n)
	c.naturals.Store(n, t)
	return t
}

func (c *Codec) makeNatural(n int) reflect.Type {
	typ := &c.api.Types[n]
	if typ.Class != api.Data || typ.Kind == api.KindContext {
		return ObjectType
	}
	if basic, ok := KindTypes[typ.Kind]; ok {
		return basic
	}
	switch typ.Kind {
	case api.KindSlice:
		return reflect.SliceOf(c.Natural(typ.Elem))
	case api.KindArray:
		return reflect.ArrayOf(typ.Len, c.Natural(typ.Elem))
	case api.KindPointer:
		return reflect.PointerTo(c.Natural(typ.Elem))
	case api.KindMap:
		return reflect.MapOf(c.Natural(typ.Key), c.Natural(typ.Elem))
	case api.KindStruct:
		fields := make([]reflect.StructField, len(typ.Fields))
		for j, f := range typ.Fields {
			fields[j] = reflect.StructField{Name: f.Name, Type: c.Natural(f.Type), Tag: reflect.StructTag(f.Tag)}
			fields[j].Anonymous = f.Embedded && fields[j].Type.Kind() == reflect.Struct
		}
		return reflect.StructOf(fields)
	}
	return AnyType
}
