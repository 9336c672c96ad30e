package host

import (
	"context"
	"fmt"
	"math"
	"reflect"
	"time"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/internal/goglue/api"
	"github.com/loadgo/load/internal/wire"
)

var (
	objectType   = reflect.TypeFor[*engine.Object]()
	anyType      = reflect.TypeFor[any]()
	errorType    = reflect.TypeFor[error]()
	contextType  = reflect.TypeFor[context.Context]()
	timeType     = reflect.TypeFor[time.Time]()
	durationType = reflect.TypeFor[time.Duration]()
	placeType    = reflect.TypeFor[*time.Location]()
)

// encoder encodes a host value as the module's type wants it.
type encoder func(e *wire.Encoder, v reflect.Value)

// decoder decodes a value of the module into v, which is settable and zero.
type decoder func(d *incoming, v reflect.Value)

// incoming is a message of the module.
type incoming struct {
	wire.Decoder
	ctx   context.Context // of the call that it answers
	taken *object         // the last one that was taken
}

// pairing is a type of the host and a type of the module that have to fit.
type pairing struct {
	host    reflect.Type
	module  int
	lenient bool
}

// mismatch says why a type of the host does not fit one of the module.
func (i *Instance) mismatch(t reflect.Type, n int) error {
	typ := &i.api.Types[n]
	switch {
	case typ.Kind == api.KindContext:
		return fmt.Errorf("a context is given as a parameter of its own only, and one of the module stays there: use *load.Object for a result, not %s", t)
	case typ.Class == api.Held:
		return fmt.Errorf("%s stays in the module: use *load.Object, not %s", typ.Text, t)
	case t == objectType:
		return fmt.Errorf("%s is copied: use %s, not *load.Object", typ.Text, i.natural(n))
	}
	return fmt.Errorf("%s does not fit %s", t, typ.Text)
}

// encoder builds, once, what encodes a host's t for the module's type n. Strict pairings are those
// of
// bound functions: types have the same shape. Lenient ones are those of calls by name: a number
// fits
// every numeric type that can hold its value, and what is in an interface counts.
func (i *Instance) encoder(t reflect.Type, n int, lenient bool) (encoder, error) {
	if known, ok := i.encoders.Load(pairing{t, n, lenient}); ok {
		return known.(encoder), nil
	}
	var built encoder
	err := i.build(func() (err error) {
		built, err = i.buildEncoder(t, n, lenient)
		return err
	})
	return built, err
}

// build lets one caller at a time build what encodes and decodes. Parts refer to each other: all of
// them are good
// afterwards, or none.
func (i *Instance) build(build func() error) error {
	i.building.Lock()
	defer i.building.Unlock()
	i.newEncoders, i.newDecoders, i.newCrossings = map[pairing]encoder{}, map[pairing]formedDecoder{}, map[pairing]*crossing{}
	err := build()
	if err == nil {
		for key, part := range i.newEncoders {
			i.encoders.Store(key, part)
		}
		for key, part := range i.newDecoders {
			i.decoders.Store(key, part)
		}
		for key, part := range i.newCrossings {
			i.crossings.Store(key, part)
		}
	}
	i.newEncoders, i.newDecoders, i.newCrossings = nil, nil, nil
	return err
}

// buildEncoder is encoder while i.building is held.
func (i *Instance) buildEncoder(t reflect.Type, n int, lenient bool) (encoder, error) {
	key := pairing{t, n, lenient}
	if known, ok := i.encoders.Load(key); ok {
		return known.(encoder), nil
	}
	if known, ok := i.newEncoders[key]; ok {
		return known, nil
	}
	var built encoder
	// A recursive type finds this one while it is being built.
	i.newEncoders[key] = func(e *wire.Encoder, v reflect.Value) { built(e, v) }
	made, err := i.makeEncoder(t, n, lenient)
	if err != nil {
		delete(i.newEncoders, key)
		return nil, err
	}
	built = func(e *wire.Encoder, v reflect.Value) {
		if e.Enter() {
			made(e, v)
			e.Leave()
		}
	}
	switch i.api.Types[n].Kind {
	case api.KindSlice, api.KindArray, api.KindMap, api.KindPointer, api.KindStruct:
	default:
		built = made
	}
	i.newEncoders[key] = built
	return built, nil
}

func (i *Instance) makeEncoder(t reflect.Type, n int, lenient bool) (encoder, error) {
	typ := &i.api.Types[n]
	if held, _ := heldTwin(t); held && typ.Kind != api.KindAny && typ.Kind != api.KindError {
		if typ.Kind != api.KindInterface && !i.standsFor(t, n) {
			return nil, i.mismatch(t, n)
		}
		return i.encodeHeld, nil
	}
	switch {
	case typ.Kind == api.KindAny:
		return func(e *wire.Encoder, v reflect.Value) { i.dynamic.Encode(e, v.Interface()) }, nil
	case typ.Kind == api.KindError && t.Implements(errorType):
		return i.encodeError, nil
	case t == objectType && (typ.Class != api.Data || typ.Kind == api.KindError):
		return i.encodeObject, nil
	case t == anyType || lenient && t.Kind() == reflect.Interface:
		return i.encodeInterface(n), nil
	case typ.Kind == api.KindTime && t == timeType:
		return func(e *wire.Encoder, v reflect.Value) { e.Time(v.Interface().(time.Time)) }, nil
	case typ.Kind == api.KindPlace && t == placeType:
		return func(e *wire.Encoder, v reflect.Value) { e.Place(v.Interface().(*time.Location)) }, nil
	case typ.Kind == api.KindFunc && t.Kind() == reflect.Func, typ.Kind == api.KindInterface && t.NumMethod() > 0:
		return i.encodeGiven(t, n)
	case i.codec(t, n) != api.CodecNone:
		return i.encodeText(t, n), nil
	case typ.Class == api.Data:
		return i.encodeValue(t, n, lenient)
	}
	if !typ.Made {
		return nil, i.mismatch(t, n)
	}
	if typ.Kind == api.KindPointer {
		if t.Kind() != reflect.Pointer {
			return nil, i.mismatch(t, n)
		}
		x := i.crossing(t, n, lenient)
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
	value, err := i.encodeValue(t, n, lenient)
	if err != nil {
		return nil, err
	}
	return func(e *wire.Encoder, v reflect.Value) {
		e.Byte(wire.TagValue)
		value(e, v)
	}, nil
}

func (i *Instance) encodeObject(e *wire.Encoder, v reflect.Value) {
	o := v.Interface().(*engine.Object)
	if o == nil {
		e.Byte(wire.TagNil)
		return
	}
	ref, ok := o.Ref().(*object)
	switch {
	case !ok || ref.instance != i:
		e.Fail(fmt.Errorf("the object %s belongs to another module", o.TypeName()))
	case ref.released.Load():
		e.Fail(errReleased)
	default:
		e.Byte(wire.TagHandle)
		e.Handle(ref.handle)
	}
}

// encodeInterface encodes what the host's interface holds at the time of the call.
func (i *Instance) encodeInterface(n int) encoder {
	typ := &i.api.Types[n]
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
		inner, err := i.encoder(v.Elem().Type(), n, true)
		if err != nil {
			e.Fail(err)
			return
		}
		inner(e, v.Elem())
	}
}

// encodeValue builds what encodes the value itself, without a tag.
func (i *Instance) encodeValue(t reflect.Type, n int, lenient bool) (encoder, error) {
	typ := &i.api.Types[n]
	kind := api.Kind(t.Kind())
	switch {
	case typ.Kind == api.KindTime && t == timeType, typ.Kind == api.KindPlace && t == placeType:
		return i.makeEncoder(t, n, lenient)
	case typ.Kind == api.KindDuration && (t == durationType || t.Kind() == reflect.Int64 || lenient && numeric(kind)):
		return encodeNumber(api.KindInt64, typ.Text, t)
	case numeric(typ.Kind) && (kind == typ.Kind || lenient && numeric(kind)):
		return encodeNumber(typ.Kind, typ.Text, t)
	case kind == api.KindPointer && typ.Kind == api.KindPointer:
		x := i.crossing(t, n, lenient)
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
		return i.encodeStruct(t, n, lenient)
	case typ.Kind == api.KindMap && kind == api.KindMap:
		return i.encodeMap(t, n, lenient)
	case typ.Kind == api.KindSlice && kind == api.KindSlice, typ.Kind == api.KindArray && kind == api.KindArray && t.Len() == typ.Len:
		return i.encodeList(t, n, lenient)
	case kind != typ.Kind:
		return nil, i.mismatch(t, n)
	}
	switch kind {
	case api.KindBool:
		return func(e *wire.Encoder, v reflect.Value) { e.Bool(v.Bool()) }, nil
	case api.KindString:
		return func(e *wire.Encoder, v reflect.Value) { e.String(v.String()) }, nil
	}
	return nil, i.mismatch(t, n)
}

func numeric(k api.Kind) bool { return k >= api.KindInt && k <= api.KindComplex128 }

func signed(k api.Kind) bool   { return k >= api.KindInt && k <= api.KindInt64 }
func unsigned(k api.Kind) bool { return k >= api.KindUint && k <= api.KindUintptr }
func float(k api.Kind) bool    { return k == api.KindFloat32 || k == api.KindFloat64 }

// encodeNumber encodes a host's number for a module's kind. Where the kinds differ, the value has
// to fit.
func encodeNumber(kind api.Kind, text string, t reflect.Type) (encoder, error) {
	host := api.Kind(t.Kind())
	switch {
	case signed(host) && kind == host:
		return func(e *wire.Encoder, v reflect.Value) { e.Int(v.Int()) }, nil
	case unsigned(host) && kind == host:
		return func(e *wire.Encoder, v reflect.Value) { e.Uint(v.Uint()) }, nil
	case float(host) && kind == host:
		return func(e *wire.Encoder, v reflect.Value) { e.Float(v.Float()) }, nil
	}
	target := kindTypes[kind]
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

var kindTypes = map[api.Kind]reflect.Type{
	api.KindInt: reflect.TypeFor[int](), api.KindInt8: reflect.TypeFor[int8](), api.KindInt16: reflect.TypeFor[int16](), api.KindInt32: reflect.TypeFor[int32](),
	api.KindInt64: reflect.TypeFor[int64](), api.KindUint: reflect.TypeFor[uint](), api.KindUint8: reflect.TypeFor[uint8](), api.KindUint16: reflect.TypeFor[uint16](),
	api.KindUint32: reflect.TypeFor[uint32](), api.KindUint64: reflect.TypeFor[uint64](), api.KindUintptr: reflect.TypeFor[uintptr](),
	api.KindFloat32: reflect.TypeFor[float32](), api.KindFloat64: reflect.TypeFor[float64](), api.KindComplex64: reflect.TypeFor[complex64](),
	api.KindComplex128: reflect.TypeFor[complex128](), api.KindBool: reflect.TypeFor[bool](), api.KindString: reflect.TypeFor[string](),
	api.KindTime: timeType, api.KindDuration: durationType, api.KindPlace: placeType, api.KindError: errorType, api.KindAny: anyType, api.KindContext: contextType,
}

// convertNumber converts between any two numeric types, complex ones included.
func convertNumber(v reflect.Value, t reflect.Type) reflect.Value {
	from, to := api.Kind(v.Kind()), api.Kind(t.Kind())
	fromComplex, toComplex := from == api.KindComplex64 || from == api.KindComplex128, to == api.KindComplex64 || to == api.KindComplex128
	switch {
	case fromComplex && !toComplex:
		return reflect.ValueOf(real(v.Complex())).Convert(t)
	case !fromComplex && toComplex:
		return reflect.ValueOf(complex(v.Convert(kindTypes[api.KindFloat64]).Float(), 0)).Convert(t)
	}
	return v.Convert(t)
}

// fits reports whether a number keeps its value in another numeric type. A float keeps it in a
// shorter
// float when it is in range: literals are rarely exact.
func fits(v reflect.Value, t reflect.Type) bool {
	from, to := api.Kind(v.Kind()), api.Kind(t.Kind())
	switch whole := signed(from) || unsigned(from); {
	case whole && to == api.KindComplex64:
		return fits(v, kindTypes[api.KindFloat32])
	case whole && to == api.KindComplex128:
		return fits(v, kindTypes[api.KindFloat64])
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
