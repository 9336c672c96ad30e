// Package guestgoroutine tells the goroutines of a module apart, and says which run beside: they
// may be changing memory that is to be read.
package guestgoroutine

import (
	"runtime"
	"sync/atomic"
	"time"
)

// State is what may be read.
type State int

const (
	// None: goroutines of the module run.
	None State = iota
	// Still: goroutines of the module wait, and may go on at any time. What a reader of memory sees
	// it sees twice then. The runtime ends a program that reads a map which changes.
	Still
	// All: there are none but those of this machinery.
	All
)

// Goroutines counts the goroutines of the machinery. Its methods are safe for concurrent use.
type Goroutines struct {
	own      atomic.Int32
	starting atomic.Int32 // that exist and are not counted yet
	later    atomic.Int32 // that are to run
	busy     bool         // those of the module ran when they were last waited for
}

// Go runs f in a goroutine of the machinery.
func (g *Goroutines) Go(f func()) {
	g.starting.Add(1)
	go func() { // it is counted once it exists: too few of the machinery is the safe side
		g.own.Add(1)
		g.starting.Add(-1)
		defer g.own.Add(-1)
		f()
	}()
}

// After runs f in a goroutine of the machinery, later.
func (g *Goroutines) After(d time.Duration, f func()) {
	g.later.Add(1)
	time.AfterFunc(d, func() {
		g.later.Add(-1)
		g.own.Add(1)
		defer g.own.Add(-1)
		f()
	})
}

// Waits reports whether a goroutine is to run, now or later: where goroutines run only while others
// wait, the caller lets it.
func (g *Goroutines) Waits() bool { return g.later.Load() > 0 || runtime.NumGoroutine() > 1 }

// Main notes that the calling goroutine is of the machinery.
func (g *Goroutines) Main() { g.own.Add(1) }

// maxWait is how long goroutines are waited for that end, or are about to wait: a function that has
// just ended has often made some. maxStart is how long those of the machinery are waited for, which a
// system with too few processors may let wait.
const (
	maxWait  = 5 * time.Millisecond
	maxStart = 100 * time.Millisecond
)

// State finds out what may be read. One goroutine calls it at a time.
func (g *Goroutines) State() State {
	if !parallel {
		return All
	}
	var start time.Time
	for ; ; runtime.Gosched() {
		switch {
		case int32(runtime.NumGoroutine()) <= g.own.Load():
			g.busy = false
			return All
		case g.still():
			return Still
		case g.busy:
			return None
		case start.IsZero():
			start = time.Now()
		case time.Since(start) > maxWait && (g.starting.Load() == 0 || time.Since(start) > maxStart):
			g.busy = true
		}
	}
}
