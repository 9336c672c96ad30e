package goprocess

import "github.com/loadgo/load/engine"

// Used is how much memory a module used when it was last looked at.
func Used(i engine.Instance) int64 { return i.(*instance).process.child.Used() }

// Spares lists the processes that wait to be taken.
func Spares(e *Engine) (pids []int) {
	e.spares.mu.Lock()
	defer e.spares.mu.Unlock()
	for _, of := range e.spares.of {
		for _, p := range of.waiting {
			if p.waiting.Load() == waits {
				pids = append(pids, p.child.Pid())
			}
		}
	}
	return pids
}

// Starts reports whether spare processes are being started.
func Starts(e *Engine) bool {
	e.spares.mu.Lock()
	defer e.spares.mu.Unlock()
	for _, of := range e.spares.of {
		if !isClosed(of.filling) {
			return true
		}
	}
	return false
}
