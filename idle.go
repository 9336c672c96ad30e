package load

import (
	"fmt"
	"time"

	"github.com/loadgo/load/engine"
)

// The bounds of how often the loader looks which modules are used.
const (
	lookOften  = time.Millisecond
	lookSeldom = 10 * time.Second
)

// lookEvery is how exact [Stats].LastUsed is.
func (l *Loader) lookEvery() time.Duration {
	if l.config.IdleTimeout == 0 {
		return lookSeldom
	}
	return min(max(l.config.IdleTimeout/8, lookOften), lookSeldom)
}

// look sees to it that somebody looks what is used, as long as modules run.
func (l *Loader) look() {
	l.cache.mu.Lock()
	defer l.cache.mu.Unlock()
	if l.looking == nil && !l.cache.closed {
		l.looking = time.AfterFunc(l.lookEvery(), l.lookAround)
	}
}

// lookAround notes what was used, and unloads what was not used for too long.
func (l *Loader) lookAround() {
	c := &l.cache
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return
	}
	c.markUsed(c.all())
	if l.config.IdleTimeout > 0 {
		l.unloadIdle(time.Now())
	}
	if len(*c.modules.Load()) == 0 {
		l.looking = nil // the next load looks again
		return
	}
	l.looking.Reset(l.lookEvery())
}

// unloadIdle unloads what was not used for too long, what imports a module before the module. It is
// called with mu held.
func (l *Loader) unloadIdle(now time.Time) {
	why := fmt.Sprintf("not used for %v (Config.IdleTimeout)", l.config.IdleTimeout)
	for again := true; again; {
		again = false
		for _, m := range l.cache.all() {
			if now.Sub(m.lastUsed) >= l.config.IdleTimeout && l.cache.idle(m) && !m.holds() {
				l.withdraw([]*Module{m}, why)
				again = true // what it imported may be idle now
			}
		}
	}
}

// holds reports whether the module refers to values of the host, so that it may call the host at
// any time.
func (m *Module) holds() bool {
	for _, part := range m.parts() {
		if h, ok := part.instance.(engine.Holder); ok && h.Holds() {
			return true
		}
	}
	return false
}
