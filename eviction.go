package load

import (
	"cmp"
	"slices"
	"time"
)

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
