package wit

import (
	"fmt"
	"math"
	"reflect"

	"github.com/tetratelabs/wazero/api"

	"github.com/loadgo/load/internal/wasmvalue"
)

// Core is the WebAssembly type of a number.
func Core(t Type) api.ValueType {
	switch t {
	case U64, S64:
		return api.ValueTypeI64
	case F32:
		return api.ValueTypeF32
	case F64:
		return api.ValueTypeF64
	}
	return api.ValueTypeI32
}

// goTypes are the Go types.
var goTypes = map[Type]reflect.Type{
	String: reflect.TypeFor[string](), Bytes: reflect.TypeFor[[]byte](), Bool: reflect.TypeFor[bool](), Char: reflect.TypeFor[rune](),
	U8: reflect.TypeFor[uint8](), U16: reflect.TypeFor[uint16](), U32: reflect.TypeFor[uint32](), U64: reflect.TypeFor[uint64](),
	S8: reflect.TypeFor[int8](), S16: reflect.TypeFor[int16](), S32: reflect.TypeFor[int32](), S64: reflect.TypeFor[int64](),
	F32: reflect.TypeFor[float32](), F64: reflect.TypeFor[float64](),
}

// Loosened is an argument whose type is seen only at the call: where a float is wanted, an integer
// and a float of another size that is the same number are one.
func Loosened(v reflect.Value, t Type) reflect.Value {
	if t != F32 && t != F64 || !v.IsValid() {
		return v
	}
	if v.CanInt() && int64(float64(v.Int())) == v.Int() {
		v = reflect.ValueOf(float64(v.Int()))
	}
	if v.CanFloat() && t == F32 && (math.IsInf(v.Float(), 0) || !reflect.Zero(GoType(t)).OverflowFloat(v.Float())) {
		v = reflect.ValueOf(float32(v.Float()))
	}
	return v
}

// Encode makes a WebAssembly value of a Go number that the type has.
func Encode(v reflect.Value, t Type) (uint64, error) {
	want := GoType(t)
	if !v.IsValid() || !fitsNumber(v.Type(), t, true) {
		return 0, misfit(v, t)
	}
	if t == Bool || t == F32 || t == F64 {
		return wasmvalue.Encode(v, Core(t))
	}
	to := reflect.New(want).Elem()
	switch {
	case v.CanInt() && to.CanInt() && !to.OverflowInt(v.Int()), v.CanInt() && to.CanUint() && v.Int() >= 0 && !to.OverflowUint(uint64(v.Int())):
		return narrowed(uint64(v.Int()), t)
	case v.CanUint() && to.CanUint() && !to.OverflowUint(v.Uint()), v.CanUint() && to.CanInt() && v.Uint() <= math.MaxInt64 && !to.OverflowInt(int64(v.Uint())):
		return narrowed(v.Uint(), t)
	}
	return 0, fmt.Errorf("%v does not fit into a %s", v, want)
}

// fitsNumber reports whether Go values of a type can be such numbers.
func fitsNumber(g reflect.Type, t Type, argument bool) bool {
	if t == Bool {
		return g.Kind() == reflect.Bool
	}
	return g.Kind() != reflect.Bool && wasmvalue.Fits(g, Core(t), argument)
}

func narrowed(n uint64, t Type) (uint64, error) {
	if t == Char && (n > 0x10ffff || n >= 0xd800 && n < 0xe000) {
		return 0, fmt.Errorf("%#x is no character", n)
	}
	if Core(t) == api.ValueTypeI32 {
		n = uint64(uint32(n))
	}
	return n, nil
}

// Decode sets a Go number to a WebAssembly value of a type.
func Decode(bits uint64, t Type, to reflect.Value) error {
	exact := reflect.New(GoType(t)).Elem()
	if exact.CanInt() || !exact.CanUint() {
		if err := wasmvalue.Decode(bits, Core(t), exact); err != nil {
			return err
		}
	} else {
		if Core(t) == api.ValueTypeI32 {
			bits = uint64(uint32(bits))
		}
		if exact.OverflowUint(bits) {
			return fmt.Errorf("%d is no %s", bits, t.Name)
		}
		exact.SetUint(bits)
	}
	switch {
	case exact.CanInt() && to.CanInt() && !to.OverflowInt(exact.Int()):
		to.SetInt(exact.Int())
	case exact.CanInt() && to.CanUint() && exact.Int() >= 0 && !to.OverflowUint(uint64(exact.Int())):
		to.SetUint(uint64(exact.Int()))
	case exact.CanUint() && to.CanUint() && !to.OverflowUint(exact.Uint()):
		to.SetUint(exact.Uint())
	case exact.CanUint() && to.CanInt() && exact.Uint() <= math.MaxInt64 && !to.OverflowInt(int64(exact.Uint())):
		to.SetInt(int64(exact.Uint()))
	case exact.CanFloat() && to.CanFloat():
		to.SetFloat(exact.Float())
	case exact.Kind() == reflect.Bool:
		to.SetBool(exact.Bool())
	default:
		return fmt.Errorf("%v does not fit into a %s", exact, to.Type())
	}
	return nil
}
