package wire

import (
	"errors"
	"sync/atomic"
	"unsafe"
)

// A connection of two processes may have memory that both have mapped: a ring for each direction.
// A short frame goes through the ring, which takes no system call, and any other one through the
// socket. The header of a frame that would be empty, [Elsewhere], says that the next frame comes
// the other way; a connection begins at the socket.
//
// Each side believes nothing that it reads in the memory: positions are checked, frames are copied
// out before they are looked at, and nobody waits for room.

const (
	// Elsewhere is the length in the header of no frame: what follows it comes the other way.
	Elsewhere = 0
	// MaxRingFrame is the size in bytes, header included, of the largest frame that goes through a
	// ring.
	MaxRingFrame = 64 << 10

	ringSize    = 128 << 10 // a power of two, and of pages
	ringControl = 4 << 10   // a page: the positions

	// RingMemory is the size in bytes of the memory for both rings of a connection.
	RingMemory = 2 * (ringControl + ringSize)
)

// RingFD is the file descriptor of the memory in a module, which maps it when the first frame goes
// through the ring.
const RingFD = 4

// ErrRing is a ring with something impossible in it.
var ErrRing = errors.New("impossible ring")

// ring is one direction. The positions count bytes and wrap around; those in the memory are for the
// other side, which may write anything there.
type ring struct {
	written, read *atomic.Uint32
	asleep        *atomic.Uint32 // 1: the reader sleeps and wants a byte at the socket
	data          []byte
	at            uint32 // the own position
}

func newRing(memory []byte) ring {
	word := func(offset int) *atomic.Uint32 { return (*atomic.Uint32)(unsafe.Pointer(&memory[offset])) }
	const line = 128 // apart, so that two processors do not fight for one
	return ring{written: word(0), read: word(line), asleep: word(2 * line), data: memory[ringControl:]}
}

// ToModule and ToHost return the parts of the memory, of RingMemory bytes, for each direction.
func ToModule(memory []byte) []byte { return memory[: ringControl+ringSize : ringControl+ringSize] }

// ToHost is described at [ToModule].
func ToHost(memory []byte) []byte { return memory[ringControl+ringSize : RingMemory] }

// part returns the n bytes from a position on, in up to two pieces.
func (r *ring) part(at uint32, n int) (first, rest []byte) {
	from := int(at % ringSize)
	if from+n <= ringSize {
		return r.data[from : from+n], nil
	}
	return r.data[from:], r.data[:n-(ringSize-from)]
}

// RingWriter is the writing end of a ring, for one goroutine at a time.
type RingWriter struct {
	ring
	inUse bool // the next frame is expected in the ring
	// tell writes a few bytes to the socket and reports whether they were written.
	tell func([]byte) bool
}

// NewRingWriter returns the writing end of a ring in its part of the memory. Frames go through the
// socket until tell has written there that the next one does not.
func NewRingWriter(memory []byte, tell func([]byte) bool) *RingWriter {
	return &RingWriter{ring: newRing(memory), tell: tell}
}

var elsewhere [HeaderSize]byte

// Begin reports whether frames of so many bytes in all go through the ring: then Append and End
// follow, else they are to be written to the socket. A nil RingWriter has no ring.
func (w *RingWriter) Begin(size int) bool {
	if w == nil {
		return false
	}
	switch fits := size <= MaxRingFrame && w.room() >= size+HeaderSize; {
	case fits && !w.inUse:
		w.inUse = w.tell(elsewhere[:])
	case !fits && w.inUse: // there is room for this always
		w.Append(elsewhere[:])
		w.End()
		w.inUse = false
	}
	return w.inUse
}

// room is how many bytes can be written.
func (w *RingWriter) room() int {
	used := w.at - w.read.Load()
	if used > ringSize { // impossible: nothing goes through this ring any more
		return 0
	}
	return ringSize - int(used)
}

// Append writes a part of the frames, which the reader does not see before End.
func (w *RingWriter) Append(data []byte) {
	first, rest := w.part(w.at, len(data))
	copy(rest, data[copy(first, data):])
	w.at += uint32(len(data))
}

// crossed tells the race detector what it cannot see in memory of other processes: what was done
// before a frame was written is done before its answer is read, as for files.
var crossed atomic.Uint32

// End shows the reader what was written, and wakes it where it sleeps.
func (w *RingWriter) End() {
	if racing {
		crossed.Add(1)
	}
	w.written.Swap(w.at) // no Store: see Sleep
	if w.asleep.Load() != 0 && w.asleep.Swap(0) != 0 {
		w.tell(elsewhere[:1])
	}
}

// RingReader is the reading end of a ring, for one goroutine at a time.
type RingReader struct{ ring }

// NewRingReader returns the reading end of a ring in its part of the memory.
func NewRingReader(memory []byte) *RingReader { return &RingReader{newRing(memory)} }

// Ready reports whether there is something to read.
func (r *RingReader) Ready() bool { return r.written.Load() != r.at }

// Next reads the header of the next frame, where the ring is ready, and returns the size of the
// body, which Take then reads, or Elsewhere. The error is ErrRing.
func (r *RingReader) Next() (int, error) {
	there := r.written.Load() - r.at
	if racing {
		crossed.Load()
	}
	if there > ringSize || there < HeaderSize {
		return 0, ErrRing
	}
	var header [HeaderSize]byte
	r.copy(header[:])
	n := BodySize(header[:])
	if n < 0 || n > MaxRingFrame-HeaderSize || n > int(there)-HeaderSize { // below zero where an int has 32 bits
		return 0, ErrRing
	}
	if n == Elsewhere {
		r.read.Store(r.at)
	}
	return n, nil
}

// Take reads the body of a frame, whose size Next has returned.
func (r *RingReader) Take(body []byte) {
	r.copy(body)
	r.read.Store(r.at)
}

func (r *RingReader) copy(to []byte) {
	first, rest := r.part(r.at, len(to))
	copy(to[copy(to, first):], rest)
	r.at += uint32(len(to))
}

// Sleep announces that the reader waits for a byte at the socket, and reports whether it is to:
// not if there is something to read.
//
// Each side writes its own word and then reads the other's, so that one of them sees what the other
// wrote. With the race detector a Store may still be on its way when the Load that follows is done,
// and both would sleep; a Swap is not.
func (r *RingReader) Sleep() bool {
	r.asleep.Swap(1)
	return !r.Ready() || !r.Awake()
}

// Awake takes back what Sleep has announced, and reports whether no byte is on its way.
func (r *RingReader) Awake() bool { return r.asleep.Swap(0) != 0 }
