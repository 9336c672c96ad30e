package codec

import (
	"fmt"
	"maps"
	"reflect"

	"github.com/loadgo/load/internal/goglue/api"
	"github.com/loadgo/load/internal/wire"
)

// Crossing is how things cross that values of a host's type lead to, as those of a module's type:
// what pointers point to, the arrays of slices, and maps. It is built once.
type crossing struct {
	t reflect.Type
	n int
	// put appends the content; putErr says why the host cannot give it.
	put    func(e *wire.Encoder, v reflect.Value)
	putErr error
	// take takes a new content onto v, which holds the one so far; takeErr says why the module
	// cannot change it.
	take    func(d *Incoming, v reflect.Value)
	takeErr error
	entries func(d *Incoming, v reflect.Value, count int) // take of a map
	form    Form
	asText  bool  // it crosses as what its own methods write
	bytes   bool  // it is an array of bytes
	fields  []int // those of a struct that can change
	partial bool  // the module's has further ones
}

// crossing builds how the things cross, while c.building is held.
func (c *Codec) crossing(t reflect.Type, n int, lenient bool) *crossing {
	key := pairing{t, n, lenient}
	if known, ok := c.crossings.Load(key); ok {
		return known.(*crossing)
	}
	if known, ok := c.newCrossings[key]; ok {
		return known
	}
	x := &crossing{t: t, n: n, asText: c.textCodec(t, n) != api.CodecNone, bytes: c.isBytes(n) && t.Elem().Kind() == reflect.Uint8}
	c.newCrossings[key] = x
	x.partial = !x.asText && t.Kind() != reflect.Map && c.api.Types[n].Elem != 0 && c.lacks(t.Elem(), c.api.Types[n].Elem)
	x.putErr = c.attempt(func() (err error) {
		x.put, err = c.content(x, lenient)
		return err
	})
	x.takeErr = c.attempt(func() (err error) {
		x.take, x.form, err = c.newContent(x)
		return err
	})
	return x
}

// attempt forgets what was built where not all of it could be.
func (c *Codec) attempt(build func() error) error {
	encoders, decoders, crossings := maps.Clone(c.newEncoders), maps.Clone(c.newDecoders), maps.Clone(c.newCrossings)
	err := build()
	if err != nil {
		c.newEncoders, c.newDecoders, c.newCrossings = encoders, decoders, crossings
	}
	return err
}

// content builds what appends the content.
func (c *Codec) content(x *crossing, lenient bool) (func(e *wire.Encoder, v reflect.Value), error) {
	t, typ := x.t, &c.api.Types[x.n]
	if x.asText {
		write := c.writeText(t, x.n)
		return func(e *wire.Encoder, v reflect.Value) { e.Bytes(write(e, v)) }, nil
	}
	if x.bytes {
		return func(e *wire.Encoder, v reflect.Value) { e.Raw(v.Bytes()) }, nil
	}
	var elem Encoder
	var err error
	if typ.Kind == api.KindPointer && !c.tagged(typ.Elem) {
		elem, err = c.encodeValue(t.Elem(), typ.Elem, lenient)
	} else {
		elem, err = c.BuildEncoder(t.Elem(), typ.Elem, lenient)
	}
	if err != nil {
		return nil, err
	}
	switch typ.Kind {
	case api.KindPointer:
		return func(e *wire.Encoder, v reflect.Value) { elem(e, v.Elem()) }, nil
	case api.KindSlice:
		return func(e *wire.Encoder, v reflect.Value) {
			for j := 0; j < v.Len() && e.Fits(); j++ {
				elem(e, v.Index(j))
			}
		}, nil
	}
	key, err := c.BuildEncoder(t.Key(), typ.Key, lenient)
	return func(e *wire.Encoder, v reflect.Value) {
		e.Len(v.Len(), false)
		for it := v.MapRange(); it.Next() && e.Fits(); {
			key(e, it.Key())
			elem(e, it.Value())
		}
	}, err
}

// tagged reports whether what a pointer to type n points to crosses as other values of the type do:
// the content of a struct has no tag.
func (c *Codec) tagged(n int) bool {
	switch typ := &c.api.Types[n]; typ.Kind {
	case api.KindPointer, api.KindSlice, api.KindMap, api.KindInterface:
		return true
	default:
		return typ.Class == api.Data
	}
}

// newContent builds what takes a new content.
func (c *Codec) newContent(x *crossing) (func(d *Incoming, v reflect.Value), Form, error) {
	t, typ := x.t, &c.api.Types[x.n]
	switch {
	case x.asText:
		read := c.readText(t, x.n)
		return func(d *Incoming, v reflect.Value) { read(d, v.Elem()) }, asText, nil
	case x.bytes:
		return func(d *Incoming, v reflect.Value) { copy(v.Bytes(), d.Raw(v.Len())) }, EitherForm, nil
	case typ.Kind == api.KindPointer && c.api.Types[typ.Elem].Kind == api.KindStruct:
		return c.newFields(x)
	case typ.Kind == api.KindPointer && !c.tagged(typ.Elem):
		value, form, err := c.decodeValue(t.Elem(), typ.Elem)
		return func(d *Incoming, v reflect.Value) { value(d, v.Elem()) }, form, err
	}
	elem, form, err := c.part(t.Elem(), typ.Elem)
	if err != nil {
		return nil, form, err
	}
	switch typ.Kind {
	case api.KindPointer:
		return func(d *Incoming, v reflect.Value) { elem(d, v.Elem()) }, form, nil
	case api.KindSlice:
		return func(d *Incoming, v reflect.Value) {
			for j := 0; j < v.Len() && d.Err() == nil; j++ {
				elem(d, v.Index(j))
			}
		}, form, nil
	}
	key, keyForm, err := c.BuildDecoder(t.Key(), typ.Key)
	if err == nil {
		form, err = both(form, keyForm)
	}
	x.entries = func(d *Incoming, v reflect.Value, count int) {
		if !d.ChargeMap(count, t.Key().Size()+t.Elem().Size()) {
			return
		}
		for ; count > 0 && d.Err() == nil; count-- {
			k, e := reflect.New(t.Key()).Elem(), reflect.New(t.Elem()).Elem()
			key(d, k)
			elem(d, e)
			switch {
			case d.Err() != nil: // the key may be any part of one
				return
			case !k.Comparable():
				d.Fail(fmt.Errorf("a key of a %s cannot be compared", v.Type()))
				return
			}
			v.SetMapIndex(k, e)
		}
	}
	return func(d *Incoming, v reflect.Value) {
		count, _ := d.Len(2)
		x.entries(d, v, count)
	}, form, err
}
