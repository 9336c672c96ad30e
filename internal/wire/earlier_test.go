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
		x.Add(first[true])
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
	assert.Equal(t, Number{Thing: placed{at}, n: -1}, again)
	assert.Nil(t, fresh.Thing)
	assert.Nil(t, array.Thing)
	first[false].seen = 1
	assert.True(t, first[false].Earlier(0, 0).Old, "an older content")

	taking.NumberEarlier(again.Thing)
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
