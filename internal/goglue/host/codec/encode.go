package codec

import (
	"fmt"
	"math"
	"reflect"
	"time"

	"github.com/loadgo/load/internal/goglue/api"
	"github.com/loadgo/load/internal/wire"
)

// Encoder builds, once, what encodes a host's t for the module's type n. Strict pairings are those
// of bound functions: types have the same shape. Lenient ones are those of calls by name: a number
// fits every numeric type that can hold its value, and what is in an interface counts.
func (c *Codec) Encoder(t reflect.Type, n int, lenient bool) (Encoder, error) {
	if known, ok := c.encoders.Load(pairing{t, n, lenient}); ok {
		return known.(Encoder), nil
	}
	var built Encoder
	err := c.build(func() (err error) {
		built, err = c.BuildEncoder(t, n, lenient)
		return err
	})
	return built, err
}

// BuildEncoder is encoder while c.building is held.
func (c *Codec) BuildEncoder(t reflect.Type, n int, lenient bool) (Encoder, error) {
	key := pairing{t, n, lenient}
	if known, ok := c.encoders.Load(key); ok {
		return known.(Encoder), nil
	}
	if known, ok := c.newEncoders[key]; ok {
		return known, nil
	}
	var built Encoder
	// A recursive type finds this one while it is being built.
	c.newEncoders[key] = func(e *wire.Encoder, v reflect.Value) { built(e, v) }
	made, err := c.makeEncoder(t, n, lenient)
	if err != nil {
		delete(c.newEncoders, key)
		return nil, err
	}
	built = func(e *wire.Encoder, v reflect.Value) {
		if e.Enter() {
			made(e, v)
			e.Leave()
		}
	}
	switch c.api.Types[n].Kind {
	case api.KindSlice, api.KindArray, api.KindMap, api.KindPointer, api.KindStruct:
	default:
		built = made
	}
	c.newEncoders[key] = built
	return built, nil
}

func (c *Codec) makeEncoder(t reflect.Type, n int, lenient bool) (Encoder, error) {
	typ := &c.api.Types[n]
	if held, _ := HeldTwin(t); held && typ.Kind != api.KindAny && typ.Kind != api.KindError {
		if typ.Kind != api.KindInterface && !c.host.StandsFor(t, n) {
			return nil, c.Mismatch(t, n)
		}
		return c.host.EncodeHeld, nil
	}
	switch {
	case typ.Kind == api.KindAny:
		return func(e *wire.Encoder, v reflect.Value) { c.dynamic.Encode(e, v.Interface()) }, nil
	case typ.Kind == api.KindError && t.Implements(ErrorType):
		return c.host.EncodeError, nil
	case t == ObjectType && (typ.Class != api.Data || typ.Kind == api.KindError):
		return c.host.EncodeObject, nil
	case t == AnyType || lenient && t.Kind() == reflect.Interface:
		return c.encodeInterface(n), nil
	case typ.Kind == api.KindTime && t == timeType:
		return func(e *wire.Encoder, v reflect.Value) { e.Time(v.Interface().(time.Time)) }, nil
	case typ.Kind == api.KindPlace && t == placeType:
		return func(e *wire.Encoder, v reflect.Value) { e.Place(v.Interface().(*time.Location)) }, nil
	case typ.Kind == api.KindFunc && t.Kind() == reflect.Func, typ.Kind == api.KindInterface && t.NumMethod() > 0:
		return c.host.EncodeGiven(t, n)
	case c.textCodec(t, n) != api.CodecNone:
		return c.encodeText(t, n), nil
	case typ.Class == api.Data:
		return c.encodeValue(t, n, lenient)
	}
	if !typ.Made {
		return nil, c.Mismatch(t, n)
	}
	if typ.Kind == api.KindPointer {
		if t.Kind() != reflect.Pointer {
			return nil, c.Mismatch(t, n)
		}
		x := c.crossing(t, n, lenient)
		return func(e *wire.Encoder, v reflect.Value) {
			switch {
			case v.IsNil():
				e.Byte(wire.TagNil)
				return
			case e.Sharing != nil:
				e.Byte(wire.TagValue)
				x.encode(e, v)
				return
			}
			e.Byte(wire.TagValue)
			x.put(e, v)
		}, x.putErr
	}
	value, err := c.encodeValue(t, n, lenient)
	if err != nil {
		return nil, err
	}
	return func(e *wire.Encoder, v reflect.Value) {
		e.Byte(wire.TagValue)
		value(e, v)
	}, nil
}

// encodeInterface encodes what the host's interface holds at the time of the call.
func (c *Codec) encodeInterface(n int) Encoder {
	typ := &c.api.Types[n]
	return func(e *wire.Encoder, v reflect.Value) {
		if v.IsNil() {
			switch {
			case typ.Class != api.Data || typ.Kind == api.KindError || typ.Kind == api.KindAny || typ.Kind == api.KindPlace:
				e.Byte(wire.TagNil)
			case typ.Kind == api.KindSlice || typ.Kind == api.KindMap:
				e.Len(0, true)
			case typ.Kind == api.KindPointer:
				e.Bool(false)
			default:
				e.Fail(fmt.Errorf("nil does not fit %s", typ.Text))
			}
			return
		}
		inner, err := c.Encoder(v.Elem().Type(), n, true)
		if err != nil {
			e.Fail(err)
			return
		}
		inner(e, v.Elem())
	}
}

// encodeValue builds what encodes the value itself, without a tag.
func (c *Codec) encodeValue(t reflect.Type, n int, lenient bool) (Encoder, error) {
	typ := &c.api.Types[n]
	kind := api.Kind(t.Kind())
	switch {
	case typ.Kind == api.KindTime && t == timeType, typ.Kind == api.KindPlace && t == placeType:
		return c.makeEncoder(t, n, lenient)
	case typ.Kind == api.KindDuration && (t == durationType || t.Kind() == reflect.Int64 || lenient && numeric(kind)):
		return encodeNumber(api.KindInt64, typ.Text, t)
	case numeric(typ.Kind) && (kind == typ.Kind || lenient && numeric(kind)):
		return encodeNumber(typ.Kind, typ.Text, t)
	case kind == api.KindPointer && typ.Kind == api.KindPointer:
		x := c.crossing(t, n, lenient)
		return func(e *wire.Encoder, v reflect.Value) {
			if e.Sharing != nil {
				x.encode(e, v)
				return
			}
			e.Bool(!v.IsNil())
			if !v.IsNil() {
				x.put(e, v)
			}
		}, x.putErr
	case kind == api.KindStruct && typ.Kind == api.KindStruct:
		return c.encodeStruct(t, n, lenient)
	case typ.Kind == api.KindMap && kind == api.KindMap:
		return c.encodeMap(t, n, lenient)
	case typ.Kind == api.KindSlice && kind == api.KindSlice, typ.Kind == api.KindArray && kind == api.KindArray && t.Len() == typ.Len:
		return c.encodeList(t, n, lenient)
	case kind != typ.Kind:
		return nil, c.Mismatch(t, n)
	}
	switch kind {
	case api.KindBool:
		return func(e *wire.Encoder, v reflect.Value) { e.Bool(v.Bool()) }, nil
	case api.KindString:
		return func(e *wire.Encoder, v reflect.Value) { e.String(v.String()) }, nil
	}
	return nil, c.Mismatch(t, n)
}

func numeric(k api.Kind) bool { return k >= api.KindInt && k <= api.KindComplex128 }

func signed(k api.Kind) bool   { return k >= api.KindInt && k <= api.KindInt64 }
func unsigned(k api.Kind) bool { return k >= api.KindUint && k <= api.KindUintptr }
func float(k api.Kind) bool    { return k == api.KindFloat32 || k == api.KindFloat64 }

// encodeNumber encodes a host's number for a module's kind. Where the kinds differ, the value has
// to fit.
func encodeNumber(kind api.Kind, text string, t reflect.Type) (Encoder, error) {
	host := api.Kind(t.Kind())
	switch {
	case signed(host) && kind == host:
		return func(e *wire.Encoder, v reflect.Value) { e.Int(v.Int()) }, nil
	case unsigned(host) && kind == host:
		return func(e *wire.Encoder, v reflect.Value) { e.Uint(v.Uint()) }, nil
	case float(host) && kind == host:
		return func(e *wire.Encoder, v reflect.Value) { e.Float(v.Float()) }, nil
	}
	target := KindTypes[kind]
	return func(e *wire.Encoder, v reflect.Value) {
		if !fits(v, target) {
			e.Fail(fmt.Errorf("%v (%s) does not fit %s", v, v.Type(), text))
			return
		}
		switch {
		case signed(kind):
			e.Int(convertNumber(v, target).Int())
		case unsigned(kind):
			e.Uint(convertNumber(v, target).Uint())
		case float(kind):
			e.Float(convertNumber(v, target).Float())
		default:
			c := convertNumber(v, target).Complex()
			e.Float(real(c))
			e.Float(imag(c))
		}
	}, nil
}

var KindTypes = map[api.Kind]reflect.Type{
	api.KindInt: reflect.TypeFor[int](), api.KindInt8: reflect.TypeFor[int8](), api.KindInt16: reflect.TypeFor[int16](), api.KindInt32: reflect.TypeFor[int32](),
	api.KindInt64: reflect.TypeFor[int64](), api.KindUint: reflect.TypeFor[uint](), api.KindUint8: reflect.TypeFor[uint8](), api.KindUint16: reflect.TypeFor[uint16](),
	api.KindUint32: reflect.TypeFor[uint32](), api.KindUint64: reflect.TypeFor[uint64](), api.KindUintptr: reflect.TypeFor[uintptr](),
	api.KindFloat32: reflect.TypeFor[float32](), api.KindFloat64: reflect.TypeFor[float64](), api.KindComplex64: reflect.TypeFor[complex64](),
	api.KindComplex128: reflect.TypeFor[complex128](), api.KindBool: reflect.TypeFor[bool](), api.KindString: reflect.TypeFor[string](),
	api.KindTime: timeType, api.KindDuration: durationType, api.KindPlace: placeType, api.KindError: ErrorType, api.KindAny: AnyType, api.KindContext: ContextType,
}

// convertNumber converts between any two numeric types, complex ones included.
func convertNumber(v reflect.Value, t reflect.Type) reflect.Value {
	from, to := api.Kind(v.Kind()), api.Kind(t.Kind())
	fromComplex, toComplex := from == api.KindComplex64 || from == api.KindComplex128, to == api.KindComplex64 || to == api.KindComplex128
	switch {
	case fromComplex && !toComplex:
		return reflect.ValueOf(real(v.Complex())).Convert(t)
	case !fromComplex && toComplex:
		return reflect.ValueOf(complex(v.Convert(KindTypes[api.KindFloat64]).Float(), 0)).Convert(t)
	}
	return v.Convert(t)
}

// fits reports whether a number keeps its value in another numeric type. A float keeps it in a
// shorter float when it is in range: literals are rarely exact.
func fits(v reflect.Value, t reflect.Type) bool {
	from, to := api.Kind(v.Kind()), api.Kind(t.Kind())
	switch whole := signed(from) || unsigned(from); {
	case whole && to == api.KindComplex64:
		return fits(v, KindTypes[api.KindFloat32])
	case whole && to == api.KindComplex128:
		return fits(v, KindTypes[api.KindFloat64])
	}
	if float(from) && float(to) || to == api.KindComplex64 || to == api.KindComplex128 {
		return to != api.KindFloat32 || math.Abs(v.Float()) <= math.MaxFloat32 || math.IsInf(v.Float(), 0) || math.IsNaN(v.Float())
	}
	there := convertNumber(v, t)
	switch {
	case signed(from) && unsigned(to):
		return v.Int() >= 0 && there.Uint() == uint64(v.Int())
	case unsigned(from) && signed(to):
		return there.Int() >= 0 && uint64(there.Int()) == v.Uint()
	case float(from) && signed(to):
		return v.Float() >= math.MinInt64 && v.Float() < math.MaxInt64 && float64(there.Int()) == v.Float()
	case float(from) && unsigned(to):
		return v.Float() >= 0 && v.Float() < math.MaxUint64 && float64(there.Uint()) == v.Float()
	case from == api.KindComplex64 || from == api.KindComplex128:
		return imag(v.Complex()) == 0 && fits(reflect.ValueOf(real(v.Complex())), t)
	case float(to) && signed(from):
		return there.Float() < math.MaxInt64 && int64(there.Float()) == v.Int()
	case float(to):
		return there.Float() < math.MaxUint64 && uint64(there.Float()) == v.Uint()
	}
	return convertNumber(there, v.Type()).Equal(v)
}
