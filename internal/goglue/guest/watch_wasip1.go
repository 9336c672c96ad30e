package guest

import "time"

// watchInterval is how often a call that uses its context asks whether the host has cancelled it.
const watchInterval = 2 * time.Millisecond

// watch ends the context of a call when the host cancels it: the host has no way to enter a module
// that waits.
func (m *Module) watch(number uint64) {
	go func() {
		for m.cancels.Has(number) {
			if hostCancelled(number) != 0 {
				m.cancels.End(number)
				return
			}
			time.Sleep(watchInterval)
		}
	}()
}

//go:wasmimport load cancelled
func hostCancelled(number uint64) uint32
