//go:build wasip1

// Command extism is the sample as a plugin for Extism, without its library: the functions that it
// needs are few.
package main

import (
	"encoding/binary"
	"strconv"

	"github.com/loadgo/load/benchmarks/sample"
)

//go:wasmimport extism:host/env input_length
func inputLength() uint64

//go:wasmimport extism:host/env input_load_u8
func inputLoadByte(offset uint64) uint32

//go:wasmimport extism:host/env input_load_u64
func inputLoad(offset uint64) uint64

//go:wasmimport extism:host/env alloc
func alloc(length uint64) uint64

//go:wasmimport extism:host/env store_u8
func storeByte(place uint64, value uint32)

//go:wasmimport extism:host/env store_u64
func store(place, value uint64)

//go:wasmimport extism:host/env output_set
func outputSet(place, length uint64)

func input() string {
	data := make([]byte, inputLength())
	i := 0
	for ; i+8 <= len(data); i += 8 {
		binary.LittleEndian.PutUint64(data[i:], inputLoad(uint64(i)))
	}
	for ; i < len(data); i++ {
		data[i] = byte(inputLoadByte(uint64(i)))
	}
	return string(data)
}

func output(s string) {
	data, place := []byte(s), alloc(uint64(len(s)))
	i := 0
	for ; i+8 <= len(data); i += 8 {
		store(place+uint64(i), binary.LittleEndian.Uint64(data[i:]))
	}
	for ; i < len(data); i++ {
		storeByte(place+uint64(i), uint32(data[i]))
	}
	outputSet(place, uint64(len(data)))
}

//go:wasmexport echo
func echo() int32 {
	output(sample.Echo(input()))
	return 0
}

//go:wasmexport fib
func fib() int32 {
	n, err := strconv.Atoi(input())
	if err != nil {
		return 1
	}
	output(strconv.Itoa(sample.Fib(n)))
	return 0
}

func main() {}
