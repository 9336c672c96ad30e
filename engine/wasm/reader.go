package wasm

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// reader reads WebAssembly's encodings. After an error it returns zeros.
type reader struct {
	data []byte
	at   int
	err  error
}

var errCutOff = errors.New("it is cut off")

func (r *reader) byte() byte {
	if r.err == nil && r.at >= len(r.data) {
		r.err = errCutOff
	}
	if r.err != nil {
		return 0
	}
	r.at++
	return r.data[r.at-1]
}

func (r *reader) skip(n uint32) {
	if r.err == nil && uint64(n) > uint64(len(r.data)-r.at) {
		r.err = errCutOff
	}
	if r.err == nil {
		r.at += int(n)
	}
}

func (r *reader) bytes(n uint32) []byte {
	from := r.at
	r.skip(n)
	if r.err != nil {
		return nil
	}
	return r.data[from:r.at]
}

func (r *reader) name() string { return string(r.bytes(r.u32())) }

func (r *reader) u32() uint32 {
	if r.err != nil {
		return 0
	}
	v, n := binary.Uvarint(r.data[r.at:min(len(r.data), r.at+5)])
	if n <= 0 || v > 1<<32-1 {
		r.err = errors.New("a number is cut off, or too large")
		return 0
	}
	r.at += n
	return uint32(v)
}

// count reads the number of the elements of a list, each of which takes a byte at least.
func (r *reader) count() uint32 {
	n := r.u32()
	if r.err == nil && uint64(n) > uint64(len(r.data)-r.at) {
		r.err = fmt.Errorf("a list of %d elements has %d bytes", n, len(r.data)-r.at)
		return 0
	}
	return n
}

// limits reads those of a table or a memory.
func (r *reader) limits() (low, high uint64) {
	flag := r.byte()
	if flag > 3 && r.err == nil {
		r.err = errors.New("a memory or table has limits of an unknown kind")
	}
	low, high = uint64(r.u32()), 1<<32-1
	if flag&1 != 0 {
		high = uint64(r.u32())
	}
	return low, high
}

// signed skips a number with a sign.
func (r *reader) signed() {
	for range 10 {
		if r.byte()&0x80 == 0 {
			return
		}
	}
	if r.err == nil {
		r.err = errors.New("a number is too large")
	}
}

// expression skips the initial value of something.
func (r *reader) expression() {
	for r.err == nil {
		switch op := r.byte(); op {
		case 0x0b: // end
			return
		case 0x41, 0x42, 0xd0: // numbers, and a null of a type
			r.signed()
		case 0x43:
			r.skip(4)
		case 0x44:
			r.skip(8)
		case 0x23, 0xd2: // a global, a function
			r.u32()
		case 0x6a, 0x6b, 0x6c, 0x7c, 0x7d, 0x7e: // sums and products
		case 0xfd: // a vector
			r.u32()
			r.skip(16)
		default:
			if r.err == nil {
				r.err = fmt.Errorf("an initial value has the instruction %#x", op)
			}
		}
	}
}
