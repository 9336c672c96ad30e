package wire

import "sync"

// MinLent is the size in bytes from which memory that was written before is faster than new one.
const MinLent = 16 << 10

// lent are what calls keep of large arrays. Only the comparison sees it.
var lent = sync.Pool{New: func() any { return new([]byte) }}

// Lend lends so many bytes, which GiveBack gives back.
func Lend(size int) *[]byte {
	buf := lent.Get().(*[]byte)
	if cap(*buf) < size {
		*buf = make([]byte, size)
	}
	*buf = (*buf)[:size]
	return buf
}

// GiveBack gives back what Lend has lent.
func GiveBack(buf *[]byte) { lent.Put(buf) }
