package running

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/find"
)

// TestBorrow: a borrower that finds a module which another one loaded, and has not noted yet, keeps
// it alive as well as that one does.
func TestBorrow(t *testing.T) {
	t.Parallel()
	c, m := registered()
	assert.True(t, c.Borrow(m, 1), "the second borrower comes first")
	assert.True(t, c.Borrow(m, 0), "the one that loaded it")
	assert.False(t, c.GiveBack(m), "the other one has it")
	assert.True(t, c.GiveBack(m))
	assert.True(t, c.Dropped(m))
}

// TestBorrowRunning: what ran before stays.
func TestBorrowRunning(t *testing.T) {
	t.Parallel()
	c, m := registered()
	for range 2 {
		assert.True(t, c.Borrow(m, 1))
		assert.False(t, c.GiveBack(m))
	}
	assert.False(t, c.Dropped(m))
}

type module struct{ entry Entry[module] }

// registered returns a table with one module.
func registered() (*Table[module], *module) {
	c, m := new(Table[module]), new(module)
	of := func(m *module) *Entry[module] { return &m.entry }
	c.Init(of, new(sync.Mutex))
	m.entry.Init(of, &find.Spec{Name: "x"}, idle{})
	c.register(m, []string{"x"})
	return c, m
}

// idle is an instance that does nothing.
type idle struct{ engine.Instance }
