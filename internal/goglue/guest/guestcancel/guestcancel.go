// Package guestcancel ends the contexts of calls of a module.
package guestcancel

import (
	"context"
	"sync"
	"time"
)

// Table finds the cancel function of a call in progress, and of one that has returned an
// object.
type Table struct {
	mu      sync.Mutex
	funcs   map[uint64]context.CancelFunc // by call
	lasting map[uint64]context.CancelFunc // by handle of the object
}

// New returns an empty table.
func New() Table {
	return Table{funcs: map[uint64]context.CancelFunc{}, lasting: map[uint64]context.CancelFunc{}}
}

// Add makes the context of a call, which has so much time left; 0 is no limit.
func (t *Table) Add(number uint64, left time.Duration) context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	if left != 0 {
		ctx, cancel = context.WithTimeout(ctx, left)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.funcs[number] = cancel
	return ctx
}

// End ends the context of a call.
func (t *Table) End(number uint64) { t.call(t.funcs, number) }

// EndOf ends the context of the call that returned an object.
func (t *Table) EndOf(handle uint64) { t.call(t.lasting, handle) }

func (t *Table) call(funcs map[uint64]context.CancelFunc, key uint64) {
	t.mu.Lock()
	cancel := funcs[key]
	delete(funcs, key)
	t.mu.Unlock()
	if cancel != nil {
		cancel()
	}
}

// Returned ends the context of a call that is over, or lets it last where an object was returned.
func (t *Table) Returned(number, handle uint64) {
	if handle == 0 {
		t.End(number)
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if cancel := t.funcs[number]; cancel != nil { // else it was cancelled
		t.lasting[handle] = cancel
	}
	delete(t.funcs, number)
}

// Forget lets go of the context of an object that the host has dropped. It goes on: others may use
// the object.
func (t *Table) Forget(handle uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.lasting, handle)
}

// Has reports whether a call uses its context and is not over.
func (t *Table) Has(number uint64) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	_, ok := t.funcs[number]
	return ok
}
