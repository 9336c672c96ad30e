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
		if typ.Kind == api.KindPointer && d.Sharing != nil {
			c.skipShared(d, n, true)
			return
		}
		d.Bytes()
	case wire.TagValue:
		if typ.Kind == api.KindPointer && d.Sharing == nil {
			n = typ.Elem
		}
		c.skipValue(d, n)
	default:
		d.Fail(wire.ErrTag)
	}
}

// skipped is a thing that the host has no place for.
type skipped struct {
	codec *Codec
	n     int  // its type
	count int  // of the elements of an array
	text  bool // it crosses as what its own methods write
}

// skipShared drops a shared pointer, slice or map.
func (c *Codec) skipShared(d *Incoming, n int, text bool) {
	isSlice := c.api.Types[n].Kind == api.KindSlice
	part := func() {
		for range 3 {
			d.Uint()
		}
	}
	switch head := d.Uint(); {
	case head == wire.ShareNil:
	case head >= wire.ShareRef:
		if isSlice {
			part()
		}
	case d.Charge(wire.ThingSize):
		s := &skipped{codec: c, n: n, text: text}
		last := d.Sharing.TakePlace(&d.Decoder)
		d.Sharing.Number(s)
		d.Sharing.SetNumber(last, s)
		if isSlice {
			s.count, _ = d.Len(1)
		}
		s.content(d)
		if isSlice {
			part()
		}
	}
}

// content drops the content of a thing.
func (s *skipped) content(d *Incoming) {
	typ := &s.codec.api.Types[s.n]
	switch {
	case s.text:
		d.Bytes()
	case typ.Kind == api.KindPointer && s.codec.tagged(typ.Elem):
		s.codec.skip(d, typ.Elem)
	case typ.Kind == api.KindPointer:
		s.codec.skipValue(d, typ.Elem)
	case s.codec.isBytes(s.n):
		d.Raw(s.count)
	case typ.Kind == api.KindSlice:
		for count := s.count; count > 0 && d.Err() == nil; count-- {
			s.codec.skip(d, typ.Elem)
		}
	default:
		s.codec.skipEntries(d, typ)
	}
}

func (c *Codec) skipEntries(d *Incoming, typ *api.Type) {
	count, _ := d.Len(2)
	for ; count > 0 && d.Err() == nil; count-- {
		c.skip(d, typ.Key)
		c.skip(d, typ.Elem)
	}
}

// change drops what has changed of a thing.
func (s *skipped) change(d *Incoming) {
	typ := &s.codec.api.Types[s.n]
	if typ.Kind != api.KindSlice {
		s.content(d)
		return
	}
	d.TakeRuns(s.count, func(from, to int) { (&skipped{codec: s.codec, n: s.n, count: to - from}).content(d) })
}

func (c *Codec) skipValue(d *Incoming, n int) {
	typ := &c.api.Types[n]
	if d.Sharing != nil && (typ.Kind == api.KindPointer || typ.Kind == api.KindSlice || typ.Kind == api.KindMap) {
		c.skipShared(d, n, false)
		return
	}
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
		c.skipEntries(d, typ)
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
