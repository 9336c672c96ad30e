package codec

import (
	"github.com/loadgo/load/internal/goglue/api"
	"github.com/loadgo/load/internal/wire"
)

// skip drops a value of any form.
func (c *Codec) skip(d *Incoming, n int) {
	if !d.Enter() {
		return
	}
	defer d.Leave()
	typ := &c.api.Types[n]
	switch {
	case typ.Kind == api.KindAny:
		c.dynamic.Decode(&d.Decoder)
		return
	case typ.Kind == api.KindError:
		c.host.TakeError(d)
		return
	case typ.Class == api.Data && typ.Kind != api.KindContext:
		c.skipValue(d, n)
		return
	}
	switch d.Byte() {
	case wire.TagNil:
	case wire.TagHandle:
		if o := c.host.TakeObject(d, n); o != nil {
			o.Close()
		}
	case wire.TagHost:
		d.Uint()
	case wire.TagText:
		d.Bytes()
	case wire.TagValue:
		if typ.Kind == api.KindPointer {
			n = typ.Elem
		}
		c.skipValue(d, n)
	default:
		d.Fail(wire.ErrTag)
	}
}

func (c *Codec) skipValue(d *Incoming, n int) {
	typ := &c.api.Types[n]
	switch typ.Kind {
	case api.KindString:
		_ = d.String()
	case api.KindFloat32, api.KindFloat64:
		d.Float()
	case api.KindComplex64, api.KindComplex128:
		d.Float()
		d.Float()
	case api.KindTime:
		d.Time()
	case api.KindPlace:
		d.Place()
	case api.KindPointer:
		if d.Bool() {
			c.skip(d, typ.Elem)
		}
	case api.KindSlice:
		if c.isBytes(n) {
			d.Bytes()
			return
		}
		count, _ := d.Len(1)
		for ; count > 0 && d.Err() == nil; count-- {
			c.skip(d, typ.Elem)
		}
	case api.KindArray:
		if typ.Len == 0 {
			d.Byte()
		}
		for count := typ.Len; count > 0 && d.Err() == nil; count-- {
			c.skip(d, typ.Elem)
		}
	case api.KindMap:
		count, _ := d.Len(2)
		for ; count > 0 && d.Err() == nil; count-- {
			c.skip(d, typ.Key)
			c.skip(d, typ.Elem)
		}
	case api.KindStruct:
		if len(typ.Fields) == 0 {
			d.Byte()
		}
		for _, f := range typ.Fields {
			c.skip(d, f.Type)
		}
	default:
		d.Uint() // numbers and booleans
	}
}
