package wire

import (
	"reflect"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// cell is a thing that is a number.
type cell struct{ at *int }

func (c cell) Place(s *Sharing, n int) {
	s.Place(n, unsafe.Pointer(c.at), reflect.TypeFor[int](), 0)
}

func (c cell) in(s *Sharing) (int, bool) {
	return s.Find(unsafe.Pointer(c.at), reflect.TypeFor[int](), 0)
}

// TestAdopt: what is looked for in another table is taken over, under one number on both sides.
func TestAdopt(t *testing.T) {
	outer, own := new(Sharing), new(Sharing)
	outer.Number("first")
	mine, later := []cell{{new(int)}, {new(int)}}, cell{new(int)}
	for _, c := range append(mine, later) {
		c.Place(own, own.Number(c))
	}
	var e Encoder
	times, found := 0, 0
	require.NoError(t, outer.BeginCall(&e, func(bool) error {
		start := e.Size()
		outer.PutAdopting(&e, own, 2, func() { e.Truncate(start); times++ }, func() {
			found, _ = mine[1].in(outer)
			_, ok := later.in(outer)
			assert.False(t, ok, "the other side has no such thing")
			e.Uint(uint64(found))
		})
		return e.Err
	}, func() error { return nil }))
	assert.Equal(t, 2, times)
	assert.Equal(t, 1, found)
	assert.Len(t, outer.Things, 2)
	_, ok := later.in(outer)
	assert.False(t, ok)

	theirs, from := new(Sharing), new(Sharing)
	theirs.Number("first")
	a, b := cell{new(int)}, cell{new(int)}
	from.Number(a)
	from.Number(b)
	d := NewDecoder(e.Buf)
	var kept []any
	require.NoError(t, theirs.TakeOver(&d, from, func(things []any) { kept = things }, func(func(int) bool) error {
		n, ok := b.in(theirs)
		assert.True(t, ok)
		assert.EqualValues(t, n, d.Uint())
		return d.End()
	}))
	assert.Equal(t, []any{b}, kept)

	var forged Encoder
	forged.Uint(1)
	forged.Uint(0)
	forged.Len(1, false)
	forged.Uint(2)
	for _, from := range []*Sharing{nil, from} {
		d := NewDecoder(forged.Buf)
		err := new(Sharing).TakeOver(&d, from, func([]any) { t.Error("nothing is kept") }, func(func(int) bool) error { return nil })
		assert.ErrorIs(t, err, ErrTag)
	}
}
