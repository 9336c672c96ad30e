package wire

import "unsafe"

// Print is what a piece of memory held: a copy of it that keeps nothing alive.
type Print struct {
	bytes []byte
}

// Take takes a print.
func (p *Print) Take(at unsafe.Pointer, size uintptr) {
	p.bytes = append(p.bytes[:0], unsafe.Slice((*byte)(at), size)...)
}

// Is reports whether a piece of memory holds what it held.
func (p *Print) Is(at unsafe.Pointer, size uintptr) bool {
	return uintptr(len(p.bytes)) == size && Same(at, unsafe.Pointer(unsafe.SliceData(p.bytes)), size)
}
