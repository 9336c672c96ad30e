package wire_test

import (
	"bytes"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/loadgo/load/internal/wire"
	"github.com/stretchr/testify/assert"
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
	assert.Lenf(t, message, e.Size(), "size %d, message of %d bytes", e.Size(), len(message))
	for _, d := range []wire.Decoder{wire.NewDecoder(message), wire.NewOwner(message)} {
		assert.True(t, d.Bool(), "a value changed")
		assert.Equal(t, int64(math.MinInt64), d.Int(), "a value changed")
		assert.Equal(t, uint64(math.MaxUint64), d.Uint(), "a value changed")
		assert.True(t, math.Signbit(d.Float()), "a value changed")
		assert.Equal(t, long, d.String(), "a value changed")
		assert.Nil(t, d.Bytes())
		b := d.Bytes()
		assert.NotNil(t, b)
		assert.Empty(t, b)
		assert.Equal(t, long, string(d.Bytes()), "a value changed")
		assert.True(t, d.Time().Equal(now), "a value changed")
		assert.Equal(t, "end", d.String(), "a value changed")
		assert.NoError(t, d.End())
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
		err := d.End()
		assert.ErrorIs(t, err, c.want, c.message)
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
			assert.LessOrEqual(t, total, (len(order)+1)*len(message))
		}
	})
}
