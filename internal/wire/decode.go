package wire

import (
	"math"
	"time"
	"unsafe"
)

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

// Within decodes a message in a part of this one, which has to be taken as a whole.
func (d *Decoder) Within(message []byte, take func()) {
	buf, off, owned, sharing, places := d.buf, d.off, d.owned, d.Sharing, d.places
	d.buf, d.off, d.owned, d.Sharing, d.places = message, 0, false, nil, nil
	take()
	_ = d.End()
	d.buf, d.owned, d.Sharing, d.places = buf, owned, sharing, places
	if d.off = off; d.err != nil {
		d.off = len(d.buf)
	}
}

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
	if d.owned && n >= MinLarge {
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
	if d.owned && n >= MinLarge {
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
	if d.owned && n >= MinLarge {
		return b
	}
	if !d.Charge(len(b)) {
		return nil
	}
	return append(make([]byte, 0, len(b)), b...)
}

// Raw takes n bytes. They are part of the message.
func (d *Decoder) Raw(n int) []byte {
	if n < 0 || n > len(d.buf)-d.off {
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
