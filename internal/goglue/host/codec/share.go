package codec

import (
	"fmt"
	"reflect"
	"unsafe"

	"github.com/loadgo/load/internal/goglue/api"
	"github.com/loadgo/load/internal/wire"
)

// shared is what the host keeps of a thing that it shares with the module: see [wire.Sharing].
type shared struct {
	*crossing
	wire.Kept
	text string // the content that both sides have, of what crosses as text

	brought bool // the module has changed it in the call

	own *shared // of what lasts: what a call shares that goes on, in which it is again
	of  *wire.Sharing
}

func share(x *crossing, v reflect.Value) *shared {
	return &shared{crossing: x, Kept: wire.Kept{Value: v}}
}

// newFields builds what takes the exported fields of a struct. Those that cannot come back are left
// as they are.
func (c *Codec) newFields(x *crossing) (func(d *Incoming, v reflect.Value), Form, error) {
	n := c.api.Types[x.n].Elem
	t, fields := x.t.Elem(), c.api.Types[n].Fields
	if t.Kind() != reflect.Struct {
		return nil, EitherForm, c.Mismatch(t, n)
	}
	decode, index := make([]Decoder, len(fields)), make([]int, len(fields))
	whole := c.valueForm(x.n)
	for j, f := range fields {
		host, ok := t.FieldByName(f.Name)
		if !ok || len(host.Index) != 1 || !host.IsExported() {
			continue
		}
		part, form, err := c.part(host.Type, f.Type)
		if err == nil {
			form, err = both(whole, form)
		}
		if err == nil {
			whole, decode[j], index[j] = form, part, host.Index[0]
			x.fields = append(x.fields, host.Index[0])
		}
	}
	return func(d *Incoming, v reflect.Value) {
		v = v.Elem()
		if len(fields) == 0 {
			d.Byte()
		}
		for j, f := range fields {
			if decode[j] != nil {
				decode[j](d, v.Field(index[j]))
			} else {
				c.skip(d, f.Type)
			}
		}
	}, whole, nil
}

// part builds what takes a part of a content. A value that stays in the module can be one where the
// host gave it.
func (c *Codec) part(t reflect.Type, n int) (Decoder, Form, error) {
	var decode Decoder
	var form Form
	err := c.attempt(func() (err error) {
		decode, form, err = c.BuildDecoder(t, n)
		return err
	})
	if typ := &c.api.Types[n]; err == nil || typ.Kind != api.KindPointer || typ.Class != api.Held || t.Kind() != reflect.Pointer {
		return decode, form, err
	}
	x := c.crossing(t, n, false)
	return func(d *Incoming, v reflect.Value) {
		switch d.Byte() {
		case wire.TagNil:
			v.SetZero()
		case wire.TagValue:
			x.decode(d, v)
		default:
			d.Fail(fmt.Errorf("the module has put a value there that stays in it: use *load.Object, not %s", t))
		}
	}, AsCopy, nil
}

// encode appends a shared pointer, slice or map.
func (x *crossing) encode(e *wire.Encoder, v reflect.Value) {
	switch {
	case v.IsNil():
		e.Uint(wire.ShareNil)
		return
	case x.putErr != nil:
		e.Fail(x.putErr)
		return
	case v.Kind() == reflect.Slice:
		x.encodeSlice(e, v)
		return
	}
	at := v.UnsafePointer()
	if n, ok := e.Sharing.Find(at, x.t, x.n); ok {
		e.Uint(wire.ShareRef + uint64(n))
		return
	}
	if v.CanAddr() { // it is the variable, and not what was in it
		kept := reflect.New(x.t).Elem()
		kept.Set(v)
		v = kept
	}
	s := share(x, v)
	e.Sharing.Add(at, x.t, x.n, s)
	e.Uint(wire.ShareNew + x.form.Mode())
	e.Sharing.PutPlace(e, s, at, x.t, x.n)
	if e.Sharing.Lasts() {
		s.putWhole(e, v)
		return
	}
	x.put(e, v)
}

func (x *crossing) encodeSlice(e *wire.Encoder, v reflect.Value) {
	each := x.t.Elem().Size()
	visible := v.Len()
	if wire.Spare(x.t.Elem().Kind()) && each*uintptr(v.Cap()-v.Len()) <= wire.SpareLimit {
		visible = v.Cap()
	}
	at := v.UnsafePointer()
	n, offset, room, ok := e.Sharing.FindArray(e, at, each*uintptr(visible), x.t, x.n)
	if ok {
		e.Uint(wire.ShareRef + uint64(n))
		e.Part(int(offset/each), v.Len(), min(v.Cap(), int(room/each)))
		return
	}
	start, size := e.Sharing.Whole(at, each*uintptr(visible))
	low, count := 0, visible
	if each > 0 {
		low, count = int((uintptr(at)-uintptr(start))/each), int(size/each)
	}
	all := reflect.SliceAt(x.t.Elem(), start, count)
	s := share(x, all)
	e.Sharing.PlaceArray(e.Sharing.Number(s), start, size, x.t, x.n)
	e.Uint(wire.ShareNew + x.form.Mode())
	e.Sharing.PutArrayPlace(e, s, start, size, x.t, x.n)
	e.Len(count, false)
	used := low + v.Len()
	x.put(e, all.Slice(0, used))
	if used < count {
		spare := reflect.MakeSlice(all.Type(), count-used, count-used)
		// Others may write there: it is theirs where the slices are parts of one.
		wire.CopyMemory(spare.UnsafePointer(), unsafe.Add(start, uintptr(used)*each), uintptr(count-used)*each)
		x.put(e, spare)
	}
	e.Part(low, v.Len(), min(v.Cap(), count-low))
}

// decode takes a shared pointer, slice or map into v.
func (x *crossing) decode(d *Incoming, v reflect.Value) {
	head := d.Uint()
	switch {
	case head == wire.ShareNil:
		v.SetZero()
	case head >= wire.ShareRef:
		x.decodeKnown(d, head-wire.ShareRef, v)
	case x.takeErr != nil || x.take == nil:
		d.Fail(wire.ErrTag)
	case !d.Charge(wire.ThingSize):
	case x.t.Kind() == reflect.Slice:
		x.decodeSlice(d, v)
	default:
		last := d.Sharing.TakePlace(&d.Decoder)
		if x.takeKnown(d, last, v) {
			return
		}
		own := reflect.MakeMap
		if x.t.Kind() == reflect.Pointer {
			if !d.ChargeEach(1, x.t.Elem().Size()) {
				return
			}
			own = func(t reflect.Type) reflect.Value { return reflect.New(t.Elem()).Convert(t) }
		}
		fresh := own(x.t)
		s := share(x, fresh)
		d.Sharing.Add(fresh.UnsafePointer(), x.t, x.n, s)
		d.Sharing.SetNumber(last, s)
		v.Set(fresh)
		x.take(d, fresh)
	}
}

func (x *crossing) decodeSlice(d *Incoming, v reflect.Value) {
	last := d.Sharing.TakePlace(&d.Decoder)
	count, _ := d.Len(1)
	s, has := last.Thing.(*shared)
	if has = has && s.t == x.t && s.n == x.n && s.Value.IsValid() && s.Value.Len() == count; !has {
		s = share(x, reflect.Value{})
		d.Sharing.SetNumber(last, s)
	}
	n := 0
	if has {
		n = d.Sharing.NumberAgain(last, s)
	} else {
		n = d.Sharing.Number(s)
	}
	if has && last.Old {
		x.elements(d, count)
	} else if has {
		s.takeNews(d, last)
	} else if x.bytes { // they keep the message
		s.Value = reflect.ValueOf(d.Raw(count)).Convert(x.t)
	} else {
		s.Value = x.elements(d, count)
	}
	low, high, most := d.Part(s.Value.Len())
	if d.Err() != nil {
		return
	}
	d.Sharing.PlaceArray(n, s.Value.UnsafePointer(), x.t.Elem().Size()*uintptr(count), x.t, x.n)
	v.Set(s.Value.Slice3(low, high, most))
}

// elements takes the elements of a slice.
func (x *crossing) elements(d *Incoming, count int) reflect.Value {
	if !d.ChargeEach(count, x.t.Elem().Size()) || x.take == nil {
		return reflect.Zero(x.t)
	}
	all := reflect.MakeSlice(x.t, count, count)
	x.take(d, all)
	return all
}

// decodeOrTake takes a pointer that is not nil: a shared one, or where the call shares nothing what
// it points to.
func (x *crossing) decodeOrTake(d *Incoming, v reflect.Value) {
	if d.Sharing != nil {
		x.decode(d, v)
		return
	}
	if x.take == nil {
		d.Fail(wire.ErrTag)
		return
	}
	if !d.ChargeEach(1, x.t.Elem().Size()) {
		return
	}
	fresh := reflect.New(x.t.Elem()).Convert(x.t)
	x.take(d, fresh)
	v.Set(fresh)
}

// decodeKnown takes a reference to what both sides have.
func (x *crossing) decodeKnown(d *Incoming, n uint64, v reflect.Value) {
	own := known(&d.Decoder, n)
	if own.IsValid() && own.Kind() == reflect.Slice {
		if low, high, most := d.Part(own.Len()); d.Err() == nil {
			own = own.Slice3(low, high, most)
		}
	}
	switch {
	case d.Err() != nil:
	case !own.IsValid():
		d.Fail(wire.ErrTag)
	case own.Type().ConvertibleTo(x.t) && own.Kind() == x.t.Kind():
		v.Set(own.Convert(x.t))
	case !refit(d, v, own, wire.MaxDepth) && d.Err() == nil:
		d.Fail(fmt.Errorf("a %s does not fit %s", own.Type(), x.t))
	}
}
