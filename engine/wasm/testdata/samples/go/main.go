// An Extism plugin in Go, without a library: it imports the functions that it needs.
package main

import (
	"encoding/json"
	"strings"
)

//go:wasmimport extism:host/env input_length
func inputLength() uint64

//go:wasmimport extism:host/env input_load_u8
func inputLoad(offset uint64) uint32

//go:wasmimport extism:host/env alloc
func alloc(length uint64) uint64

//go:wasmimport extism:host/env store_u8
func store(place uint64, value uint32)

//go:wasmimport extism:host/env output_set
func outputSet(place, length uint64)

//go:wasmimport extism:host/env error_set
func errorSet(place uint64)

func give(data []byte) uint64 {
	place := alloc(uint64(len(data)))
	for i, b := range data {
		store(place+uint64(i), uint32(b))
	}
	return place
}

//go:wasmexport count_words
func countWords() int32 {
	input := make([]byte, inputLength())
	for i := range input {
		input[i] = byte(inputLoad(uint64(i)))
	}
	counts := make(chan map[string]int)
	go func() {
		words := map[string]int{}
		for word := range strings.FieldsSeq(string(input)) {
			words[word]++
		}
		counts <- words
	}()
	words := <-counts
	if len(words) == 0 {
		errorSet(give([]byte("there are no words")))
		return 1
	}
	data, err := json.Marshal(words)
	if err != nil {
		return 2
	}
	outputSet(give(data), uint64(len(data)))
	return 0
}

//go:wasmexport crash
func crash() int32 {
	var words map[string]int
	words["a"]++
	return 0
}

func main() {}
