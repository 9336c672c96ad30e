package dynamic

import (
	"reflect"
	"slices"

	"github.com/loadgo/load/internal/wire"
)

// content appends what a pointer that is not nil, a slice or a map leads to.
func (c *Codec) content(e *wire.Encoder, s *shape, v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		c.encode(e, s.elem, v.Elem())
	case reflect.Slice:
		if s.elem.kind == byte(reflect.Uint8) {
			e.Raw(v.Bytes())
			return
		}
		for i := 0; i < v.Len() && e.Fits(); i++ {
			c.encode(e, s.elem, v.Index(i))
		}
	case reflect.Map:
		for it := v.MapRange(); it.Next() && e.Fits(); {
			c.encode(e, s.key, it.Key())
			c.encode(e, s.elem, it.Value())
		}
	}
}

// form is the form in which the things of a shape cross.
func (c *Codec) form(s *shape) int {
	if !c.peer.Forms() {
		return 0
	}
	return s.id
}

// number gives the form of a shape its number, which is negative.
func (c *Codec) number(s *shape) {
	type form struct {
		typ         reflect.Type
		description string
	}
	id, _ := c.ids.LoadOrStore(form{s.typ, string(s.description)}, new(int))
	c.numbering.Lock()
	defer c.numbering.Unlock()
	if n := id.(*int); *n == 0 {
		c.last--
		*n = c.last
	}
	s.id = *id.(*int)
}

// find appends a reference to what a value leads to, after the tag, where the other side has it as
// one of a type, in a form.
func (c *Codec) find(e *wire.Encoder, v reflect.Value, typ reflect.Type, form int, tag func()) bool {
	if v.Kind() != reflect.Slice {
		n, ok := e.Sharing.Find(v.UnsafePointer(), typ, form)
		if ok {
			tag()
			e.Uint(wire.ShareRef + uint64(n))
		}
		return ok
	}
	each := v.Type().Elem().Size()
	n, offset, room, ok := e.Sharing.FindArray(e, v.UnsafePointer(), each*uintptr(max(v.Len(), min(v.Cap(), 1))), typ, form)
	if ok {
		tag()
		e.Uint(wire.ShareRef + uint64(n))
		e.Part(int(offset/each), v.Len(), min(v.Cap(), int(room/each)))
	}
	return ok
}

// refer appends a reference to what a value of type any leads to, where the other side has it.
func (c *Codec) refer(e *wire.Encoder, v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
	default:
		return false
	}
	if v.IsNil() {
		return false
	}
	if c.referTyped(e, v) {
		return true
	}
	form := 0
	if c.peer.Forms() {
		if form = c.shapeOf(v.Type()).id; form == 0 {
			return false
		}
	}
	return c.find(e, v, v.Type().Elem(), form, func() { e.Byte(wire.TagShared) })
}

// referTyped is refer for what the module has as a value of a type of its own: it is that in an
// any, too. What lasts comes home as itself, since both sides keep it alike.
func (c *Codec) referTyped(e *wire.Encoder, v reflect.Value) bool {
	if c.Crossed == nil {
		return false
	}
	lasts := (e.Sharing.Last != nil || e.Sharing.Lasts()) && (v.Kind() != reflect.Slice || v.Cap() <= wire.MaxLastingElements)
	tag := func() {
		if lasts {
			e.Byte(wire.TagOwn)
			c.peer.Lend(e, v)
		}
		e.Byte(wire.TagShared)
	}
	return slices.ContainsFunc(c.Crossed(v.Type()), func(form int) bool { return c.find(e, v, v.Type(), form, tag) })
}

// referred takes what the other side refers to.
func (c *Codec) referred(d *wire.Decoder) any {
	v := c.known(d, d.Uint())
	if !v.IsValid() {
		return nil
	}
	return v.Interface()
}

// known returns what the head of a shared value refers to.
func (c *Codec) known(d *wire.Decoder, head uint64) (v reflect.Value) {
	if d.Sharing == nil || head < wire.ShareRef || head-wire.ShareRef >= uint64(len(d.Sharing.Things)) {
		d.Fail(wire.ErrTag)
		return v
	}
	if t, ok := d.Sharing.Things[head-wire.ShareRef].(interface{ Own() reflect.Value }); ok { // of this codec or of a typed argument
		v = t.Own()
	}
	if !v.IsValid() {
		d.Fail(wire.ErrTag)
	} else if v.Kind() == reflect.Slice {
		low, high, most := d.Part(v.Len())
		v = v.Slice3(low, high, most)
	}
	return v
}

// share appends a shared pointer, slice or map.
func (c *Codec) share(e *wire.Encoder, s *shape, v reflect.Value) {
	form := c.form(s)
	if v.IsNil() {
		e.Uint(wire.ShareNil)
		return
	}
	if c.find(e, v, v.Type().Elem(), form, func() {}) {
		return
	}
	t := &Thing{codec: c, shape: s, Kept: wire.Kept{Value: v}}
	if v.CanAddr() { // it is the variable, and not what was in it
		t.Value = reflect.New(v.Type()).Elem()
		t.Value.Set(v)
	}
	n := e.Sharing.Number(t)
	e.Uint(wire.ShareNew)
	if v.Kind() != reflect.Slice {
		e.Sharing.Place(n, v.UnsafePointer(), v.Type().Elem(), form)
		e.Sharing.PutNumber(e, t, v.UnsafePointer(), v.Type().Elem(), form)
		if v.Kind() == reflect.Map {
			e.Len(v.Len(), false)
		}
		c.content(e, s, t.Value)
		return
	}
	each := v.Type().Elem().Size()
	start, size := e.Sharing.Whole(v.UnsafePointer(), each*uintptr(v.Len()))
	low := 0
	if each > 0 {
		low = int((uintptr(v.UnsafePointer()) - uintptr(start)) / each)
		t.Value = reflect.SliceAt(v.Type().Elem(), start, int(size/each)).Convert(v.Type())
	}
	e.Sharing.PlaceArray(n, start, size, v.Type().Elem(), form)
	e.Sharing.PutArrayNumber(e, t, start, size, v.Type().Elem(), form)
	e.Len(t.Value.Len(), false)
	c.content(e, s, t.Value)
	e.Part(low, v.Len(), min(v.Cap(), t.Value.Len()-low))
}

// takeShared takes a shared pointer, slice or map. Old is the pointer that this side has since an
// earlier call, or the zero Value.
func (c *Codec) takeShared(d *wire.Decoder, s *shape, v, old reflect.Value) {
	head := d.Uint()
	switch {
	case head == wire.ShareNil:
		v.SetZero()
		return
	case head >= wire.ShareRef:
		if own := c.known(d, head); d.Err() == nil {
			set(d, v, own.Interface())
		}
		return
	}
	if !d.Charge(wire.ThingSize) {
		return
	}
	last := d.Sharing.TakeNumber(d)
	if t, ok := last.Thing.(*Thing); ok && t.shape.typ == s.typ && c.takeLasting(d, last, t, v) {
		return
	}
	t := &Thing{codec: c, shape: s}
	n := d.Sharing.Number(t)
	// What lasts has a value: later updates and messages of this side are about it.
	begin := func() { d.Sharing.SetNumber(last, t) }
	switch v.Kind() {
	case reflect.Pointer:
		to, ok := fresh(d, v.Type().Elem())
		if !ok {
			return
		}
		made := to.Addr().Convert(v.Type())
		t.Value = earlier(old, made)
		begin()
		d.Sharing.Place(n, t.Value.UnsafePointer(), v.Type().Elem(), c.form(s))
		v.Set(t.Value)
		c.decode(d, s.elem, to)
		renew(s, old, made)
	case reflect.Map:
		count, _ := d.Len(2)
		if !chargeMap(d, v.Type(), count) {
			return
		}
		t.Value = reflect.MakeMapWithSize(v.Type(), count)
		begin()
		d.Sharing.Place(n, t.Value.UnsafePointer(), v.Type().Elem(), c.form(s))
		v.Set(t.Value)
		c.entries(d, s, t.Value, count)
	case reflect.Slice:
		count, _ := d.Len(1)
		t.Value = c.elements(d, s, v.Type(), count)
		low, high, most := d.Part(t.Value.Len())
		if d.Err() != nil {
			return
		}
		begin()
		d.Sharing.PlaceArray(n, t.Value.UnsafePointer(), v.Type().Elem().Size()*uintptr(count), v.Type().Elem(), c.form(s))
		v.Set(t.Value.Slice3(low, high, most))
	}
	if d.Err() == nil {
		t.Keep()
	}
}

// takeLasting takes a pointer or a map that lasts, and reports whether it is one.
func (c *Codec) takeLasting(d *wire.Decoder, last wire.Number, t *Thing, v reflect.Value) bool {
	if !t.Tighten() || t.Value.Type() != v.Type() || v.Kind() == reflect.Slice {
		return false
	}
	d.Sharing.Place(d.Sharing.Number(t), t.Value.UnsafePointer(), v.Type().Elem(), c.form(t.shape))
	v.Set(t.Value)
	switch {
	case last.Old:
		other := &Thing{codec: c, shape: t.shape, Kept: wire.Kept{Value: reflect.New(v.Type().Elem())}}
		if v.Kind() == reflect.Map {
			other.Value = reflect.MakeMap(v.Type())
		}
		other.Take(d)
	case last.Passed || t.Differs(false):
		d.Fail(wire.ErrBoth)
	default:
		t.TakeWhole(d)
	}
	return true
}
