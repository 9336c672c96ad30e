package wasmbin

import "bytes"

// codeSection is the number of the section that holds the bodies of functions.
const codeSection = 10

// trap is the body of a function that only traps, with its size before it: no variables,
// unreachable, end.
var trap = []byte{3, 0, 0, 0x0b}

// Skeleton returns a valid module with the body of every function replaced by one that traps: all
// of it but what it computes. It returns nil where the bodies take less than a number of bytes.
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
		return append(skeleton, wasm[r.At:]...)
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
