package wire

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestGivers: a value sees what the call shares in which it is called, else the newest that goes
// on, and none that is over.
func TestGivers(t *testing.T) {
	t.Parallel()
	var g Givers
	calls := make([]*While, 5)
	for i := range calls {
		calls[i] = &While{Call: uint64(100 + i)}
		calls[i].Store(new(Sharing))
		g.Add(calls[i], uint64(i+1))
		g.Add(calls[i], uint64(i+1))
	}
	check := func(call, number uint64) {
		t.Helper()
		things, n := g.For(call)
		assert.Equal(t, number, n)
		if number > 0 {
			assert.Same(t, calls[number-1].Load(), things)
		} else {
			assert.Nil(t, things)
		}
	}
	check(0, 5)
	check(102, 3)
	check(7, 5)
	calls[4].Store(nil)
	calls[2].Store(nil)
	check(0, 4)
	check(102, 4)
	check(100, 1)
	g.Add(calls[1], 2)
	length := 0
	for o := g.newest.Load(); o != nil; o = o.older {
		length++
	}
	assert.Equal(t, 5, length, "nothing was added")
	calls[4] = &While{Call: 200}
	calls[4].Store(new(Sharing))
	g.Add(calls[4], 5)
	length = 0
	for o := g.newest.Load(); o != nil; o = o.older {
		length++
	}
	assert.Equal(t, 4, length, "those that are over are forgotten")
	for _, c := range calls {
		c.Store(nil)
	}
	check(0, 0)
	check(101, 0)
}
