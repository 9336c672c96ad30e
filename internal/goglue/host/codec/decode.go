package codec

import (
	"errors"
	"fmt"
	"reflect"

	"github.com/loadgo/load/internal/goglue/api"
	"github.com/loadgo/load/internal/wire"
)

// Form is the form in which a result has to arrive for the host's type.
type Form uint8

const (
	EitherForm Form = iota
	AsCopy          // by value or as text, but not as a handle
	asValue
	asText
	AsHandle
	AsHeld // a pointer to a struct that is copied elsewhere, as a handle
)

// Mode is what asks the other side for the form.
func (f Form) Mode() uint64 {
	switch f {
	case AsCopy, asValue:
		return wire.ModeValue
	case asText:
		return wire.ModeText
	case AsHeld:
		return wire.ModeHold
	}
	return 0
}

// Decoder builds, once, what decodes the module's type n into a host's t, and tells the form that
// the module has to use.
func (c *Codec) Decoder(t reflect.Type, n int) (Decoder, Form, error) {
	if known, ok := c.decoders.Load(pairing{host: t, module: n}); ok {
		k := known.(formedDecoder)
		return k.decode, k.form, nil
	}
	var built Decoder
	var form Form
	err := c.build(func() (err error) {
		built, form, err = c.BuildDecoder(t, n)
		return err
	})
	return built, form, err
}

// BuildDecoder is decoder while c.building is held.
func (c *Codec) BuildDecoder(t reflect.Type, n int) (Decoder, Form, error) {
	key := pairing{host: t, module: n}
	if known, ok := c.decoders.Load(key); ok {
		k := known.(formedDecoder)
		return k.decode, k.form, nil
	}
	if known, ok := c.newDecoders[key]; ok {
		return known.decode, known.form, nil
	}
	var built Decoder
	c.newDecoders[key] = formedDecoder{func(d *Incoming, v reflect.Value) { built(d, v) }, EitherForm}
	made, form, err := c.makeDecoder(t, n)
	if err != nil {
		delete(c.newDecoders, key)
		return nil, form, err
	}
	built = func(d *Incoming, v reflect.Value) {
		if d.Enter() {
			made(d, v)
			d.Leave()
		}
	}
	c.newDecoders[key] = formedDecoder{built, form}
	return built, form, nil
}

type formedDecoder struct {
	decode Decoder
	form   Form
}

// both joins the forms of two parts of one result.
func both(a, b Form) (Form, error) {
	switch {
	case a == EitherForm || a == b:
		return b, nil
	case b == EitherForm:
		return a, nil
	case a == AsCopy && b != AsHandle:
		return b, nil
	case b == AsCopy && a != AsHandle:
		return a, nil
	case a != AsHandle && b != AsHandle:
		return a, errors.New("one result cannot hold values of types with a text form both as structure and as text")
	}
	return a, errors.New("one result cannot hold values and objects of types with methods: use *load.Object for all of them, or for none")
}

func (c *Codec) makeDecoder(t reflect.Type, n int) (Decoder, Form, error) {
	typ := &c.api.Types[n]
	if held, _ := HeldTwin(t); held && c.host.StandsFor(t, n) {
		return c.host.DecodeHeld(t, n)
	}
	switch {
	case typ.Kind == api.KindAny && t != AnyType && t != ObjectType: // an argument of a generic function of any
		return func(d *Incoming, v reflect.Value) { c.dynamic.DecodeTo(&d.Decoder, v) }, EitherForm, nil
	case typ.Kind == api.KindAny && t == AnyType:
		return func(d *Incoming, v reflect.Value) {
			if x := c.dynamic.Decode(&d.Decoder); x != nil {
				v.Set(reflect.ValueOf(x))
			} else {
				v.SetZero()
			}
		}, EitherForm, nil
	case typ.Kind == api.KindError && (t == ErrorType || t == AnyType):
		return c.host.DecodeError, EitherForm, nil
	case typ.Kind == api.KindInterface && t == AnyType:
		return c.host.DecodeInterface(n), AsCopy, nil
	case typ.Class != api.Data && (t == ObjectType || t == AnyType) || typ.Kind == api.KindContext && (t == ObjectType || t == AnyType):
		return c.host.DecodeObject(n), AsHandle, nil
	case t == ObjectType && typ.Class == api.Data && typ.Kind != api.KindAny && typ.Kind != api.KindError:
		return nil, EitherForm, c.Mismatch(t, n)
	case t == AnyType:
		natural := c.Natural(n)
		inner, form, err := c.BuildDecoder(natural, n)
		return func(d *Incoming, v reflect.Value) {
			if !d.ChargeEach(1, natural.Size()) {
				return
			}
			x := reflect.New(natural).Elem()
			inner(d, x)
			v.Set(x)
		}, form, err
	case typ.Kind == api.KindFunc && t.Kind() == reflect.Func:
		return c.host.DecodeFunc(t, n)
	case typ.Kind == api.KindChan && t.Kind() == reflect.Func:
		return c.host.DecodeSeq(t, n)
	case t == ErrorType && c.isError(n):
		return c.host.DecodeHeldError(n), asCopyOf(typ), nil
	case t.Kind() == reflect.Interface && typ.Class != api.Data:
		return c.host.DecodeAdapted(t, n)
	case c.textCodec(t, n) != api.CodecNone:
		return c.decodeText(t, n)
	case typ.Class == api.Held:
		return nil, EitherForm, c.Mismatch(t, n)
	case typ.Class == api.Data:
		return c.decodeValue(t, n)
	}
	if typ.Kind == api.KindPointer {
		return c.decodePointer(t, n)
	}
	inner, form, err := c.decodeValue(t, n)
	if err == nil {
		form, err = both(c.valueForm(n), form)
	}
	return func(d *Incoming, v reflect.Value) {
		switch d.Byte() {
		case wire.TagNil:
			v.SetZero()
		case wire.TagValue:
			inner(d, v)
		default:
			d.Fail(c.BadForm(t, n))
		}
	}, form, err
}

// BadForm says that a value of the module's type n came in a form that a type of the host does not
// take.
func (c *Codec) BadForm(t reflect.Type, n int) error {
	return fmt.Errorf("a value of type %s came in a form that cannot be a %s: use *load.Object", c.api.Types[n].Text, t)
}

// decodePointer builds what decodes a pointer that the module may also hold.
func (c *Codec) decodePointer(t reflect.Type, n int) (Decoder, Form, error) {
	if t.Kind() != reflect.Pointer {
		return nil, EitherForm, c.Mismatch(t, n)
	}
	x := c.crossing(t, n, false)
	return func(d *Incoming, v reflect.Value) {
		switch d.Byte() {
		case wire.TagNil:
			v.SetZero()
		case wire.TagValue, wire.TagText:
			x.decodeOrTake(d, v)
		default:
			d.Fail(c.BadForm(t, n))
		}
	}, c.valueForm(n), x.takeErr
}

// valueForm is the form that asks for the structure of a value of type n.
func (c *Codec) valueForm(n int) Form {
	if c.api.Pointed(n).Codec != api.CodecNone {
		return asValue
	}
	return AsCopy
}

// decodeValue builds what decodes the value itself, without a tag.
func (c *Codec) decodeValue(t reflect.Type, n int) (Decoder, Form, error) {
	typ := &c.api.Types[n]
	kind := api.Kind(t.Kind())
	switch {
	case typ.Kind == api.KindTime && t == timeType:
		return func(d *Incoming, v reflect.Value) { v.Set(reflect.ValueOf(d.Time())) }, EitherForm, nil
	case typ.Kind == api.KindPlace && t == placeType:
		return func(d *Incoming, v reflect.Value) { v.Set(reflect.ValueOf(d.Place())) }, EitherForm, nil
	case typ.Kind == api.KindDuration && kind == api.KindInt64:
		return func(d *Incoming, v reflect.Value) { v.SetInt(d.Int()) }, EitherForm, nil
	case kind != typ.Kind || kind == api.KindArray && t.Len() != typ.Len:
		return nil, EitherForm, c.Mismatch(t, n)
	}
	bits := 0
	if numeric(kind) {
		bits = t.Bits()
	}
	switch {
	case kind == api.KindBool:
		return func(d *Incoming, v reflect.Value) { v.SetBool(d.Bool()) }, EitherForm, nil
	case kind == api.KindString:
		return func(d *Incoming, v reflect.Value) { v.SetString(d.String()) }, EitherForm, nil
	case signed(kind):
		return func(d *Incoming, v reflect.Value) { v.SetInt(d.IntN(bits)) }, EitherForm, nil
	case unsigned(kind):
		return func(d *Incoming, v reflect.Value) { v.SetUint(d.UintN(bits)) }, EitherForm, nil
	case float(kind):
		return func(d *Incoming, v reflect.Value) { v.SetFloat(d.Float()) }, EitherForm, nil
	case numeric(kind):
		return func(d *Incoming, v reflect.Value) { re := d.Float(); v.SetComplex(complex(re, d.Float())) }, EitherForm, nil
	case kind == api.KindStruct:
		return c.decodeStruct(t, n)
	case kind == api.KindMap:
		return c.decodeMap(t, n)
	case kind == api.KindArray:
		return c.decodeArray(t, n)
	case kind == api.KindSlice:
		return c.decodeSlice(t, n)
	case kind == api.KindPointer:
		x := c.crossing(t, n, false)
		return func(d *Incoming, v reflect.Value) {
			if d.Sharing != nil || d.Bool() {
				x.decodeOrTake(d, v)
			} else {
				v.SetZero()
			}
		}, x.form, x.takeErr
	}
	return nil, EitherForm, c.Mismatch(t, n)
}

// isBytes reports whether the module's type crosses as bytes: a slice whose elements are byte
// itself.
func (c *Codec) isBytes(n int) bool {
	typ := &c.api.Types[n]
	elem := c.api.Types[typ.Elem].Text
	return typ.Kind == api.KindSlice && (elem == "byte" || elem == "uint8")
}

func (c *Codec) decodeArray(t reflect.Type, n int) (Decoder, Form, error) {
	typ := &c.api.Types[n]
	elem, form, err := c.part(t.Elem(), typ.Elem)
	return func(d *Incoming, v reflect.Value) {
		if typ.Len == 0 {
			d.Byte()
		}
		for j := 0; j < typ.Len && d.Err() == nil; j++ {
			elem(d, v.Index(j))
		}
	}, form, err
}

func (c *Codec) decodeSlice(t reflect.Type, n int) (Decoder, Form, error) {
	x := c.crossing(t, n, false)
	return func(d *Incoming, v reflect.Value) {
		switch {
		case d.Sharing != nil:
			x.decode(d, v)
		case x.bytes:
			v.SetBytes(d.Bytes())
		default:
			if count, ok := d.Len(1); ok {
				v.Set(x.elements(d, count))
			} else {
				v.SetZero()
			}
		}
	}, x.form, x.takeErr
}

func (c *Codec) decodeMap(t reflect.Type, n int) (Decoder, Form, error) {
	x := c.crossing(t, n, false)
	return func(d *Incoming, v reflect.Value) {
		if d.Sharing != nil {
			x.decode(d, v)
		} else if count, ok := d.Len(2); ok {
			v.Set(reflect.MakeMap(t))
			x.entries(d, v, count)
		} else {
			v.SetZero()
		}
	}, x.form, x.takeErr
}

// decodeStruct pairs fields by name; fields that the host's type lacks are dropped.
func (c *Codec) decodeStruct(t reflect.Type, n int) (Decoder, Form, error) {
	typ := &c.api.Types[n]
	if err := c.knownFields(t, n); err != nil {
		return nil, EitherForm, err
	}
	type step struct {
		index  int // in the host's type, or -1
		drop   int // the module's type of a field that the host lacks
		decode Decoder
	}
	steps := make([]step, len(typ.Fields))
	whole := EitherForm
	var dropped []int
	for j, f := range typ.Fields {
		host, ok := t.FieldByName(f.Name)
		if !ok || len(host.Index) != 1 || !host.IsExported() {
			dropped = append(dropped, j)
			continue
		}
		decode, form, err := c.BuildDecoder(host.Type, f.Type)
		if err == nil {
			whole, err = both(whole, form)
		}
		if err != nil {
			return nil, whole, fmt.Errorf("field %s: %w", f.Name, err)
		}
		steps[j] = step{index: host.Index[0], decode: decode}
	}
	for _, j := range dropped {
		steps[j] = step{index: -1, drop: typ.Fields[j].Type}
	}
	return func(d *Incoming, v reflect.Value) {
		if len(steps) == 0 {
			d.Byte()
		}
		for _, s := range steps {
			if s.index >= 0 {
				s.decode(d, v.Field(s.index))
			} else {
				c.skip(d, s.drop)
			}
		}
	}, whole, nil
}

// asCopyOf is the form of a value of which one of the host returns as itself.
func asCopyOf(t *api.Type) Form {
	if t.Kind == api.KindInterface {
		return AsCopy
	}
	return AsHandle
}
