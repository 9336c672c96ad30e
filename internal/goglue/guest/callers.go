package guest

import (
	"sync/atomic"

	"github.com/loadgo/load/internal/wire"
)

// callers finds the call of the host that a goroutine runs: what such a goroutine asks of the host
// can be answered by the goroutine that waits there for the call.
type callers struct {
	table [callerSlots]atomic.Pointer[Call]
}

// callerSlots is how many calls at once are remembered at most. A power of two.
const callerSlots = 64

// slot is where a goroutine is remembered. Two may have the same: then the later call is.
func (c *callers) slot(goroutine uintptr) *atomic.Pointer[Call] {
	return &c.table[(goroutine>>7^goroutine>>13)%callerSlots]
}

// begin remembers that the calling goroutine runs a call, until end is called.
func (c *callers) begin(call *Call) {
	if call.goroutine = wire.Goroutine(); call.goroutine != 0 {
		c.slot(call.goroutine).Store(call)
	}
}

func (c *callers) end(call *Call) {
	if call.goroutine != 0 {
		c.slot(call.goroutine).CompareAndSwap(call, nil)
	}
}

// own returns the number of the call that the calling goroutine runs, or 0.
func (c *callers) own() uint64 {
	goroutine := wire.Goroutine()
	if call := c.slot(goroutine).Load(); call != nil && call.goroutine == goroutine {
		return call.number
	}
	return 0
}
