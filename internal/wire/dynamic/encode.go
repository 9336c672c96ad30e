package dynamic

import (
	"reflect"
	"strings"
	"time"

	"github.com/loadgo/load/internal/wire"
)

// Encode appends a value of type any.
func (c *Codec) Encode(e *wire.Encoder, v any) { c.encodeAny(e, reflect.ValueOf(v), true) }

// encodeAny appends what is in an interface. Where it is one, and not a type that is only described
// as one, it is known again when it comes home.
func (c *Codec) encodeAny(e *wire.Encoder, v reflect.Value, isOne bool) {
	for v.IsValid() && v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	if !v.IsValid() {
		e.Byte(wire.TagNil)
		return
	}
	if c.peer.PutTyped(e, v) || e.Sharing != nil && c.refer(e, v) {
		return
	}
	if isOne && (c.peer.Forms() && c.lend(e, v) || !c.peer.Forms() && c.giveBack(e, v)) {
		return
	}
	if !e.Enter() {
		return
	}
	defer e.Leave()
	if !c.opaque(v.Type()) {
		if s := c.shapeOf(v.Type()); s.err == nil {
			e.Byte(wire.TagValue)
			e.Buf = append(e.Buf, s.description...)
			c.encode(e, s, v)
			return
		}
	}
	e.Byte(wire.TagHandle)
	if err := c.peer.Hold(e, v); err != nil {
		e.Fail(err)
	}
}

func (c *Codec) encode(e *wire.Encoder, s *shape, v reflect.Value) {
	if !e.Enter() {
		return
	}
	defer e.Leave()
	switch s.kind {
	case kindTime:
		e.Time(v.Interface().(time.Time))
	case kindDuration:
		e.Int(v.Int())
	case kindPlace:
		e.Place(v.Interface().(*time.Location))
	case kindError:
		isNil := (v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface) && v.IsNil()
		e.Bool(!isNil)
		if !isNil {
			e.String(v.Interface().(error).Error())
		}
	case kindAny:
		if v.Kind() == reflect.Pointer && v.IsNil() && c.peer.Forms() && c.peer.Opaque(v.Type()) { // a field without an object
			e.Byte(wire.TagNil)
			return
		}
		c.encodeAny(e, v, !c.peer.Forms() || v.Kind() == reflect.Interface)
	case kindText:
		c.encodeText(e, s, v)
	default:
		c.encodeKind(e, s, v)
	}
}

func (c *Codec) encodeKind(e *wire.Encoder, s *shape, v reflect.Value) {
	switch reflect.Kind(s.kind) {
	case reflect.Bool:
		e.Bool(v.Bool())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		e.Int(v.Int())
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		e.Uint(v.Uint())
	case reflect.Float32, reflect.Float64:
		e.Float(v.Float())
	case reflect.Complex64, reflect.Complex128:
		e.Float(real(v.Complex()))
		e.Float(imag(v.Complex()))
	case reflect.String:
		e.String(v.String())
	case reflect.Slice, reflect.Map, reflect.Pointer:
		switch {
		case e.Sharing != nil:
			c.share(e, s, v)
		case s.kind == byte(reflect.Pointer):
			e.Bool(!v.IsNil())
			if !v.IsNil() {
				c.content(e, s, v)
			}
		default:
			e.Len(v.Len(), v.IsNil())
			c.content(e, s, v)
		}
	case reflect.Array:
		if v.Len() == 0 {
			e.Byte(0)
		}
		for i := 0; i < v.Len() && e.Fits(); i++ {
			c.encode(e, s.elem, v.Index(i))
		}
	case reflect.Struct:
		if len(s.fields) == 0 {
			e.Byte(0)
		}
		for _, f := range s.fields {
			if omits := f.inForms() || f.kind == kindAny && c.peer.Stands(f.typ) != ""; omits && c.peer.Forms() && omitted(v.Type().Field(f.index), v.Field(f.index)) {
				e.Byte(wire.TagNil) // of forms, an empty one
				continue
			}
			c.encode(e, f.shape, f.of(v))
		}
	case reflect.Func:
		if v.IsNil() {
			e.Byte(wire.TagNil)
		} else if err := c.peer.Give(e, v); err != nil {
			e.Fail(err)
		}
	}
}

// omitted reports whether an encoder leaves a field out for what it holds. What crosses as an any
// has to be nil for that.
func omitted(f reflect.StructField, v reflect.Value) bool {
	empty := v.IsZero()
	switch v.Kind() {
	case reflect.Map, reflect.Slice, reflect.Array:
		empty = v.Len() == 0
	case reflect.Struct:
		empty = false
	}
	return empty && strings.Contains(string(f.Tag), ",omitempty") || v.IsZero() && strings.Contains(string(f.Tag), ",omitzero")
}
