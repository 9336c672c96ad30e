package wire

import (
	"runtime/debug"
	"unsafe"
	"weak"
)

// Weak points to a piece of memory and does not keep it. [weak.Make] ends the program where that is
// read-only data or a mapped file, and not in Go's heap. Such memory, and variables of packages,
// are nobody's to collect: they exist as long as they can be read. The zero Weak points to nothing.
type Weak[T any] struct {
	heap    weak.Pointer[T]
	outside *T
	size    uintptr
}

// MakeWeak makes a Weak of so many bytes at an address.
func MakeWeak[T any](at *T, size uintptr) Weak[T] {
	if !InHeap(unsafe.Pointer(at)) {
		return Weak[T]{outside: at, size: size}
	}
	return Weak[T]{heap: weak.Make(at)}
}

// InHeap reports whether memory is in Go's heap, so that it can be collected.
func InHeap(at unsafe.Pointer) bool {
	object, _, _ := findObject(uintptr(at), 0, 0)
	return object != 0
}

// Value returns where the memory is, or nil if it exists no more.
func (w Weak[T]) Value() *T {
	if w.outside == nil {
		return w.heap.Value()
	}
	if !readable(unsafe.Pointer(w.outside), w.size) {
		return nil
	}
	return w.outside
}

// smallestPage is at most what a system maps at once.
const smallestPage = 4 << 10

// readable reports whether memory can be read.
func readable(at unsafe.Pointer, size uintptr) (ok bool) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() { ok = recover() == nil }()
	for i := uintptr(0); i < size; i += smallestPage {
		touch((*byte)(unsafe.Add(at, i)))
	}
	if size > 0 {
		touch((*byte)(unsafe.Add(at, size-1)))
	}
	return true
}

//go:noinline
func touch(at *byte) byte { return *at }

// findObject returns where the object of Go's heap begins that has the address, or 0. The runtime
// keeps it as it is for those who link to it.
//
//go:linkname findObject runtime.findObject
func findObject(at, of, offset uintptr) (object uintptr, span unsafe.Pointer, index uintptr)
