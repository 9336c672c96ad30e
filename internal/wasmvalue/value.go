// Package wasmvalue takes numbers between WebAssembly and Go.
package wasmvalue

import (
	"fmt"
	"go/token"
	"math"
	"reflect"
	"slices"
	"strings"

	"github.com/tetratelabs/wazero/api"

	"github.com/loadgo/load/engine"
)

// GoType is the Go type of a WebAssembly value.
func GoType(t api.ValueType) string {
	switch t {
	case api.ValueTypeI32:
		return "int32"
	case api.ValueTypeI64:
		return "int64"
	case api.ValueTypeF32:
		return "float32"
	case api.ValueTypeF64:
		return "float64"
	case api.ValueTypeExternref:
		return "externref"
	case 0x70:
		return "funcref"
	case 0x7b:
		return "v128"
	}
	return fmt.Sprintf("type %#x", t)
}

func IsNumber(t api.ValueType) bool {
	return t == api.ValueTypeI32 || t == api.ValueTypeI64 || t == api.ValueTypeF32 || t == api.ValueTypeF64
}

// maxName is how many bytes the name of a parameter has that is shown: each function that is
// exported, under whatever names, shows those of its parameters.
const maxName = 100

// Symbol describes an exported function of numbers.
func Symbol(name string, def api.FunctionDefinition) engine.Symbol {
	s := engine.Symbol{Name: name, Kind: engine.KindFunc}
	var params []string
	names := def.ParamNames()
	named := len(names) == len(def.ParamTypes()) && !slices.ContainsFunc(names, func(name string) bool { return len(name) > maxName || !token.IsIdentifier(name) })
	for i, t := range def.ParamTypes() {
		text := GoType(t)
		if named {
			text = names[i] + " " + text
		}
		params = append(params, text)
	}
	s.Signature = "func " + name + "(" + strings.Join(params, ", ") + ")"
	results := GoTypes(def.ResultTypes())
	if len(def.ResultTypes()) > 1 {
		results = "(" + results + ")"
	}
	s.Signature = strings.TrimSuffix(s.Signature+" "+results, " ")
	for _, t := range append(append([]api.ValueType{}, def.ParamTypes()...), def.ResultTypes()...) {
		if !IsNumber(t) {
			s.Limit = "it takes or returns a " + GoType(t) + ", which no Go value is"
		}
	}
	return s
}

// Fits reports whether Go values of a type can be ones of a WebAssembly type. Integers are checked
// again at each call; a float never loses what it holds.
func Fits(g reflect.Type, t api.ValueType, argument bool) bool {
	switch k := g.Kind(); {
	case k >= reflect.Int && k <= reflect.Uint64, k == reflect.Bool, k == reflect.Uintptr:
		return t == api.ValueTypeI32 || t == api.ValueTypeI64
	case k == reflect.Float32 && argument, k == reflect.Float64 && !argument:
		return t == api.ValueTypeF32 || t == api.ValueTypeF64
	case k == reflect.Float32:
		return t == api.ValueTypeF32
	case k == reflect.Float64:
		return t == api.ValueTypeF64
	}
	return false
}

// Encode makes a WebAssembly value of a Go number.
func Encode(v reflect.Value, t api.ValueType) (uint64, error) {
	switch {
	case t == api.ValueTypeF32 && v.CanFloat():
		return api.EncodeF32(float32(v.Float())), nil
	case t == api.ValueTypeF64 && v.CanFloat():
		return api.EncodeF64(v.Float()), nil
	case v.Kind() == reflect.Bool:
		if v.Bool() {
			return 1, nil
		}
		return 0, nil
	case v.CanInt():
		n := v.Int()
		if t == api.ValueTypeI32 && (n < math.MinInt32 || n > math.MaxInt32) {
			return 0, fmt.Errorf("%d does not fit into an int32", n)
		}
		if t == api.ValueTypeI32 {
			return api.EncodeI32(int32(n)), nil
		}
		return api.EncodeI64(n), nil
	case v.CanUint():
		n := v.Uint()
		if t == api.ValueTypeI32 && n > math.MaxUint32 {
			return 0, fmt.Errorf("%d does not fit into 32 bits", n)
		}
		return n, nil
	}
	return 0, fmt.Errorf("a %s is not a %s", v.Type(), GoType(t))
}

// Decode sets a Go number to a WebAssembly value.
func Decode(bits uint64, t api.ValueType, to reflect.Value) error {
	switch {
	case t == api.ValueTypeF32:
		to.SetFloat(float64(api.DecodeF32(bits)))
		return nil
	case t == api.ValueTypeF64:
		to.SetFloat(api.DecodeF64(bits))
		return nil
	}
	signed, unsigned := int64(bits), bits
	if t == api.ValueTypeI32 {
		signed, unsigned = int64(int32(bits)), uint64(uint32(bits))
	}
	switch {
	case to.Kind() == reflect.Bool && unsigned <= 1:
		to.SetBool(unsigned == 1)
		return nil
	case to.CanInt() && !to.OverflowInt(signed):
		to.SetInt(signed)
		return nil
	case to.CanUint() && !to.OverflowUint(unsigned):
		to.SetUint(unsigned)
		return nil
	}
	return fmt.Errorf("%d does not fit into a %s", signed, to.Type())
}

// Natural is the Go value of a WebAssembly value.
func Natural(bits uint64, t api.ValueType) any {
	switch t {
	case api.ValueTypeI32:
		return int32(bits)
	case api.ValueTypeF32:
		return api.DecodeF32(bits)
	case api.ValueTypeF64:
		return api.DecodeF64(bits)
	}
	return int64(bits)
}

// EncodeNamed makes a WebAssembly value of an argument of a call by name: an integer is a float,
// too, where it is the same number, and a float64 a float32.
func EncodeNamed(arg any, t api.ValueType) (uint64, error) {
	v := reflect.ValueOf(arg)
	if !v.IsValid() {
		return 0, fmt.Errorf("nil is not a %s", GoType(t))
	}
	if t == api.ValueTypeF32 || t == api.ValueTypeF64 {
		if v.CanInt() && int64(float64(v.Int())) == v.Int() {
			v = reflect.ValueOf(float64(v.Int()))
		}
		if t == api.ValueTypeF32 && v.CanFloat() && v.Type().Bits() == 64 &&
			math.IsInf(float64(float32(v.Float())), 0) && !math.IsInf(v.Float(), 0) {
			return 0, fmt.Errorf("%v does not fit into a float32", v.Float())
		}
	}
	return Encode(v, t)
}

// GoTypes are the Go types of WebAssembly values, as a list.
func GoTypes(types []byte) string {
	var names []string
	for _, t := range types {
		names = append(names, GoType(t))
	}
	return strings.Join(names, ", ")
}
