package load

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/event"
	"github.com/loadgo/load/internal/phrase"
)

// within returns the limits with those that policies set.
func limitsWithin(limits Limits, granted engine.Grants) Limits {
	if granted.Memory > 0 && (limits.Memory == 0 || granted.Memory < limits.Memory) {
		limits.Memory = granted.Memory
	}
	if granted.CallTime > 0 && (limits.CallTime == 0 || granted.CallTime < limits.CallTime) {
		limits.CallTime = granted.CallTime
	}
	return limits
}

// Pin keeps the module from being unloaded for [Config].MaxModules and [Config].MemoryLimit until unpin is called, which may be done
// any number of times. Any number of pins add up.
func (m *Module) Pin() (unpin func()) {
	c := &m.loader.cache
	c.mu.Lock()
	defer c.mu.Unlock()
	m.pins++
	pinned := true
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if pinned {
			pinned = false
			m.pins--
		}
	}
}

// limited tells whether there is something to keep within.
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

// keepWithin unloads what was not used for the longest time, as long as there is more than the limits allow. keep is the module
// that was just loaded, or nil.
func (l *Loader) keepWithin(ctx context.Context, keep *Module) {
	memory := make(map[*Module]int64)
	if l.config.MemoryLimit > 0 {
		for m := range l.Modules() {
			for _, part := range m.parts() {
				memory[m] += part.memory().Now
			}
		}
	}
	c := &l.cache
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return
	}
	if l.config.MemoryLimit > 0 && !l.watching {
		l.watching = true
		c.background(l.watchMemory)
	}
	modules := c.all()
	c.markUsed(modules)
	slices.SortFunc(modules, func(a, b *Module) int { return cmp.Or(cmp.Compare(a.used, b.used), cmp.Compare(a.number, b.number)) })
	count, total := len(modules), int64(0)
	for _, n := range memory {
		total += n
	}
	excess := func() string {
		switch {
		case l.config.MaxModules > 0 && count > l.config.MaxModules:
			return fmt.Sprintf("more than %d modules (Config.MaxModules)", l.config.MaxModules)
		case l.config.MemoryLimit > 0 && total > l.config.MemoryLimit:
			return fmt.Sprintf("modules use more than %s (Config.MemoryLimit)", phrase.Size(l.config.MemoryLimit))
		}
		return ""
	}
	for again := true; again && excess() != ""; {
		again = false
		for _, m := range modules {
			if m != keep && !m.dropped && c.idle(m) {
				l.withdraw([]*Module{m}, excess())
				count, total = count-1, total-memory[m]
				again = true // what it imported may be idle now
				break
			}
		}
	}
	why := excess()
	told := l.exceeds
	l.exceeds = why != ""
	c.mu.Unlock()
	if why != "" && !told {
		event.Emit(l.context(ctx), event.Exceeded{Limit: why, Modules: count, Memory: total})
	}
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
		if m.mark.CompareAndSwap(0, markUnused) || calls != m.seen || running > 0 {
			m.used, m.seen, m.lastUsed = c.looks, calls, now
		}
	}
}

// idle tells whether nothing uses a module: it is not pinned, no call runs, the host holds none of its objects, and no module
// imported it. It is called with mu held.
func (c *cache) idle(m *Module) bool {
	for _, part := range m.parts() {
		if part.usage.Running() > 0 || part.usage.Objects() > 0 {
			return false
		}
	}
	return m.pins == 0 && m.borrowers == 0 && len(c.users(m)) == 0
}
