// Package wasmbin reads the encodings of WebAssembly files.
package wasmbin

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Reader reads WebAssembly's encodings. After an error it returns zeros.
type Reader struct {
	Data []byte
	At   int
	Err  error
}

var errCutOff = errors.New("it is cut off")

func (r *Reader) Byte() byte {
	if r.Err == nil && r.At >= len(r.Data) {
		r.Err = errCutOff
	}
	if r.Err != nil {
		return 0
	}
	r.At++
	return r.Data[r.At-1]
}

func (r *Reader) Skip(n uint32) {
	if r.Err == nil && uint64(n) > uint64(len(r.Data)-r.At) {
		r.Err = errCutOff
	}
	if r.Err == nil {
		r.At += int(n)
	}
}

func (r *Reader) Bytes(n uint32) []byte {
	from := r.At
	r.Skip(n)
	if r.Err != nil {
		return nil
	}
	return r.Data[from:r.At]
}

func (r *Reader) Name() string { return string(r.Bytes(r.U32())) }

func (r *Reader) U32() uint32 {
	if r.Err != nil {
		return 0
	}
	v, n := binary.Uvarint(r.Data[r.At:min(len(r.Data), r.At+5)])
	if n <= 0 || v > 1<<32-1 {
		r.Err = errors.New("a number is cut off, or too large")
		return 0
	}
	r.At += n
	return uint32(v)
}

// Count reads the number of the elements of a list, each of which takes a byte at least.
func (r *Reader) Count() uint32 {
	n := r.U32()
	if r.Err == nil && uint64(n) > uint64(len(r.Data)-r.At) {
		r.Err = fmt.Errorf("a list of %d elements has %d bytes", n, len(r.Data)-r.At)
		return 0
	}
	return n
}

// Limits reads those of a table or a memory.
func (r *Reader) Limits() (low, high uint64) {
	flag := r.Byte()
	if flag > 3 && r.Err == nil {
		r.Err = errors.New("a memory or table has limits of an unknown kind")
	}
	low, high = uint64(r.U32()), 1<<32-1
	if flag&1 != 0 {
		high = uint64(r.U32())
	}
	return low, high
}

// Signed skips a number with a sign.
func (r *Reader) Signed() {
	for range 10 {
		if r.Byte()&0x80 == 0 {
			return
		}
	}
	if r.Err == nil {
		r.Err = errors.New("a number is too large")
	}
}

// Expression skips the initial value of something.
func (r *Reader) Expression() {
	for r.Err == nil {
		switch op := r.Byte(); op {
		case 0x0b: // end
			return
		case 0x41, 0x42, 0xd0: // numbers, and a null of a type
			r.Signed()
		case 0x43:
			r.Skip(4)
		case 0x44:
			r.Skip(8)
		case 0x23, 0xd2: // a global, a function
			r.U32()
		case 0x6a, 0x6b, 0x6c, 0x7c, 0x7d, 0x7e: // sums and products
		case 0xfd: // a vector
			r.U32()
			r.Skip(16)
		default:
			if r.Err == nil {
				r.Err = fmt.Errorf("an initial value has the instruction %#x", op)
			}
		}
	}
}

// Locals skips a function's variables, and returns how many there are.
func (r *Reader) Locals() uint64 {
	total := uint64(0)
	for n := r.Count(); n > 0 && r.Err == nil; n-- {
		total += uint64(r.U32())
		if t := r.Byte(); t == 0x63 || t == 0x64 { // a reference to a type
			r.Signed()
		}
	}
	return total
}
