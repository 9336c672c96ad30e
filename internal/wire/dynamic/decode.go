package dynamic

import (
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/loadgo/load/internal/wire"
)

// Decode takes a value of type any. What goes wrong is left in d.
func (c *Codec) Decode(d *wire.Decoder) any {
	switch d.Byte() {
	case wire.TagNil:
		return nil
	case wire.TagHandle:
		return c.peer.Take(d)
	case wire.TagShared:
		return c.referred(d)
	case wire.TagHost:
		return c.takeHost(d)
	case wire.TagError:
		return c.peer.TakeError(d)
	case wire.TagOwn:
		return c.borrow(d)
	case wire.TagTyped:
		return c.peer.Typed(d)
	case wire.TagValue:
	default:
		d.Fail(wire.ErrTag)
		return nil
	}
	if !d.Enter() {
		return nil
	}
	defer d.Leave()
	s := c.parse(d)
	if s == nil {
		return nil
	}
	v, ok := fresh(d, s.typ)
	if !ok {
		return nil
	}
	c.decode(d, s, v)
	if d.Err() != nil {
		return nil
	}
	return v.Interface()
}

// DecodeTo takes a value of type any that has to fit v.
func (c *Codec) DecodeTo(d *wire.Decoder, v reflect.Value) {
	if inner := c.Decode(d); inner != nil {
		set(d, v, inner)
	}
}

// fresh makes room for a value and reports whether the decoder may use so much memory.
func fresh(d *wire.Decoder, t reflect.Type) (reflect.Value, bool) {
	if !d.ChargeEach(1, t.Size()) {
		return reflect.Value{}, false
	}
	return reflect.New(t).Elem(), true
}

func (c *Codec) decode(d *wire.Decoder, s *shape, v reflect.Value) {
	if !d.Enter() {
		return
	}
	defer d.Leave()
	switch s.kind {
	case kindTime:
		v.Set(reflect.ValueOf(d.Time()))
	case kindDuration:
		v.Set(reflect.ValueOf(time.Duration(d.Int())))
	case kindPlace:
		v.Set(reflect.ValueOf(d.Place()))
	case kindError:
		v.SetZero()
		if d.Bool() {
			set(d, v, errors.New(d.String()))
		}
	case kindAny:
		if inner := c.Decode(d); inner != nil {
			set(d, v, inner)
		} else {
			v.SetZero()
		}
	case kindText:
		c.decodeText(d, s, v)
	case kindFunc:
		switch d.Byte() {
		case wire.TagNil:
			v.SetZero()
		case wire.TagHost:
			v.Set(c.peer.Func(d, v.Type()))
		case wire.TagHandle: // a function of the other side, which this type cannot be
			c.peer.Take(d)
		default:
			d.Fail(wire.ErrTag)
		}
	default:
		c.decodeKind(d, s, v)
	}
}

// set sets what a value that carried its own type fits.
func set(d *wire.Decoder, v reflect.Value, inner any) {
	x := reflect.ValueOf(inner)
	switch {
	case x.Type().AssignableTo(v.Type()):
		v.Set(x)
	case x.Type().ConvertibleTo(v.Type()) && (x.Kind() == v.Kind() || number(x.Kind()) && number(v.Kind())):
		v.Set(x.Convert(v.Type()))
	default:
		d.Fail(fmt.Errorf("a %s does not fit %s (a type inside itself is filled %d levels deep)", x.Type(), v.Type(), maxRepeat))
	}
}

func number(k reflect.Kind) bool { return k >= reflect.Int && k <= reflect.Float64 }

func (c *Codec) decodeKind(d *wire.Decoder, s *shape, v reflect.Value) {
	switch kind := reflect.Kind(s.kind); kind {
	case reflect.Bool:
		v.SetBool(d.Bool())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(d.IntN(s.typ.Bits()))
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		v.SetUint(d.UintN(s.typ.Bits()))
	case reflect.Float32, reflect.Float64:
		v.SetFloat(d.Float())
	case reflect.Complex64, reflect.Complex128:
		v.SetComplex(complex(d.Float(), d.Float()))
	case reflect.String:
		v.SetString(d.String())
	case reflect.Slice, reflect.Map, reflect.Pointer:
		if d.Sharing != nil {
			c.takeShared(d, s, v, reflect.Value{})
			return
		}
		v.SetZero()
		switch kind {
		case reflect.Slice:
			if n, ok := d.Len(1); ok {
				v.Set(c.elements(d, s, v.Type(), n))
			}
		case reflect.Map:
			if n, ok := d.Len(2); ok && chargeMap(d, v.Type(), n) {
				v.Set(reflect.MakeMapWithSize(v.Type(), n))
				c.entries(d, s, v, n)
			}
		default:
			if !d.Bool() {
				return
			}
			if to, ok := fresh(d, v.Type().Elem()); ok {
				v.Set(to.Addr().Convert(v.Type()))
				c.decode(d, s.elem, to)
			}
		}
	case reflect.Array:
		if v.Len() == 0 {
			d.Byte()
		}
		for i := 0; i < v.Len() && d.Err() == nil; i++ {
			c.decode(d, s.elem, v.Index(i))
		}
	case reflect.Struct:
		if len(s.fields) == 0 {
			d.Byte()
		}
		for _, f := range s.fields {
			c.decode(d, f.shape, f.of(v))
		}
	}
}

// elements takes n elements of a slice of type t.
func (c *Codec) elements(d *wire.Decoder, s *shape, t reflect.Type, n int) reflect.Value {
	if s.elem.kind == byte(reflect.Uint8) {
		if !d.Charge(n) {
			return reflect.Zero(t)
		}
		all := reflect.MakeSlice(t, n, n)
		copy(all.Bytes(), d.Raw(n))
		return all
	}
	if !d.ChargeEach(n, t.Elem().Size()) {
		return reflect.Zero(t)
	}
	all := reflect.MakeSlice(t, n, n)
	for i := 0; i < n && d.Err() == nil; i++ {
		c.decode(d, s.elem, all.Index(i))
	}
	return all
}

// chargeMap charges for a map of n entries.
func chargeMap(d *wire.Decoder, t reflect.Type, n int) bool {
	return d.ChargeMap(n, t.Key().Size()+t.Elem().Size())
}

// entries takes n entries of a map.
func (c *Codec) entries(d *wire.Decoder, s *shape, v reflect.Value, n int) {
	for range n {
		key, elem := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		c.decode(d, s.key, key)
		c.decode(d, s.elem, elem)
		if d.Err() != nil {
			return
		}
		if !key.Comparable() {
			d.Fail(fmt.Errorf("a %s cannot be the key of a map", key.Type()))
			return
		}
		v.SetMapIndex(key, elem)
	}
}

var errTypes = errors.New("too many different types")
