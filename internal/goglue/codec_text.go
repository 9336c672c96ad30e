package goglue

import (
	"encoding"
	"fmt"
	"reflect"

	"github.com/loadgo/load/internal/wire"
)

var codecTypes = map[Codec][2]reflect.Type{
	CodecText:   {reflect.TypeFor[encoding.TextMarshaler](), reflect.TypeFor[encoding.TextUnmarshaler]()},
	CodecBinary: {reflect.TypeFor[encoding.BinaryMarshaler](), reflect.TypeFor[encoding.BinaryUnmarshaler]()},
}

// codec tells by which of their own methods values of a host's t and of the module's type n cross: those that both
// have.
func (i *Instance) codec(t reflect.Type, n int) Codec {
	typ := &i.api.Types[n]
	codec := i.pointed(n).Codec
	if codec == CodecNone || (typ.Kind == KindPointer) != (t.Kind() == reflect.Pointer) {
		return CodecNone
	}
	if t.Kind() != reflect.Pointer {
		t = reflect.PointerTo(t)
	}
	if !t.Implements(codecTypes[codec][0]) || !t.Implements(codecTypes[codec][1]) {
		return CodecNone
	}
	return codec
}

// encodeText builds what encodes a value by its own methods.
func (i *Instance) encodeText(t reflect.Type, n int) encoder {
	codec := i.codec(t, n)
	return func(e *wire.Encoder, v reflect.Value) {
		if t.Kind() == reflect.Pointer {
			if v.IsNil() {
				e.Byte(wire.TagNil)
				return
			}
		} else {
			p := reflect.New(t)
			p.Elem().Set(v)
			v = p
		}
		var text []byte
		var err error
		if codec == CodecText {
			text, err = v.Interface().(encoding.TextMarshaler).MarshalText()
		} else {
			text, err = v.Interface().(encoding.BinaryMarshaler).MarshalBinary()
		}
		if err != nil {
			e.Fail(fmt.Errorf("%s: %w", t, err))
		}
		e.Byte(wire.TagText)
		e.Bytes(text)
	}
}

// decodeText builds what decodes a value by its own methods.
func (i *Instance) decodeText(t reflect.Type, n int) (decoder, form, error) {
	codec := i.codec(t, n)
	form := asText
	isNumber := t.PkgPath() == "math/big" || t.Kind() == reflect.Pointer && t.Elem().PkgPath() == "math/big"
	if i.api.Types[n].Class == Held {
		form = asCopy
	}
	return func(d *incoming, v reflect.Value) {
		switch d.Byte() {
		case wire.TagNil:
			return
		case wire.TagText:
		default:
			d.Fail(wire.ErrTag)
			return
		}
		text := d.Bytes()
		if isNumber {
			d.Digits(len(text))
		}
		if d.Err() != nil {
			return
		}
		p := v.Addr()
		if t.Kind() == reflect.Pointer {
			if !d.ChargeEach(1, t.Elem().Size()) {
				return
			}
			v.Set(reflect.New(t.Elem()))
			p = v
		}
		var err error
		if codec == CodecText {
			err = p.Interface().(encoding.TextUnmarshaler).UnmarshalText(text)
		} else {
			err = p.Interface().(encoding.BinaryUnmarshaler).UnmarshalBinary(text)
		}
		if err != nil {
			d.Fail(fmt.Errorf("%s: %w", t, err))
		}
	}, form, nil
}
