package wire

import "unsafe"

// Entries are the entries that a map had.
type Entries[K comparable, V any] []mapEntry[K, V]

type mapEntry[K comparable, V any] struct {
	key   K
	value V
}

// EntriesOf returns the entries of a map.
func EntriesOf[K comparable, V any](m map[K]V) Entries[K, V] {
	all := make(Entries[K, V], 0, len(m))
	for k, v := range m {
		all = append(all, mapEntry[K, V]{k, v})
	}
	return all
}

// Map returns a map of them.
func (e Entries[K, V]) Map() map[K]V {
	m := make(map[K]V, len(e))
	for _, one := range e {
		m[one.key] = one.value
	}
	return m
}

// Differ reports whether a map has others. What pointers in them point to is not looked at.
func (e Entries[K, V]) Differ(now map[K]V) bool {
	if len(now) != len(e) {
		return true
	}
	var odd Odd
	for _, was := range e {
		v, ok := now[was.key]
		if !ok && !IsItself(was.key) {
			odd.Add(unsafe.Pointer(&was.key), unsafe.Pointer(&was.value), unsafe.Sizeof(was.key), unsafe.Sizeof(v))
		} else if !ok || !Same(unsafe.Pointer(&v), unsafe.Pointer(&was.value), unsafe.Sizeof(v)) {
			return true
		}
	}
	return odd != nil && !odd.Same(OddIn(now))
}
