//go:build unix

// Package guestwait keeps the goroutines of a module that wait for an answer of the host. What the
// host calls in the goroutine that answers, the one that waits runs: in Go, both are one.
package guestwait

import (
	"sync"

	"github.com/loadgo/load/internal/goglue/guest/guestinput"
)

// Table is who waits, by the number of the call of the host. Its methods are safe for concurrent
// use.
type Table struct {
	mu      sync.Mutex
	waiters map[uint64]*Waiter
}

// Waiter is a goroutine that waits.
type Waiter struct {
	table *Table
	comes chan Arrival // has space for the answer and a call
	runs  bool         // it runs a call; guarded by the table
}

// Arrival is what a waiter waits for: the answer, or a call to run.
type Arrival struct {
	Answer []byte
	Run    *guestinput.Run // or nil
}

var waiters = sync.Pool{New: func() any { return &Waiter{comes: make(chan Arrival, 2)} }}

// Begin notes that the calling goroutine is to wait for the answer of a call.
func (t *Table) Begin(number uint64) *Waiter {
	w := waiters.Get().(*Waiter)
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.waiters == nil {
		t.waiters = map[uint64]*Waiter{}
	}
	w.table, t.waiters[number] = t, w
	return w
}

// Answer hands over an answer, and reports whether somebody waits for it.
func (t *Table) Answer(number uint64, answer []byte) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	w := t.waiters[number]
	delete(t.waiters, number)
	if w != nil {
		w.comes <- Arrival{Answer: answer}
	}
	return w != nil
}

// Run hands over a call that the host makes within one of the host, and reports whether its
// goroutine waits: it may be running a call whose caller has gone.
func (t *Table) Run(r *guestinput.Run) bool {
	within := r.Within()
	if within == 0 {
		return false
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	w := t.waiters[within]
	if w == nil || w.runs {
		return false
	}
	w.runs = true
	w.comes <- Arrival{Run: r}
	return true
}

// Ready reports whether something has come.
func (w *Waiter) Ready() bool { return len(w.comes) > 0 }

// Next waits for what comes.
func (w *Waiter) Next() Arrival { return <-w.comes }

// Ran notes that a call is over, before its answer is sent.
func (w *Waiter) Ran() {
	w.table.mu.Lock()
	defer w.table.mu.Unlock()
	w.runs = false
}

// Done lets another goroutine be the waiter: the answer has come.
func (w *Waiter) Done() { waiters.Put(w) }
