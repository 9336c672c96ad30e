// Package wire is the format in which values and calls cross between a host and a module. The same
// source is compiled into the host and into every module, so it imports nothing but the smallest
// parts of the standard library.
//
// Numbers are varints (zigzag for signed ones), floats are eight bytes, everything with a length is
// the length and then its contents. There are no names and no types on the wire: both sides know
// the type of every value from the API that was described when the module was compiled, except for
// values of type any, which carry their type with them (see [Tag]).
package wire

import (
	"errors"
	"math"
	"time"
	"unsafe"
)

// Format is the version of everything in this package. A host refuses a module of another format.
const Format = 10

// MaxDepth is how many [Encoder.Enter] may lie within each other; values that are deeper, and
// cyclic ones, are errors. A pointer, a list, a map, a struct or an any takes three at most, so
// values of a thousand of each within each other cross.
const MaxDepth = 10_000

// Errors of decoding. They say what is wrong with the message, never what to do: only a damaged or
// hostile peer causes them.
var (
	ErrShort    = errors.New("message ends in the middle of a value")
	ErrOverflow = errors.New("number does not fit its type")
	ErrLength   = errors.New("length exceeds the message")
	ErrTag      = errors.New("a value has a form that its type does not have")
	ErrTrailing = errors.New("message goes on after its last value")
	// ErrMemory is also met by honest values: those that take more memory than the decoder may use.
	ErrMemory = errors.New("value takes too much memory")
	// ErrDepth is also met by honest values: cyclic ones.
	ErrDepth = errors.New("value is cyclic or nested too deep")
)

// Tag says how a value that has more than one form is encoded.
type Tag = byte

// The tags.
const (
	TagNil    Tag = 0 // a nil pointer, interface, function, …
	TagHandle Tag = 1 // a reference to a value in the module
	TagValue  Tag = 2 // the value itself follows
	TagHost   Tag = 3 // a reference to a value of the host
	TagText   Tag = 4 // the value as its own text or binary marshalling writes it
	TagShared Tag = 5 // in an any: a reference to what both sides have
	TagOwn    Tag = 6 // in an any: the handle of a value of the host, and the value
	TagError  Tag = 7 // in an any: an error
	TagTyped  Tag = 8 // in an any or another interface: the number of the value's type, and the value
)

// Encoder appends values to a message. The zero Encoder is ready to use. Long strings and byte
// slices are not copied into it: they must not change before the message was sent.
type Encoder struct {
	Buf   []byte   // the message, but for what large refers to
	Depth int      // of the value being encoded, kept by the encoders of composite types
	Err   error    // the first error; the message is void when it is set
	Given []uint64 // the handles that were made for the message, as long as they may have to be taken back

	// Sharing is the table of the things that the call shares; nil where it shares none.
	Sharing *Sharing

	// Handles are the handles in the message, for a transport that has to know whose they are.
	Handles []uint64

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

// minLarge is the size from which copying costs more than a write of its own.
const minLarge = 32 << 10

// Size is the length of the message so far, in bytes.
func (e *Encoder) Size() int { return len(e.Buf) + e.largeSize }

// Truncate shortens the message to its first n bytes, which must be before everything long, and
// forgets an error.
func (e *Encoder) Truncate(n int) { *e = Encoder{Buf: e.Buf[:n], Handles: e.Handles[:0]} }

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
	if len(v) >= minLarge {
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

// Raw appends bytes without their number.
func (e *Encoder) Raw(v []byte) {
	if len(v) >= minLarge {
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

// Decoder takes values from a message. After the first error every value is the zero value of its
// type, so that decoding code needs no checks in between. Nothing it does panics, whatever the
// message holds. What is decoded may take much more memory than the message: see [Decoder.Limit].
type Decoder struct {
	// Sharing is the table of the things that the call shares; nil where it shares none.
	Sharing *Sharing

	buf   []byte
	off   int
	depth int
	owned bool
	err   error
	room  room

	places []*time.Location
}

// NewDecoder returns a decoder of a message. Nothing that it returns refers to the message.
func NewDecoder(message []byte) Decoder { return Decoder{buf: message, room: unlimited} }

// NewOwner returns a decoder of a message that is given away: long strings and byte slices are
// parts of it.
func NewOwner(message []byte) Decoder { return Decoder{buf: message, owned: true, room: unlimited} }

// Err returns the first error.
func (d *Decoder) Err() error { return d.err }

// Fail records the first error.
func (d *Decoder) Fail(err error) {
	if d.err == nil {
		d.err = err
	}
	d.off = len(d.buf)
}

// End checks that the whole message was decoded and returns the first error.
func (d *Decoder) End() error {
	if d.err == nil && d.off != len(d.buf) {
		d.err = ErrTrailing
	}
	return d.err
}

// Rest returns what was not decoded yet. It is part of the message.
func (d *Decoder) Rest() []byte { return d.buf[d.off:] }

// Enter goes one level deeper and reports whether that is still allowed. Every Enter that answered
// true is followed by a Leave.
func (d *Decoder) Enter() bool {
	if d.depth >= MaxDepth {
		d.Fail(ErrDepth)
	}
	if d.err != nil {
		return false
	}
	d.depth++
	return true
}

// Leave undoes one Enter.
func (d *Decoder) Leave() { d.depth-- }

// Byte takes one byte.
func (d *Decoder) Byte() byte {
	if d.off >= len(d.buf) {
		d.Fail(ErrShort)
		return 0
	}
	b := d.buf[d.off]
	d.off++
	return b
}

// Bool takes a boolean.
func (d *Decoder) Bool() bool {
	switch d.Byte() {
	case 0:
		return false
	case 1:
		return true
	}
	d.Fail(ErrTag)
	return false
}

// Uint takes an unsigned number.
func (d *Decoder) Uint() uint64 {
	var v uint64
	for shift := 0; ; shift += 7 {
		if d.off >= len(d.buf) {
			d.Fail(ErrShort)
			return 0
		}
		b := d.buf[d.off]
		d.off++
		if shift == 63 && b > 1 {
			d.Fail(ErrOverflow)
			return 0
		}
		v |= uint64(b&0x7f) << shift
		if b < 0x80 {
			return v
		}
	}
}

// UintN takes an unsigned number of at most the given number of bits.
func (d *Decoder) UintN(bits int) uint64 {
	v := d.Uint()
	if bits < 64 && v>>bits != 0 {
		d.Fail(ErrOverflow)
		return 0
	}
	return v
}

// Int takes a signed number.
func (d *Decoder) Int() int64 {
	v := d.Uint()
	return int64(v>>1) ^ -int64(v&1)
}

// IntN takes a signed number of at most the given number of bits.
func (d *Decoder) IntN(bits int) int64 {
	v := d.Int()
	if bits < 64 && v>>(bits-1) != v>>63 {
		d.Fail(ErrOverflow)
		return 0
	}
	return v
}

// Float takes a floating-point number.
func (d *Decoder) Float() float64 {
	if len(d.buf)-d.off < 8 {
		d.Fail(ErrShort)
		return 0
	}
	b := d.buf[d.off:]
	d.off += 8
	return math.Float64frombits(uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24 |
		uint64(b[4])<<32 | uint64(b[5])<<40 | uint64(b[6])<<48 | uint64(b[7])<<56)
}

// String takes a string.
func (d *Decoder) String() string {
	n := d.Uint()
	if n > uint64(len(d.buf)-d.off) {
		d.Fail(ErrLength)
		return ""
	}
	b := d.take(int(n))
	if d.owned && n >= minLarge {
		return unsafe.String(&b[0], len(b))
	}
	if !d.Charge(len(b)) {
		return ""
	}
	return string(b)
}

// Bytes takes a byte slice. The result is the caller's.
func (d *Decoder) Bytes() []byte {
	n, ok := d.Len(1)
	if !ok {
		return nil
	}
	b := d.take(n)
	if d.owned && n >= minLarge {
		return b
	}
	if !d.Charge(n) {
		return nil
	}
	return append(make([]byte, 0, n), b...)
}

// Array takes n bytes. The result is the caller's.
func (d *Decoder) Array(n int) []byte {
	b := d.Raw(n)
	if d.owned && n >= minLarge {
		return b
	}
	if !d.Charge(len(b)) {
		return nil
	}
	return append(make([]byte, 0, len(b)), b...)
}

// Raw takes n bytes. They are part of the message.
func (d *Decoder) Raw(n int) []byte {
	if n > len(d.buf)-d.off {
		d.Fail(ErrShort)
		return nil
	}
	return d.take(n)
}

func (d *Decoder) take(n int) []byte {
	b := d.buf[d.off : d.off+n : d.off+n]
	d.off += n
	return b
}

// Len takes the length of a slice or a map whose elements take at least min bytes each; ok is false
// for a nil one. It never exceeds what the rest of the message can hold. No element takes no bytes:
// a struct without fields and an array without elements are one byte.
func (d *Decoder) Len(min int) (n int, ok bool) {
	v := d.Uint()
	if v == 0 {
		return 0, false
	}
	v--
	if v > uint64(len(d.buf)-d.off)/uint64(min) {
		d.Fail(ErrLength)
		return 0, false
	}
	return int(v), true
}
