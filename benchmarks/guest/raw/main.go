//go:build wasip1

// Command raw is the sample as WebAssembly that a host calls by hand: it passes bytes in its memory.
package main

import (
	"unsafe"

	"github.com/loadgo/load/benchmarks/sample"
)

var kept []byte // what the host writes, and what it reads

//go:wasmexport alloc
func alloc(n uint32) uint32 {
	kept = make([]byte, n)
	return uint32(uintptr(unsafe.Pointer(unsafe.SliceData(kept))))
}

// echo returns where the answer lies, and its length below that.
//
//go:wasmexport echo
func echo() uint64 {
	kept = []byte(sample.Echo(string(kept)))
	return uint64(uintptr(unsafe.Pointer(unsafe.SliceData(kept))))<<32 | uint64(len(kept))
}

//go:wasmexport fib
func fib(n int64) int64 { return int64(sample.Fib(int(n))) }

func main() {}
