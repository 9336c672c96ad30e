package load

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/event"
	"github.com/loadgo/load/internal/phrase"
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

// Pin keeps the module from being unloaded for [Config].MaxModules and [Config].MemoryLimit until
// unpin is called, which may be done any number of times. Any number of pins add up.
func (m *Module) Pin() (unpin func()) {
	m.loader.cache.pin(m, 1)
	return sync.OnceFunc(func() { m.loader.cache.pin(m, -1) })
}

// limited reports whether there is something to keep within.
func (l *Loader) limited() bool { return l.config.MaxModules > 0 || l.config.MemoryLimit > 0 }

// lookAgain is how often the memory of the modules is compared with the limit while none is loaded.
const lookAgain = time.Second

// watchMemory keeps the modules within the memory limit between loads, until the loader is closed.
func (l *Loader) watchMemory() {
	tick := time.NewTicker(lookAgain)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			l.keepWithin(l.life, nil)
		case <-l.closing:
			return
		}
	}
}

// keepWithin unloads what was not used for the longest time, as long as there is more than the
// limits allow. keep is the module that was just loaded, or nil.
func (l *Loader) keepWithin(ctx context.Context, keep *Module) {
	memory := make(map[*Module]int64)
	if l.config.MemoryLimit > 0 {
		for m := range l.Modules() {
			for _, part := range m.parts() {
				memory[m] += part.memory().Now
			}
		}
	}
	if l.config.MemoryLimit > 0 {
		l.watching.Do(func() { l.cache.background(l.watchMemory) })
	}
	excess := func(modules int, total int64) string {
		switch {
		case l.config.MaxModules > 0 && modules > l.config.MaxModules:
			return fmt.Sprintf("more than %d modules (Config.MaxModules)", l.config.MaxModules)
		case l.config.MemoryLimit > 0 && total > l.config.MemoryLimit:
			return fmt.Sprintf("modules use more than %s (Config.MemoryLimit)", phrase.Size(l.config.MemoryLimit))
		}
		return ""
	}
	why, modules, total := l.cache.evict(keep, memory, excess)
	if told := l.exceeds.Swap(why != ""); why != "" && !told {
		l.emit(event.Exceeded{Limit: why, Modules: modules, Memory: total})
	}
}

// pin adds to the pins of a module.
func (c *cache) pin(m *Module, n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	m.standing.pins += n
}

// useOf returns the pins of a module, and when it was last used.
func (c *cache) useOf(m *Module) (pins int, last time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.markUsed(c.all())
	return m.standing.pins, m.standing.lastUsed
}

// evict withdraws what was not used for the longest time, as long as excess gives a reason for the
// number of modules and the memory that they use, and something other than keep is idle. It returns
// the reason that is left, and for how many modules and how much memory.
func (c *cache) evict(keep *Module, memory map[*Module]int64, excess func(modules int, total int64) string) (why string, count int, total int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return "", 0, 0
	}
	modules := c.all()
	c.markUsed(modules)
	slices.SortFunc(modules, func(a, b *Module) int {
		return cmp.Or(cmp.Compare(a.standing.used, b.standing.used), cmp.Compare(a.standing.number, b.standing.number))
	})
	count = len(modules)
	for _, n := range memory {
		total += n
	}
	for again := true; again && excess(count, total) != ""; {
		again = false
		for _, m := range modules {
			if m != keep && !m.standing.dropped && c.idle(m) {
				c.withdraw([]*Module{m}, excess(count, total))
				count, total = count-1, total-memory[m]
				again = true // what it imported may be idle now
				break
			}
		}
	}
	return excess(count, total), count, total
}

// evictIdle notes what was used, and withdraws what was not used for longer than timeout, if there
// is one; what imports a module goes before the module. It reports whether modules are left.
func (c *cache) evictIdle(timeout time.Duration, why string, now time.Time) (left bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return false
	}
	c.markUsed(c.all())
	for again := timeout > 0; again; {
		again = false
		for _, m := range c.all() {
			if now.Sub(m.standing.lastUsed) >= timeout && c.idle(m) && !m.holds() {
				c.withdraw([]*Module{m}, why)
				again = true // what it imported may be idle now
			}
		}
	}
	return len(*c.modules.Load()) > 0
}

// markUsed notes which modules were used since it was last called. It is called with mu held.
func (c *cache) markUsed(modules []*Module) {
	c.looks++
	now := time.Now()
	for _, m := range modules {
		calls, running := int64(0), 0
		for _, part := range m.parts() {
			calls += part.usage.Calls()
			running += part.usage.Running()
		}
		if m.mark.CompareAndSwap(0, markUnused) || calls != m.standing.seen || running > 0 {
			m.standing.used, m.standing.seen, m.standing.lastUsed = c.looks, calls, now
		}
	}
}

// idle reports whether nothing uses a module: it is not pinned, no call runs, the host holds none
// of its objects, and no module imported it. It is called with mu held.
func (c *cache) idle(m *Module) bool {
	for _, part := range m.parts() {
		if part.usage.Running() > 0 || part.usage.Objects() > 0 {
			return false
		}
	}
	return m.standing.pins == 0 && m.standing.borrowers == 0 && len(c.users(m)) == 0
}
