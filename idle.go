package load

import (
	"fmt"
	"sync"
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

// looking is the timer that looks which modules are used, while some run.
type looking struct {
	mu    sync.Mutex
	timer *time.Timer // nil while none runs
	over  bool
}

// stop ends it for good.
func (k *looking) stop() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.over = true
	if k.timer != nil {
		k.timer.Stop()
	}
}

// look sees to it that somebody looks what is used, as long as modules run.
func (l *Loader) look() {
	k := &l.looking
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.timer == nil && !k.over {
		k.timer = time.AfterFunc(l.lookEvery(), l.lookAround)
	}
}

// lookAround notes what was used, and unloads what was not used for too long.
func (l *Loader) lookAround() {
	k := &l.looking
	k.mu.Lock()
	defer k.mu.Unlock()
	why := fmt.Sprintf("not used for %v (Config.IdleTimeout)", l.config.IdleTimeout)
	switch {
	case k.over:
	case l.cache.evictIdle(l.config.IdleTimeout, why, time.Now()):
		k.timer.Reset(l.lookEvery())
	default:
		k.timer = nil // the next load looks again
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
