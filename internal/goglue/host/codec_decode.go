package host

import (
	"errors"
	"fmt"
	"reflect"

	"github.com/loadgo/load/internal/goglue/api"
	"github.com/loadgo/load/internal/wire"
)

// form is the form in which a result has to arrive for the host's type.
type form uint8

const (
	eitherForm form = iota
	asCopy          // by value or as text, but not as a handle
	asValue
	asText
	asHandle
	asHeld // a pointer to a struct that is copied elsewhere, as a handle
)

// mode is what asks the other side for the form.
func (f form) mode() uint64 {
	switch f {
	case asCopy, asValue:
		return wire.ModeValue
	case asText:
		return wire.ModeText
	case asHeld:
		return wire.ModeHold
	}
	return 0
}

// decoder builds, once, what decodes the module's type n into a host's t, and tells the form that
// the
// module has to use.
func (i *Instance) decoder(t reflect.Type, n int) (decoder, form, error) {
	if known, ok := i.decoders.Load(pairing{host: t, module: n}); ok {
		k := known.(formedDecoder)
		return k.decode, k.form, nil
	}
	var built decoder
	var form form
	err := i.build(func() (err error) {
		built, form, err = i.buildDecoder(t, n)
		return err
	})
	return built, form, err
}

// buildDecoder is decoder while i.building is held.
func (i *Instance) buildDecoder(t reflect.Type, n int) (decoder, form, error) {
	key := pairing{host: t, module: n}
	if known, ok := i.decoders.Load(key); ok {
		k := known.(formedDecoder)
		return k.decode, k.form, nil
	}
	if known, ok := i.newDecoders[key]; ok {
		return known.decode, known.form, nil
	}
	var built decoder
	i.newDecoders[key] = formedDecoder{func(d *incoming, v reflect.Value) { built(d, v) }, eitherForm}
	made, form, err := i.makeDecoder(t, n)
	if err != nil {
		delete(i.newDecoders, key)
		return nil, form, err
	}
	built = func(d *incoming, v reflect.Value) {
		if d.Enter() {
			made(d, v)
			d.Leave()
		}
	}
	i.newDecoders[key] = formedDecoder{built, form}
	return built, form, nil
}

type formedDecoder struct {
	decode decoder
	form   form
}

// both joins the forms of two parts of one result.
func both(a, b form) (form, error) {
	switch {
	case a == eitherForm || a == b:
		return b, nil
	case b == eitherForm:
		return a, nil
	case a == asCopy && b != asHandle:
		return b, nil
	case b == asCopy && a != asHandle:
		return a, nil
	case a != asHandle && b != asHandle:
		return a, errors.New("one result cannot hold values of types with a text form both as structure and as text")
	}
	return a, errors.New("one result cannot hold values and objects of types with methods: use *load.Object for all of them, or for none")
}

func (i *Instance) makeDecoder(t reflect.Type, n int) (decoder, form, error) {
	typ := &i.api.Types[n]
	if held, _ := heldTwin(t); held && i.standsFor(t, n) {
		return i.decodeHeld(t, n)
	}
	switch {
	case typ.Kind == api.KindAny && t != anyType && t != objectType: // an argument of a generic function of any
		return func(d *incoming, v reflect.Value) { i.dynamic.DecodeTo(&d.Decoder, v) }, eitherForm, nil
	case typ.Kind == api.KindAny && t == anyType:
		return func(d *incoming, v reflect.Value) {
			if x := i.dynamic.Decode(&d.Decoder); x != nil {
				v.Set(reflect.ValueOf(x))
			} else {
				v.SetZero()
			}
		}, eitherForm, nil
	case typ.Kind == api.KindError && (t == errorType || t == anyType):
		return i.decodeError, eitherForm, nil
	case typ.Kind == api.KindInterface && t == anyType:
		return i.decodeInterface(n), asCopy, nil
	case typ.Class != api.Data && (t == objectType || t == anyType) || typ.Kind == api.KindContext && (t == objectType || t == anyType):
		return i.decodeObject(n), asHandle, nil
	case t == objectType && typ.Class == api.Data && typ.Kind != api.KindAny && typ.Kind != api.KindError:
		return nil, eitherForm, i.mismatch(t, n)
	case t == anyType:
		natural := i.natural(n)
		inner, form, err := i.buildDecoder(natural, n)
		return func(d *incoming, v reflect.Value) {
			if !d.ChargeEach(1, natural.Size()) {
				return
			}
			x := reflect.New(natural).Elem()
			inner(d, x)
			v.Set(x)
		}, form, err
	case typ.Kind == api.KindFunc && t.Kind() == reflect.Func:
		return i.decodeFunc(t, n)
	case typ.Kind == api.KindChan && t.Kind() == reflect.Func:
		return i.decodeSeq(t, n)
	case t == errorType && i.isError(n):
		return i.decodeHeldError(n), asCopyOf(typ), nil
	case t.Kind() == reflect.Interface && typ.Class != api.Data:
		return i.decodeAdapted(t, n)
	case i.codec(t, n) != api.CodecNone:
		return i.decodeText(t, n)
	case typ.Class == api.Held:
		return nil, eitherForm, i.mismatch(t, n)
	case typ.Class == api.Data:
		return i.decodeValue(t, n)
	}
	if typ.Kind == api.KindPointer {
		return i.decodePointer(t, n)
	}
	inner, _, err := i.decodeValue(t, n)
	return func(d *incoming, v reflect.Value) {
		switch d.Byte() {
		case wire.TagNil:
			v.SetZero()
		case wire.TagValue:
			inner(d, v)
		default:
			d.Fail(i.badForm(t, n))
		}
	}, i.valueForm(n), err
}

// badForm says that a value of the module's type n came in a form that a type of the host does not
// take.
func (i *Instance) badForm(t reflect.Type, n int) error {
	return fmt.Errorf("a value of type %s came in a form that cannot be a %s: use *load.Object", i.api.Types[n].Text, t)
}

// decodePointer builds what decodes a pointer that the module may also hold.
func (i *Instance) decodePointer(t reflect.Type, n int) (decoder, form, error) {
	if t.Kind() != reflect.Pointer {
		return nil, eitherForm, i.mismatch(t, n)
	}
	x := i.crossing(t, n, false)
	return func(d *incoming, v reflect.Value) {
		switch d.Byte() {
		case wire.TagNil:
			v.SetZero()
		case wire.TagValue, wire.TagText:
			x.decodeOrTake(d, v)
		default:
			d.Fail(i.badForm(t, n))
		}
	}, i.valueForm(n), x.takeErr
}

// valueForm is the form that asks for the structure of a value of type n.
func (i *Instance) valueForm(n int) form {
	if i.pointed(n).Codec != api.CodecNone {
		return asValue
	}
	return asCopy
}

// decodeValue builds what decodes the value itself, without a tag.
func (i *Instance) decodeValue(t reflect.Type, n int) (decoder, form, error) {
	typ := &i.api.Types[n]
	kind := api.Kind(t.Kind())
	switch {
	case typ.Kind == api.KindTime && t == timeType:
		return func(d *incoming, v reflect.Value) { v.Set(reflect.ValueOf(d.Time())) }, eitherForm, nil
	case typ.Kind == api.KindPlace && t == placeType:
		return func(d *incoming, v reflect.Value) { v.Set(reflect.ValueOf(d.Place())) }, eitherForm, nil
	case typ.Kind == api.KindDuration && kind == api.KindInt64:
		return func(d *incoming, v reflect.Value) { v.SetInt(d.Int()) }, eitherForm, nil
	case kind != typ.Kind || kind == api.KindArray && t.Len() != typ.Len:
		return nil, eitherForm, i.mismatch(t, n)
	}
	bits := 0
	if numeric(kind) {
		bits = t.Bits()
	}
	switch {
	case kind == api.KindBool:
		return func(d *incoming, v reflect.Value) { v.SetBool(d.Bool()) }, eitherForm, nil
	case kind == api.KindString:
		return func(d *incoming, v reflect.Value) { v.SetString(d.String()) }, eitherForm, nil
	case signed(kind):
		return func(d *incoming, v reflect.Value) { v.SetInt(d.IntN(bits)) }, eitherForm, nil
	case unsigned(kind):
		return func(d *incoming, v reflect.Value) { v.SetUint(d.UintN(bits)) }, eitherForm, nil
	case float(kind):
		return func(d *incoming, v reflect.Value) { v.SetFloat(d.Float()) }, eitherForm, nil
	case numeric(kind):
		return func(d *incoming, v reflect.Value) { re := d.Float(); v.SetComplex(complex(re, d.Float())) }, eitherForm, nil
	case kind == api.KindStruct:
		return i.decodeStruct(t, n)
	case kind == api.KindMap:
		return i.decodeMap(t, n)
	case kind == api.KindArray:
		return i.decodeArray(t, n)
	case kind == api.KindSlice:
		return i.decodeSlice(t, n)
	case kind == api.KindPointer:
		x := i.crossing(t, n, false)
		return func(d *incoming, v reflect.Value) {
			if d.Sharing != nil || d.Bool() {
				x.decodeOrTake(d, v)
			} else {
				v.SetZero()
			}
		}, x.form, x.takeErr
	}
	return nil, eitherForm, i.mismatch(t, n)
}

// isBytes reports whether the module's type crosses as bytes: a slice whose elements are byte
// itself.
func (i *Instance) isBytes(n int) bool {
	typ := &i.api.Types[n]
	elem := i.api.Types[typ.Elem].Text
	return typ.Kind == api.KindSlice && (elem == "byte" || elem == "uint8")
}

func (i *Instance) decodeArray(t reflect.Type, n int) (decoder, form, error) {
	typ := &i.api.Types[n]
	elem, form, err := i.part(t.Elem(), typ.Elem)
	return func(d *incoming, v reflect.Value) {
		if typ.Len == 0 {
			d.Byte()
		}
		for j := 0; j < typ.Len && d.Err() == nil; j++ {
			elem(d, v.Index(j))
		}
	}, form, err
}

func (i *Instance) decodeSlice(t reflect.Type, n int) (decoder, form, error) {
	x := i.crossing(t, n, false)
	return func(d *incoming, v reflect.Value) {
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

func (i *Instance) decodeMap(t reflect.Type, n int) (decoder, form, error) {
	x := i.crossing(t, n, false)
	return func(d *incoming, v reflect.Value) {
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
func (i *Instance) decodeStruct(t reflect.Type, n int) (decoder, form, error) {
	typ := &i.api.Types[n]
	if err := i.knownFields(t, n); err != nil {
		return nil, eitherForm, err
	}
	type step struct {
		index  int // in the host's type, or -1
		drop   int // the module's type of a field that the host lacks
		decode decoder
	}
	steps := make([]step, len(typ.Fields))
	whole := eitherForm
	var dropped []int
	for j, f := range typ.Fields {
		host, ok := t.FieldByName(f.Name)
		if !ok || len(host.Index) != 1 || !host.IsExported() {
			dropped = append(dropped, j)
			continue
		}
		decode, form, err := i.buildDecoder(host.Type, f.Type)
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
	return func(d *incoming, v reflect.Value) {
		if len(steps) == 0 {
			d.Byte()
		}
		for _, s := range steps {
			if s.index >= 0 {
				s.decode(d, v.Field(s.index))
			} else {
				i.skip(d, s.drop)
			}
		}
	}, whole, nil
}
