package codec

import (
	"encoding"
	"fmt"
	"reflect"

	"github.com/loadgo/load/internal/goglue/api"
	"github.com/loadgo/load/internal/wire"
	"github.com/loadgo/load/internal/wire/dynamic"
)

var codecTypes = map[api.Codec][2]reflect.Type{
	api.CodecText:   {reflect.TypeFor[encoding.TextMarshaler](), reflect.TypeFor[encoding.TextUnmarshaler]()},
	api.CodecBinary: {reflect.TypeFor[encoding.BinaryMarshaler](), reflect.TypeFor[encoding.BinaryUnmarshaler]()},
	api.CodecGob:    {reflect.TypeFor[gobEncoder](), reflect.TypeFor[gobDecoder]()},
}

// As in package encoding/gob, which is large.
type (
	gobEncoder interface{ GobEncode() ([]byte, error) }
	gobDecoder interface{ GobDecode([]byte) error }
)

// textCodec tells by which of their own methods values of a host's t and of the module's type n
// cross: those that both have.
func (c *Codec) textCodec(t reflect.Type, n int) api.Codec {
	typ := &c.api.Types[n]
	codec := c.api.Pointed(n).Codec
	if codec == api.CodecNone || c.host.IsTwin(t) || (typ.Kind == api.KindPointer) != (t.Kind() == reflect.Pointer) {
		return api.CodecNone
	}
	if t.Kind() != reflect.Pointer {
		t = reflect.PointerTo(t)
	}
	if !t.Implements(codecTypes[codec][0]) || !t.Implements(codecTypes[codec][1]) {
		return api.CodecNone
	}
	return codec
}

// writeText builds what writes a value by its own methods.
func (c *Codec) writeText(t reflect.Type, n int) func(e *wire.Encoder, v reflect.Value) []byte {
	codec := c.textCodec(t, n)
	return func(e *wire.Encoder, v reflect.Value) (text []byte) {
		if t.Kind() != reflect.Pointer {
			p := reflect.New(t)
			p.Elem().Set(v)
			v = p
		}
		var err error
		switch codec {
		case api.CodecText:
			text, err = v.Interface().(encoding.TextMarshaler).MarshalText()
		case api.CodecGob:
			text, err = v.Interface().(gobEncoder).GobEncode()
		default:
			text, err = v.Interface().(encoding.BinaryMarshaler).MarshalBinary()
		}
		if err != nil {
			e.Fail(fmt.Errorf("%s: %w", t, err))
		}
		return text
	}
}

// readText builds what reads a value, or what a pointer points to, by its own methods. It has an
// address.
func (c *Codec) readText(t reflect.Type, n int) Decoder {
	codec := c.textCodec(t, n)
	isNumber := t.PkgPath() == "math/big" || t.Kind() == reflect.Pointer && t.Elem().PkgPath() == "math/big"
	return func(d *Incoming, v reflect.Value) {
		text := d.Bytes()
		if isNumber {
			d.Digits(len(text))
		}
		if d.Err() != nil {
			return
		}
		var err error
		switch codec {
		case api.CodecText:
			err = dynamic.Unmarshal(v.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText, text)
		case api.CodecGob:
			v.SetZero() // a precision that is there already would stay
			err = v.Addr().Interface().(gobDecoder).GobDecode(text)
		default:
			err = dynamic.Unmarshal(v.Addr().Interface().(encoding.BinaryUnmarshaler).UnmarshalBinary, text)
		}
		if err != nil {
			d.Fail(fmt.Errorf("%s: %w", t, err))
		}
	}
}

// encodeText builds what encodes a value by its own methods.
func (c *Codec) encodeText(t reflect.Type, n int) Encoder {
	write := c.writeText(t, n)
	if t.Kind() != reflect.Pointer {
		return func(e *wire.Encoder, v reflect.Value) {
			e.Byte(wire.TagText)
			e.Bytes(write(e, v))
		}
	}
	x := c.crossing(t, n, false)
	return func(e *wire.Encoder, v reflect.Value) {
		switch {
		case v.IsNil():
			e.Byte(wire.TagNil)
		case e.Sharing != nil:
			e.Byte(wire.TagText)
			x.encode(e, v)
		default:
			e.Byte(wire.TagText)
			x.put(e, v)
		}
	}
}

// decodeText builds what decodes a value by its own methods.
func (c *Codec) decodeText(t reflect.Type, n int) (Decoder, Form, error) {
	read := c.readText(t, n)
	form := asText
	if c.api.Types[n].Class == api.Held {
		form = AsCopy
	}
	var x *crossing
	if t.Kind() == reflect.Pointer {
		x = c.crossing(t, n, false)
	}
	return func(d *Incoming, v reflect.Value) {
		tag := d.Byte()
		switch {
		case tag == wire.TagNil:
			v.SetZero()
		case x != nil && d.Sharing != nil && (tag == wire.TagText || tag == wire.TagValue):
			x.decode(d, v)
		case tag != wire.TagText:
			d.Fail(c.BadForm(t, n))
		case x != nil:
			if !d.ChargeEach(1, t.Elem().Size()) {
				return
			}
			fresh := reflect.New(t.Elem())
			read(d, fresh.Elem())
			v.Set(fresh.Convert(t))
		default:
			v.SetZero()
			read(d, v)
		}
	}, form, nil
}
