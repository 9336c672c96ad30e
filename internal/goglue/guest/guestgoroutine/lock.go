package guestgoroutine

import "sync"

// Lock is a lock whose holder may run code of the module's own, which may do anything: who asks for
// the lock then does without.
type Lock struct {
	mu         sync.Mutex
	moved      sync.Cond
	held, away bool
}

// Lock locks, and reports whether it has.
func (l *Lock) Lock() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.moved.L = &l.mu
	for l.held && !l.away {
		l.moved.Wait()
	}
	if l.held {
		return false
	}
	l.held = true
	return true
}

// Unlock undoes Lock.
func (l *Lock) Unlock() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.held = false
	l.moved.Broadcast()
}

// Out runs code of the module, for the holder. It returns what it panics with.
func (l *Lock) Out(f func()) (failure any) {
	l.set(true)
	defer l.set(false)
	defer func() { failure = recover() }()
	f()
	return nil
}

func (l *Lock) set(away bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.away = away
	l.moved.Broadcast()
}
