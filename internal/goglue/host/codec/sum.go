package codec

import (
	"hash/maphash"
	"math"
	"reflect"
	"unsafe"

	"github.com/loadgo/load/engine"
)

var sumSeed = maphash.MakeSeed()

// maxSum is how deep in a value pointers are followed; deeper ones count by their address.
const maxSum = 16

// Sum returns a number that two values have in common if nothing in them differs that can be set:
// functions, held values and what is in interfaces behind pointers count by their identity. The
// value has an address.
func Sum(v reflect.Value) uint64 {
	var h maphash.Hash
	h.SetSeed(sumSeed)
	sum(&h, v, 0)
	return h.Sum64()
}

func sum(h *maphash.Hash, v reflect.Value, depth int) {
	number := func(n uint64) { maphash.WriteComparable(h, n) }
	address := func(p unsafe.Pointer) { maphash.WriteComparable(h, p) }
	switch v.Kind() {
	case reflect.Bool:
		maphash.WriteComparable(h, v.Bool())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		number(uint64(v.Int()))
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		number(v.Uint())
	case reflect.Float32, reflect.Float64:
		number(math.Float64bits(v.Float()))
	case reflect.Complex64, reflect.Complex128:
		number(math.Float64bits(real(v.Complex())))
		number(math.Float64bits(imag(v.Complex())))
	case reflect.String:
		number(uint64(v.Len()))
		_, _ = h.WriteString(v.String())
	case reflect.Slice, reflect.Array:
		list(h, v, depth)
	case reflect.Map:
		number(uint64(v.Len()))
		maphash.WriteComparable(h, v.IsNil())
		entries := uint64(0)
		for key, value := range v.Seq2() {
			var entry maphash.Hash
			entry.SetSeed(sumSeed)
			sum(&entry, key, depth+1)
			sum(&entry, value, depth+1)
			entries += entry.Sum64()
		}
		number(entries)
	case reflect.Struct:
		first := 0
		if engine.IsHeld(v.Type()) {
			if first = 1; v.CanAddr() {
				address(engine.HeldAt(v).Value())
			}
		}
		for j := first; j < v.NumField(); j++ {
			sum(h, v.Field(j), depth)
		}
	case reflect.Pointer:
		if v.IsNil() || depth > maxSum || engine.IsHeld(v.Type().Elem()) || v.Type() == placeType {
			address(v.UnsafePointer())
			return
		}
		number(1)
		sum(h, v.Elem(), depth+1)
	case reflect.Interface:
		if v.IsNil() {
			number(0)
			return
		}
		inner := v.Elem()
		maphash.WriteComparable(h, inner.Type())
		switch inner.Kind() {
		case reflect.Func:
			if v.CanAddr() {
				address((*[2]unsafe.Pointer)(v.Addr().UnsafePointer())[1])
			}
		case reflect.Pointer, reflect.Map, reflect.Chan, reflect.UnsafePointer:
			address(inner.UnsafePointer())
		default:
			sum(h, inner, depth+1)
		}
	case reflect.Func:
		if v.CanAddr() { // the address of its code is not enough: closures differ
			address(*(*unsafe.Pointer)(v.Addr().UnsafePointer()))
			return
		}
		address(v.UnsafePointer())
	case reflect.Chan, reflect.UnsafePointer:
		address(v.UnsafePointer())
	}
}

// list adds the elements of a slice or an array.
func list(h *maphash.Hash, v reflect.Value, depth int) {
	maphash.WriteComparable(h, v.Len())
	if v.Kind() == reflect.Slice {
		maphash.WriteComparable(h, v.IsNil())
		if v.Type().Elem().Kind() == reflect.Uint8 {
			_, _ = h.Write(v.Bytes())
			return
		}
	}
	for j := range v.Len() {
		sum(h, v.Index(j), depth+1)
	}
}
