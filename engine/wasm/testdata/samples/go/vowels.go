package main

import (
	"strconv"
	"strings"
)

// countVowels answers with {"count":N}.
//
//go:wasmexport count_vowels
func countVowels() int32 {
	length := inputLength()
	if length == 0 {
		errorSet(give([]byte("there is no text")))
		return 1
	}
	count := 0
	for i := range length {
		if strings.IndexByte("aeiou", byte(inputLoad(i))|0x20) >= 0 {
			count++
		}
	}
	answer := []byte(`{"count":` + strconv.Itoa(count) + `}`)
	outputSet(give(answer), uint64(len(answer)))
	return 0
}
