package guest

import "time"

// watchInterval is how often a call that uses its context asks whether the host has cancelled it.
const watchInterval = 2 * time.Millisecond

// watch ends the context of a call when the host cancels it: the host has no way to enter a module
// that waits.
func (m *Module) watch(number uint64) {
	go func() {
		for m.cancels.has(number) {
			if hostCancelled(number) != 0 {
				m.cancels.end(number)
				return
			}
			time.Sleep(watchInterval)
		}
	}()
}

// has reports whether the call uses its context and is not over.
func (t *cancelTable) has(number uint64) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	_, ok := t.funcs[number]
	return ok
}

//go:wasmimport load cancelled
func hostCancelled(number uint64) uint32
