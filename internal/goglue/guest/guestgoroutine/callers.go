package guestgoroutine

import (
	"sync/atomic"

	"github.com/loadgo/load/internal/wire"
)

// Callers finds the call of the host that a goroutine runs: what such a goroutine asks of the host
// can be answered by the goroutine that waits there for the call.
type Callers struct {
	table [callerSlots]atomic.Pointer[Caller]
}

// Caller is a goroutine that runs a call.
type Caller struct {
	goroutine uintptr
	call      uint64
}

// callerSlots is how many calls at once are remembered at most. A power of two.
const callerSlots = 64

// slot is where a goroutine is remembered. Two may have the same: then the later call is.
func (c *Callers) slot(goroutine uintptr) *atomic.Pointer[Caller] {
	return &c.table[(goroutine>>7^goroutine>>13)%callerSlots]
}

// Begin remembers in a caller that the calling goroutine runs the call with that number, until End
// is called.
func (c *Callers) Begin(caller *Caller, call uint64) {
	if caller.goroutine, caller.call = wire.Goroutine(), call; caller.goroutine != 0 {
		c.slot(caller.goroutine).Store(caller)
	}
}

// End undoes Begin.
func (c *Callers) End(caller *Caller) {
	if caller.goroutine != 0 {
		c.slot(caller.goroutine).CompareAndSwap(caller, nil)
	}
}

// Own returns the number of the call that the calling goroutine runs, or 0.
func (c *Callers) Own() uint64 {
	goroutine := wire.Goroutine()
	if caller := c.slot(goroutine).Load(); caller != nil && caller.goroutine == goroutine {
		return caller.call
	}
	return 0
}
