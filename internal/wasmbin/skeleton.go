package wasmbin

import (
	"bytes"
	"crypto/sha256"
)

// Numbers of sections.
const (
	customSection = 0
	codeSection   = 10 // it holds the bodies of functions
)

// trap is the body of a function that only traps, with its size before it: no variables,
// unreachable, end.
var trap = []byte{3, 0, 0, 0x0b}

// ofSection is the custom section of a skeleton that holds the sum of the module that it is of.
const ofSection = "load.skeleton"

// Skeleton returns a valid module with the body of every function replaced by one that traps: all
// of it but what it computes. No two modules have one skeleton. It returns nil where the bodies
// take less than a number of bytes.
func Skeleton(wasm []byte, least int) []byte {
	r := Reader{Data: wasm, At: 8}
	for r.At < len(wasm) && r.Err == nil {
		start := r.At
		id := r.Byte()
		size := r.U32()
		content := r.At
		r.Skip(size)
		if id != codeSection || r.Err != nil {
			continue
		}
		if int(size) < least {
			return nil
		}
		bodies := Reader{Data: wasm[:r.At], At: content}
		count := bodies.Count()
		code := append(number(count), bytes.Repeat(trap, int(count))...)
		skeleton := append(bytes.Clone(wasm[:start]), codeSection)
		skeleton = append(append(skeleton, number(uint32(len(code)))...), code...)
		skeleton = append(skeleton, wasm[r.At:]...)
		of := sha256.Sum256(wasm)
		skeleton = append(skeleton, customSection, byte(1+len(ofSection)+len(of)), byte(len(ofSection)))
		return append(append(skeleton, ofSection...), of[:]...)
	}
	return nil
}

// number writes a number of a module.
func number(n uint32) (text []byte) {
	for ; n >= 0x80; n >>= 7 {
		text = append(text, byte(n)|0x80)
	}
	return append(text, byte(n))
}
