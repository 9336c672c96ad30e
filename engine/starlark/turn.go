package starlark

import (
	"context"
	"sync/atomic"

	"go.starlark.net/starlark"

	"github.com/loadgo/load/engine/starlark/internal/bounded"
)

// turn is had by the one goroutine that may run what reaches the values of a run that goes on: its
// variables change, and nothing guards the interpreter's lists and dicts. Functions that the run
// gave to the host meanwhile, which can call them on any goroutine, ask for it. The run gives it
// away while it waits for the host. When the run has ended, what it gave is frozen, and nobody
// needs a turn any more.
type turn struct {
	free    chan struct{} // holds an element while nobody has the turn
	over    atomic.Bool
	waiting atomic.Int64 // bytes that the runs have taken which wait for the host

	// For who has the turn.
	crossed []starlark.Value // what was given to the host
	runs    int              // that have begun and not ended
	done    bool             // the run that goes on has ended well
}

// needed reports whether a turn has to be had.
func (t *turn) needed() bool { return t != nil && !t.over.Load() }

// hold is what a run, or a call of a function with its arguments and results, has of a turn. It is
// on one goroutine.
type hold struct {
	turn    *turn
	has     bool
	first   bool // it is the run that goes on
	running *run // or nil
}

// begin takes the turn that a function needs.
func (h *hold) begin(ctx context.Context, t *turn) error {
	if !t.needed() {
		return nil
	}
	h.turn = t
	err := h.take(ctx)
	if err == nil {
		t.runs++
	}
	return err
}

func (h *hold) take(ctx context.Context) error {
	select {
	case <-h.turn.free:
		h.has = true
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (h *hold) give() {
	if h.has {
		h.has = false
		h.turn.free <- struct{}{}
	}
}

// share notes a value that the host is given, and returns the turn that its functions need.
func (h *hold) share(v starlark.Value) *turn {
	if h.turn == nil && h.running != nil {
		h.turn, h.has, h.first = &turn{free: make(chan struct{}, 1), runs: 1}, true, true
		h.turn.waiting.Store(h.running.Held())
	}
	if h.has {
		h.turn.crossed = append(h.turn.crossed, v)
	}
	return h.turn
}

// outside gives the turn away while the host works for the run; back takes it again.
func (h *hold) outside(taken int64) (back func(context.Context) error) {
	if !h.has {
		return func(context.Context) error { return nil }
	}
	h.turn.waiting.Add(taken)
	h.give()
	return func(ctx context.Context) error {
		h.turn.waiting.Add(-taken)
		return h.take(ctx)
	}
}

// end gives the turn away for good. When all runs have ended, what they gave to the host is frozen,
// and nobody needs the turn after that. It stays where that cannot be: a run ended without it, or
// ok is false because the first one failed.
func (h *hold) end(ok bool) {
	if !h.has {
		return
	}
	t := h.turn
	t.runs--
	t.done = t.done || h.first && ok
	if t.done && t.runs == 0 {
		var f bounded.Freezer
		frozen := true
		for _, v := range t.crossed {
			frozen = frozen && f.Freeze(v, 0) == nil
		}
		t.crossed = nil
		t.over.Store(frozen)
	}
	h.give()
}
