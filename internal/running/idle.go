package running

import (
	"cmp"
	"slices"
	"time"
)

// Pin adds to the pins of a module.
func (c *Table[M]) Pin(m *M, n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.of(m).pins += n
}

// UseOf returns the pins of a module, and when it was last used.
func (c *Table[M]) UseOf(m *M) (pins int, last time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.markUsed(c.All())
	return c.of(m).pins, c.of(m).lastUsed
}

// Evict withdraws what was not used for the longest time, as long as excess gives a reason for the
// number of modules and the memory that they use, and something other than keep is idle. It returns
// the reason that is left, and for how many modules and how much memory.
func (c *Table[M]) Evict(keep *M, memory map[*M]int64, excess func(modules int, total int64) string) (why string, count int, total int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return "", 0, 0
	}
	modules := c.All()
	c.markUsed(modules)
	slices.SortFunc(modules, func(a, b *M) int {
		return cmp.Or(cmp.Compare(c.of(a).used, c.of(b).used), cmp.Compare(c.of(a).number, c.of(b).number))
	})
	count = len(modules)
	for _, n := range memory {
		total += n
	}
	for again := true; again && excess(count, total) != ""; {
		again = false
		for _, m := range modules {
			if m != keep && !c.of(m).dropped && c.idle(m) {
				c.withdraw([]*M{m}, excess(count, total))
				count, total = count-1, total-memory[m]
				again = true // what it imported may be idle now
				break
			}
		}
	}
	return excess(count, total), count, total
}

// EvictIdle notes what was used, and withdraws what was not used for longer than timeout, if there
// is one; what imports a module goes before the module. It reports whether modules are left.
func (c *Table[M]) EvictIdle(timeout time.Duration, why string, now time.Time) (left bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return false
	}
	c.markUsed(c.All())
	for again := timeout > 0; again; {
		again = false
		for _, m := range c.All() {
			if now.Sub(c.of(m).lastUsed) >= timeout && c.idle(m) && !c.of(m).holds() {
				c.withdraw([]*M{m}, why)
				again = true // what it imported may be idle now
			}
		}
	}
	return len(*c.modules.Load()) > 0
}

// markUsed notes which modules were used since it was last called. It is called with mu held.
func (c *Table[M]) markUsed(modules []*M) {
	c.looks++
	now := time.Now()
	for _, m := range modules {
		calls, running := int64(0), 0
		for _, part := range c.of(m).Parts() {
			calls += part.Usage.Calls()
			running += part.Usage.Running()
		}
		if c.of(m).mark.CompareAndSwap(0, markUnused) || calls != c.of(m).seen || running > 0 {
			c.of(m).used, c.of(m).seen, c.of(m).lastUsed = c.looks, calls, now
		}
	}
}

// idle reports whether nothing uses a module: it is not pinned, no call runs, the host holds none
// of its objects, and no module imported it. It is called with mu held.
func (c *Table[M]) idle(m *M) bool {
	for _, part := range c.of(m).Parts() {
		if part.Usage.Running() > 0 || part.Usage.Objects() > 0 {
			return false
		}
	}
	return c.of(m).pins == 0 && c.of(m).borrowers == 0 && len(c.users(m)) == 0
}
