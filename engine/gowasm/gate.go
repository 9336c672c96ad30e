package gowasm

import (
	"context"
	"slices"
	"sync"
)

// gate lets one call at a time into a guest. A call that waits in the host, because the module
// called a
// function of the host, lets further calls in. They lie on top of it on the module's stack: the
// waiting
// call goes on when all of them have left.
type gate struct {
	mu      sync.Mutex
	calls   []*entry // those inside, the outermost first
	running bool     // the last of them runs in the module; else it waits in the host, or there is none
	last    uint64   // the number of the last call that was let in
	waiting []*waiter
	shut    bool          // nobody enters any more
	closed  chan struct{} // closed when shut
	drained chan struct{} // closed when shut and nobody is inside
}

// entry is a call inside a guest.
type entry struct {
	ctx     context.Context // of the caller
	symbol  string          // what is called
	number  uint64          // set when it is let in, from 1
	level   int             // how many calls lie below it; likewise
	serves  bool            // it answers a request
	watched bool            // the module asks whether the call is cancelled, or will; guarded by gate.mu
	told    bool            // the module asked, and heard that it is; guarded by gate.mu
	// cancelled says that the call goes on after its context ended, and passed counts the
	// checkpoints of its own since; guarded by gate.mu.
	cancelled bool
	passed    int
	// back is closed when the call, which waits to go on in the module, may; nil where it does not
	// wait.
	back chan struct{}
}

// waiter is a call that waits to get in.
type waiter struct {
	call *entry
	in   chan struct{} // closed when it is in
}

func newGate() *gate {
	return &gate{closed: make(chan struct{}), drained: make(chan struct{})}
}

// enter waits until the call may run in the module and reports whether it may: not where the
// context ends
// first, or the gate is shut. Every enter that answered true is followed by a leave.
func (g *gate) enter(call *entry) bool {
	g.mu.Lock()
	if g.shut {
		g.mu.Unlock()
		return false
	}
	if !g.running && len(g.waiting) == 0 {
		g.push(call)
		g.mu.Unlock()
		return true
	}
	w := &waiter{call: call, in: make(chan struct{})}
	g.waiting = append(g.waiting, w)
	g.mu.Unlock()
	select {
	case <-w.in:
		return true
	case <-call.ctx.Done():
	case <-g.closed:
	}
	g.mu.Lock()
	i := slices.Index(g.waiting, w)
	if i >= 0 {
		g.waiting = slices.Delete(g.waiting, i, i+1)
	}
	g.mu.Unlock()
	if i < 0 { // it has just been let in
		g.leave()
	}
	return false
}

// leave takes the last call, which has ended, out.
func (g *gate) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.calls[len(g.calls)-1] = nil
	g.calls = g.calls[:len(g.calls)-1]
	g.next()
}

// suspend lets further calls in while the last one waits in the host. A resume follows.
func (g *gate) suspend() *entry {
	g.mu.Lock()
	defer g.mu.Unlock()
	call := g.calls[len(g.calls)-1]
	g.next()
	return call
}

// resume waits until the call may go on in the module: until those that came after it have left.
func (g *gate) resume(call *entry) {
	g.mu.Lock()
	if !g.running && g.calls[len(g.calls)-1] == call {
		g.running = true
		g.mu.Unlock()
		return
	}
	back := make(chan struct{})
	call.back = back
	g.mu.Unlock()
	<-back
}

// shutdown lets nobody in any more.
func (g *gate) shutdown() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.shut {
		return
	}
	g.shut = true
	close(g.closed)
	if len(g.calls) == 0 {
		close(g.drained)
	}
}

// push puts a call on top of those inside.
func (g *gate) push(call *entry) {
	g.last++
	call.number, call.level = g.last, len(g.calls)
	g.calls = append(g.calls, call)
	g.running = true
}

// next hands the module over: to the call on top, where it waits to go on, or else to the first
// that waits
// to get in.
func (g *gate) next() {
	g.running = false
	if n := len(g.calls); n > 0 && g.calls[n-1].back != nil {
		close(g.calls[n-1].back)
		g.calls[n-1].back, g.running = nil, true
		return
	}
	switch {
	case len(g.waiting) > 0 && !g.shut:
		w := g.waiting[0]
		g.waiting = slices.Delete(g.waiting, 0, 1)
		g.push(w.call)
		close(w.in)
	case g.shut && len(g.calls) == 0:
		close(g.drained)
	}
}

// idle reports whether a call would be let in at once.
func (g *gate) idle() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return !g.running && len(g.waiting) == 0
}

// outside reports whether a call inside waits in the host.
func (g *gate) outside() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	waiting := len(g.calls)
	if g.running {
		waiting--
	}
	return waiting > 0
}

// cancel notes that the call goes on after its context ended, and reports whether it may for a
// while. A call that nothing lies below and that cannot notice its end may not: it has the module
// for itself. Others may still notice or, within another call, have to wait for the module to come
// back to them.
func (g *gate) cancel(call *entry) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	call.cancelled = call.watched || call.serves || call.level > 0
	return call.cancelled
}

// where reports whether the call has not left yet, and whether the module runs for it.
func (g *gate) where(call *entry) (inside, runs bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Contains(g.calls, call), g.holder() == call
}

// holder returns the call that the module runs for, or nil: the last one whose context can end.
// Those on top of it, which cannot end by themselves, end with it.
func (g *gate) holder() *entry {
	if !g.running {
		return nil
	}
	for _, call := range slices.Backward(g.calls) {
		if call.ctx.Done() != nil {
			return call
		}
	}
	return nil
}

// watch returns the context of the call inside with the number, or nil, and remembers that the
// module asks.
func (g *gate) watch(number uint64) context.Context {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, call := range g.calls {
		if call.number == number {
			call.watched = true
			call.told = call.ctx.Err() != nil
			return call.ctx
		}
	}
	return nil
}

// deaf counts a checkpoint, and returns the cancelled call that has passed too many of them and
// was not told of its end, or nil. Handlers seldom ask, and a client that goes must not cost the
// others their module: they have the patience of those who were told.
func (g *gate) deaf() *entry {
	g.mu.Lock()
	defer g.mu.Unlock()
	call := g.holder()
	if call == nil || !call.cancelled || !call.watched || call.told || call.serves {
		return nil
	}
	if call.passed++; call.passed <= maxDeaf {
		return nil
	}
	return call
}
