package wire

import (
	"reflect"
	"slices"
	"unsafe"
)

// Odd are the entries of a map that no look-up finds, since their keys have a NaN.
type Odd []string

// Add adds an entry, by its memory.
func (o *Odd) Add(key, value unsafe.Pointer, keySize, valueSize uintptr) {
	*o = append(*o, string(unsafe.Slice((*byte)(key), keySize))+string(unsafe.Slice((*byte)(value), valueSize)))
}

// Same reports whether there are the same entries.
func (o Odd) Same(p Odd) bool {
	slices.Sort(o)
	slices.Sort(p)
	return slices.Equal(o, p)
}

// oddOf returns those of a map.
func oddOf(m reflect.Value) (all Odd) {
	key, value := reflect.New(m.Type().Key()), reflect.New(m.Type().Elem())
	for it := m.MapRange(); it.Next(); {
		if m.MapIndex(it.Key()).IsValid() {
			continue
		}
		key.Elem().SetIterKey(it)
		value.Elem().SetIterValue(it)
		all.Add(key.UnsafePointer(), value.UnsafePointer(), m.Type().Key().Size(), m.Type().Elem().Size())
	}
	return all
}

// OddIn is oddOf for a map of a known type.
func OddIn[K comparable, V any](m map[K]V) (all Odd) {
	for k, v := range m {
		if !IsItself(k) {
			all.Add(unsafe.Pointer(&k), unsafe.Pointer(&v), unsafe.Sizeof(k), unsafe.Sizeof(v))
		}
	}
	return all
}

// IsItself reports whether a look-up finds a key.
func IsItself[K comparable](k K) bool {
	again := k
	return k == again
}
