package wire_test

import (
	"bytes"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/loadgo/load/internal/wire"
)

// whole returns the message in one piece.
func whole(e *wire.Encoder) []byte {
	var b bytes.Buffer
	_ = e.Send(0, func(p []byte) error { b.Write(p); return nil })
	return b.Bytes()
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("long", 20_000)
	now := time.Date(2026, 11, 21, 1, 2, 3, 4, time.FixedZone("X", -3600))
	var e wire.Encoder
	e.Bool(true)
	e.Int(math.MinInt64)
	e.Uint(math.MaxUint64)
	e.Float(math.Copysign(0, -1))
	e.String(long)
	e.Bytes(nil)
	e.Bytes([]byte{})
	e.Bytes([]byte(long))
	e.Time(now)
	e.String("end")
	message := whole(&e)
	if len(message) != e.Size() {
		t.Errorf("size %d, message of %d bytes", e.Size(), len(message))
	}
	for _, d := range []wire.Decoder{wire.NewDecoder(message), wire.NewOwner(message)} {
		if !d.Bool() || d.Int() != math.MinInt64 || d.Uint() != math.MaxUint64 || !math.Signbit(d.Float()) || d.String() != long {
			t.Error("a value changed")
		}
		if b := d.Bytes(); b != nil {
			t.Errorf("nil became %v", b)
		}
		if b := d.Bytes(); b == nil || len(b) != 0 {
			t.Errorf("empty became %v", b)
		}
		if string(d.Bytes()) != long || !d.Time().Equal(now) || d.String() != "end" {
			t.Error("a value changed")
		}
		if err := d.End(); err != nil {
			t.Error(err)
		}
	}
}

func TestDecoderErrors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		message string
		decode  func(*wire.Decoder)
		want    error
	}{
		{"", func(d *wire.Decoder) { d.Byte() }, wire.ErrShort},
		{"\x80", func(d *wire.Decoder) { d.Uint() }, wire.ErrShort},
		{"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", func(d *wire.Decoder) { d.Uint() }, wire.ErrOverflow},
		{"\x80\x02", func(d *wire.Decoder) { d.UintN(8) }, wire.ErrOverflow},
		{"\x80\x02", func(d *wire.Decoder) { d.IntN(8) }, wire.ErrOverflow},
		{"\x02", func(d *wire.Decoder) { d.Bool() }, wire.ErrTag},
		{"\x05ab", func(d *wire.Decoder) { _ = d.String() }, wire.ErrLength},
		{"\x05ab", func(d *wire.Decoder) { d.Bytes() }, wire.ErrLength},
		{"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", func(d *wire.Decoder) { d.Len(8) }, wire.ErrLength},
		{"abc", func(d *wire.Decoder) { d.Float() }, wire.ErrShort},
		{"ab", func(d *wire.Decoder) { d.Byte() }, wire.ErrTrailing},
		{"", func(d *wire.Decoder) {
			for d.Enter() {
			}
		}, wire.ErrDepth},
	} {
		d := wire.NewDecoder([]byte(c.message))
		c.decode(&d)
		if err := d.End(); !errors.Is(err, c.want) {
			t.Errorf("%q: %v, want %v", c.message, err, c.want)
		}
	}
}

// FuzzDecoder takes values off any message in an order that the message itself gives.
func FuzzDecoder(f *testing.F) {
	f.Add([]byte("\x01\x02\x03abc"), []byte("bufsyltvn"))
	f.Fuzz(func(t *testing.T, message, order []byte) {
		for _, d := range []wire.Decoder{wire.NewDecoder(message), wire.NewOwner(message)} {
			total := 0
			for _, o := range order {
				switch o % 8 {
				case 0:
					d.Bool()
				case 1:
					d.UintN(int(o) % 65)
				case 2:
					d.IntN(1 + int(o)%64)
				case 3:
					d.Float()
				case 4:
					total += len(d.String())
				case 5:
					total += len(d.Bytes())
				case 6:
					d.Time()
				case 7:
					n, _ := d.Len(1 + int(o)/8)
					total += n
				}
			}
			if total > (len(order)+1)*len(message) {
				t.Errorf("%d bytes out of %d", total, len(message))
			}
		}
	})
}
