package wire

import (
	"sync"
	"sync/atomic"
)

// Callers says which call of the other side each goroutine runs: what such a goroutine asks of the
// other side is done by the goroutine that waits there for the call.
type Callers struct{ slots [callerSlots]caller }

// caller is a goroutine that runs a call. Only the goroutine itself puts itself there.
type caller struct {
	setting   sync.Mutex // else one could give its name to the call of another
	goroutine atomic.Uintptr
	call      atomic.Uint64
}

// callerSlots is how many goroutines are remembered at most. A power of two.
const callerSlots = 64

// slot is where a goroutine is remembered. Two may have the same: then the later call is.
func (c *Callers) slot(goroutine uintptr) *caller {
	return &c.slots[(goroutine>>7^goroutine>>13)%callerSlots]
}

// Begin remembers that the calling goroutine runs the call, which is not 0, until End is called
// with what Begin returned: the call that it runs besides, or 0.
func (c *Callers) Begin(call uint64) (outer uint64) {
	goroutine := Goroutine()
	if goroutine == 0 {
		return 0
	}
	s := c.slot(goroutine)
	outer = s.of(goroutine)
	s.set(goroutine, call)
	return outer
}

// End undoes Begin, in the same goroutine.
func (c *Callers) End(outer uint64) {
	goroutine := Goroutine()
	switch s := c.slot(goroutine); {
	case goroutine == 0:
	case outer != 0:
		s.set(goroutine, outer)
	default:
		s.goroutine.CompareAndSwap(goroutine, 0)
	}
}

// Own returns the call that the calling goroutine runs, or 0 if that is not known.
func (c *Callers) Own() uint64 {
	goroutine := Goroutine()
	if goroutine == 0 {
		return 0
	}
	return c.slot(goroutine).of(goroutine)
}

func (s *caller) set(goroutine uintptr, call uint64) {
	s.setting.Lock()
	defer s.setting.Unlock()
	s.goroutine.Store(0) // for as long as the call is not that of the goroutine
	s.call.Store(call)
	s.goroutine.Store(goroutine)
}

// of returns the call of the goroutine, which calls it. Another one that takes its place meanwhile
// takes its name away first.
func (s *caller) of(goroutine uintptr) uint64 {
	if s.goroutine.Load() != goroutine {
		return 0
	}
	call := s.call.Load()
	if s.goroutine.Load() != goroutine {
		return 0
	}
	return call
}
