package wire

import (
	"reflect"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// numbered is the table of an update for a side that has these things.
func numbered(module bool, things ...any) (*Lasting, *Sharing) {
	l := &Lasting{}
	l.Begin(things, func(any) bool { return true }, module)
	return l, &Sharing{of: l}
}

// TestNumbersAhead: a number that no honest sender gives takes no memory.
func TestNumbersAhead(t *testing.T) {
	t.Parallel()
	for name, n := range map[string]uint64{"far": 1 << 30, "beyond an int": 1 << 60, "of this side": 3} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, s := numbered(false, "a")
			var e Encoder
			e.Uint(n<<1 | 1)
			d := NewDecoder(e.Buf)
			d.Limit(nil)
			number := s.TakeNumber(&d)
			require.Error(t, d.Err())
			s.SetNumber(number, "b")
			assert.Equal(t, 1, l.Size())
		})
	}
}

// TestNumbersOfUpdates: an update says what its sender has changed, and the receiver what both have.
func TestNumbersOfUpdates(t *testing.T) {
	t.Parallel()
	places := [3]int{}
	at := func(i int) unsafe.Pointer { return unsafe.Pointer(&places[i]) }
	from, sending := numbered(true, "a", "b")
	to, taking := numbered(false, "a", "b")
	from.Note([]int{1}, nil)
	to.Note([]int{1}, nil)
	typ := reflect.TypeFor[int]()
	from.index.Place(0, at(0), typ, 0)
	from.index.Place(1, at(1), typ, 0)
	var e Encoder
	for i := range places {
		sending.PutNumber(&e, "c", at(i), typ, 0)
	}
	d := NewDecoder(e.Buf)
	old, both, fresh := taking.TakeNumber(&d), taking.TakeNumber(&d), taking.TakeNumber(&d)
	require.NoError(t, d.End())
	assert.Equal(t, Number{Thing: "a", Old: true, n: 0}, old)
	assert.Equal(t, Number{Thing: "b", Passed: true, n: 1}, both)
	assert.Nil(t, fresh.Thing)
	assert.False(t, fresh.Old)
	taking.SetNumber(fresh, "c")
	assert.Equal(t, "c", to.Thing(fresh.n))
	assert.Equal(t, "c", from.Thing(fresh.n))
}
