package wire

import (
	"reflect"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// placed is a thing at an address.
type placed struct{ at *int }

func (p placed) Place(s *Sharing, n int) { s.Place(n, unsafe.Pointer(p.at), reflect.TypeFor[int](), 0) }

// TestEarlier: what the module gives again, the host has since an earlier call. Of the later call
// nothing lasts, and both sides forget it.
func TestEarlier(t *testing.T) {
	t.Parallel()
	last := func(any) bool { return true }
	at := new(int)
	first := map[bool]*Lasting{}
	for _, module := range []bool{false, true} {
		first[module] = &Lasting{Handle: 7}
		first[module].Begin([]any{placed{at}}, last, module)
	}
	sending := &Sharing{Earlier: func() *Earlier {
		x := new(Earlier)
		x.Add(first[true], last)
		return x
	}}
	taking := &Sharing{Known: func(handle uint64, n int, version uint64) Number {
		assert.Equal(t, uint64(7), handle)
		return first[false].Earlier(n, version)
	}}
	var e Encoder
	sending.PutPlace(&e, "again", unsafe.Pointer(at), reflect.TypeFor[int](), 0)
	sending.PutPlace(&e, "new", unsafe.Pointer(new(int)), reflect.TypeFor[int](), 0)
	sending.PutArrayPlace(&e, "array", unsafe.Pointer(at), 8, reflect.TypeFor[int](), 0)
	d := NewDecoder(e.Buf)
	again, fresh, array := taking.TakePlace(&d), taking.TakePlace(&d), taking.TakePlace(&d)
	require.NoError(t, d.End())
	assert.Equal(t, KnownAgain(placed{at}, placed{at}, false), again)
	assert.Nil(t, fresh.Thing)
	assert.Nil(t, array.Thing)
	first[false].seen = 1
	assert.True(t, first[false].Earlier(0, 0).Old, "an older content")

	taking.NumberAgain(again, again.Thing)
	assert.Equal(t, []Again{{0, placed{at}, 0}}, taking.TakenAgain())
	host, module := new(Lasting), new(Lasting)
	host.Begin(taking.Things, last, false)
	host.Again(taking)
	module.Begin([]any{"again"}, last, true)
	for range host.All() {
		t.Error("the host compares it twice")
	}
	update := func(from, to *Lasting) {
		numbers, send := from.Note(nil, nil)
		require.True(t, send)
		require.Empty(t, numbers)
		var e Encoder
		from.PutHead(&e, nil)
		d := NewDecoder(e.Buf)
		_, _, _, news := to.TakeHead(&d, true)
		require.True(t, news)
		require.NoError(t, d.End())
	}
	update(host, module)
	assert.Zero(t, module.Size())
	update(module, host)
	assert.Zero(t, host.Size())
}

// TestAgain: the host names all that it has at a place, the module takes the first that it has, and
// says which.
func TestAgain(t *testing.T) {
	t.Parallel()
	last := func(any) bool { return true }
	at := new(int)
	sets := map[uint64]*Lasting{}
	sending := &Sharing{Earlier: func() *Earlier {
		x := new(Earlier)
		for _, handle := range []uint64{7, 8, 9} {
			sets[handle] = &Lasting{Handle: handle}
			sets[handle].Begin([]any{placed{at}}, last, false)
			x.Add(sets[handle], last)
		}
		return x
	}}
	asked := []uint64{}
	taking := &Sharing{Known: func(handle uint64, _ int, _ uint64) Number {
		if asked = append(asked, handle); handle == 7 {
			return KnownAgain(nil, nil, false)
		}
		return KnownAgain("own", handle, false)
	}}
	var e Encoder
	for _, p := range []*int{new(int), at} {
		sending.Number(p)
		sending.PutPlace(&e, p, unsafe.Pointer(p), reflect.TypeFor[int](), 0)
	}
	assert.Len(t, sending.GivenAgain(), 3)
	d := NewDecoder(e.Buf)
	fresh, again := taking.TakePlace(&d), taking.TakePlace(&d)
	require.NoError(t, d.End())
	assert.False(t, fresh.Again())
	assert.Equal(t, []any{true, "own"}, []any{again.Again(), again.Thing})
	assert.Equal(t, []uint64{7, 8}, asked)
	taking.NumberAgain(fresh, "new")
	taking.NumberAgain(again, again.Thing)

	var answer Encoder
	taking.PutAgain(&answer)
	d = NewDecoder(answer.Buf)
	assert.Equal(t, []Again{{1, placed{at}, 1}}, sending.TakeAgain(&d))
	require.NoError(t, d.End())
	for _, forged := range [][]byte{{2, 3, 0}, {1, 0, 0}, {9, 1, 0}, {2, 1, 2, 1, 2, 1, 2, 1, 0}} {
		d := NewDecoder(forged)
		sending.TakeAgain(&d)
		assert.Error(t, d.Err(), forged)
	}
	sending.EndEarlier()
	e = Encoder{}
	sending.PutPlace(&e, at, unsafe.Pointer(at), reflect.TypeFor[int](), 0)
	assert.Equal(t, []byte{0}, e.Buf)
}
