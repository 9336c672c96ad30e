package wire

import (
	"sync"
	"sync/atomic"
)

// While has what a call of the module shares, while it goes on there.
type While struct {
	atomic.Pointer[Sharing]
	Call uint64 // its number
}

// Givers are the calls that gave a value of the host to the module and go on there. It is safe for
// concurrent use.
type Givers struct {
	mu     sync.Mutex
	newest atomic.Pointer[giver]
}

type giver struct {
	while  *While
	number uint64
	older  *giver
}

// Add adds a call, by the number by which the host knows what it shares.
func (g *Givers) Add(while *While, number uint64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	newest := g.newest.Load().going()
	for o := newest; o != nil; o = o.older {
		if o.number == number {
			return
		}
	}
	g.newest.Store(&giver{while, number, newest})
}

// going are those that go on.
func (g *giver) going() *giver {
	if g == nil {
		return nil
	}
	older := g.older.going()
	switch {
	case g.while.Load() == nil:
		return older
	case older == g.older:
		return g
	}
	return &giver{g.while, g.number, older}
}

// For returns what a call shares that goes on, and its number, or nil: the call with that number if
// it is one of them, else the newest.
func (g *Givers) For(call uint64) (things *Sharing, number uint64) {
	for o := g.newest.Load(); o != nil; o = o.older {
		s := o.while.Load()
		if s != nil && o.while.Call == call {
			return s, o.number
		}
		if s != nil && things == nil {
			things, number = s, o.number
		}
	}
	return things, number
}
