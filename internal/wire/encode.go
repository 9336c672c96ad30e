package wire

import (
	"errors"
	"math"
	"sync"
	"time"
	"unsafe"
)

// Encoder appends values to a message. The zero Encoder is ready to use. Long strings and byte
// slices are not copied into it if it is not Whole: they must not change before the message was sent.
type Encoder struct {
	Buf   []byte   // the message, but for what large refers to
	Depth int      // of the value being encoded, kept by the encoders of composite types
	Err   error    // the first error; the message is void when it is set
	Given []uint64 // the handles that were made for the message, as long as they may have to be taken back

	// Whole lets Buf be the whole message: what is long is copied into it, too.
	Whole bool

	// Sharing is the table of the things that the call shares; nil where it shares none.
	Sharing *Sharing

	// Lasting says that changes of lasting things come before the arguments.
	Lasting bool

	// Handles are the handles in the message, for a transport that has to know whose they are.
	Handles []uint64

	// Keep is what the handles in the message stand for, if nobody else has it until the call is
	// over.
	Keep []any

	// Room is how long the message may get before [Encoder.Fits] fails; 0 is no limit.
	Room int
	// Written is called by a transport that has written the message, and does not need it any
	// more; nil where nobody waits for that.
	Written func()

	large     []insert
	largeSize int
	places    []*time.Location // those with rules in the message
}

// insert is a part of the message that is not in its buffer.
type insert struct {
	at   int // where in the buffer it belongs
	data []byte
}

// MinLarge is the size from which copying costs more than a write of its own: what is shorter is
// copied when it is encoded.
const MinLarge = 32 << 10

// Size is the length of the message so far, in bytes.
func (e *Encoder) Size() int { return len(e.Buf) + e.largeSize }

// Truncate shortens the message to its first n bytes, which must be before everything long, and
// forgets an error.
func (e *Encoder) Truncate(n int) {
	*e = Encoder{Buf: e.Buf[:n], Handles: e.Handles[:0], Given: e.Given[:0]}
}

// Send hands the message, from the given byte on, to write, piece by piece.
func (e *Encoder) Send(from int, write func([]byte) error) error {
	for _, l := range e.large {
		if err := write(e.Buf[from:l.at]); err != nil {
			return err
		}
		if err := write(l.data); err != nil {
			return err
		}
		from = l.at
	}
	if from == len(e.Buf) {
		return nil
	}
	return write(e.Buf[from:])
}

func (e *Encoder) insert(data []byte) {
	e.large = append(e.large, insert{len(e.Buf), data})
	e.largeSize += len(data)
}

// Join appends another message, from the given byte on, which must be before everything long. What
// it gives belongs to this one then.
func (e *Encoder) Join(o *Encoder, from int) {
	shift := len(e.Buf) - from
	for _, l := range o.large {
		e.large = append(e.large, insert{l.at + shift, l.data})
	}
	e.largeSize += o.largeSize
	e.Buf = append(e.Buf, o.Buf[from:]...)
	e.Given = append(e.Given, o.Given...)
	e.Handles = append(e.Handles, o.Handles...)
	o.Given = nil
}

// Fail records the first error.
func (e *Encoder) Fail(err error) {
	if e.Err == nil {
		e.Err = err
	}
}

// ErrRoom is a message that is longer than its Room.
var ErrRoom = errors.New("the message is longer than there is room")

// Fits reports whether another part of a value may be appended. Ask before each.
func (e *Encoder) Fits() bool {
	if e.Room > 0 && e.Size() > e.Room {
		e.Fail(ErrRoom)
	}
	return e.Err == nil
}

// Enter goes one level deeper and reports whether that is still allowed. Every Enter that answered
// true is followed by a Leave.
func (e *Encoder) Enter() bool {
	if e.Depth >= MaxDepth {
		e.Fail(ErrDepth)
	}
	if e.Err != nil {
		return false
	}
	e.Depth++
	return true
}

// Leave undoes one Enter.
func (e *Encoder) Leave() { e.Depth-- }

// Byte appends one byte.
func (e *Encoder) Byte(b byte) { e.Buf = append(e.Buf, b) }

// Bool appends a boolean.
func (e *Encoder) Bool(v bool) {
	if v {
		e.Buf = append(e.Buf, 1)
	} else {
		e.Buf = append(e.Buf, 0)
	}
}

// Uint appends an unsigned number.
func (e *Encoder) Uint(v uint64) {
	for v >= 0x80 {
		e.Buf = append(e.Buf, byte(v)|0x80)
		v >>= 7
	}
	e.Buf = append(e.Buf, byte(v))
}

// Handle appends a handle.
func (e *Encoder) Handle(h uint64) {
	e.Handles = append(e.Handles, h)
	e.Uint(h)
}

// Int appends a signed number.
func (e *Encoder) Int(v int64) { e.Uint(uint64(v)<<1 ^ uint64(v>>63)) }

// Float appends a floating-point number; a float32 is widened, which loses nothing.
func (e *Encoder) Float(v float64) {
	b := math.Float64bits(v)
	e.Buf = append(e.Buf, byte(b), byte(b>>8), byte(b>>16), byte(b>>24), byte(b>>32), byte(b>>40), byte(b>>48), byte(b>>56))
}

// String appends a string.
func (e *Encoder) String(v string) {
	e.Uint(uint64(len(v)))
	if len(v) >= MinLarge && !e.Whole {
		e.insert(unsafe.Slice(unsafe.StringData(v), len(v)))
		return
	}
	e.Buf = append(e.Buf, v...)
}

// Bytes appends a byte slice; nil stays nil.
func (e *Encoder) Bytes(v []byte) {
	e.Len(len(v), v == nil)
	e.Raw(v)
}

// pooled is the size up to which memory that is read into is used again.
const pooled = 64 << 10

var scratch = sync.Pool{New: func() any { return new([pooled]byte) }}

// BytesOf appends what a Read of at most size bytes returns.
func (e *Encoder) BytesOf(r interface{ Read(p []byte) (int, error) }, size int) (n int, err error) {
	var p []byte
	if size > pooled {
		p = make([]byte, size)
	} else {
		kept := scratch.Get().(*[pooled]byte)
		defer func() {
			if n < MinLarge || e.Whole { // it is copied
				scratch.Put(kept)
			}
		}()
		p = kept[:size:size]
	}
	n, err = r.Read(p)
	n = max(0, min(n, size))
	e.Bytes(p[:n])
	return n, err
}

// Raw appends bytes without their number.
func (e *Encoder) Raw(v []byte) {
	if len(v) >= MinLarge && !e.Whole {
		e.insert(v)
		return
	}
	e.Buf = append(e.Buf, v...)
}

// Len appends the length of a slice or a map, which may be nil.
func (e *Encoder) Len(n int, isNil bool) {
	if isNil {
		e.Uint(0)
	} else {
		e.Uint(uint64(n) + 1)
	}
}
