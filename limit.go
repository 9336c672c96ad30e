package load

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/loadgo/load/internal/phrase"
)

// Limits bound what one module may use; zero fields set no limit. An engine that cannot enforce one leaves it be. Where
// a policy limits the same, the lower limit counts.
type Limits struct {
	// Memory is how much memory the module may use, in bytes; going beyond ends it. It takes the place of the engine's own limit.
	Memory int64
	// CallTime is how long one call may take. The call then ends with a [*LimitError], as it does
	// when its context ends. The time in which the host's handlers work for a request that the
	// module answers does not count.
	CallTime time.Duration
}

// within returns the limits with those that policies set.
func limitsWithin(limits Limits, granted Grants) Limits {
	if granted.Memory > 0 && (limits.Memory == 0 || granted.Memory < limits.Memory) {
		limits.Memory = granted.Memory
	}
	if granted.CallTime > 0 && (limits.CallTime == 0 || granted.CallTime < limits.CallTime) {
		limits.CallTime = granted.CallTime
	}
	return limits
}

// TimeLimit is the error of a call that took longer than [Limits].CallTime. Engines use it.
func TimeLimit(callTime time.Duration) error {
	return &LimitError{Reason: fmt.Sprintf("its call took more than %s", callTime), Fix: "allow more by what Config.Limits returns, or by a policy that grants time"}
}

// TooLittleMemory is the error of a limit of memory below what a module of an engine needs to
// start, or nil where there is enough, or no limit (0). Engines use it.
func TooLittleMemory(engine string, limit, least int64) error {
	if limit == 0 || limit >= least {
		return nil
	}
	return &LimitError{
		Reason: fmt.Sprintf("a memory limit of %s is less than a module of the engine %s needs to start, which is %s", phrase.Size(limit), engine, phrase.Size(least)),
		Fix:    fmt.Sprintf("set it to %d bytes or more, or to 0 for none", least),
	}
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
		Emit(l.context(ctx), Exceeded{Limit: why, Modules: count, Memory: total})
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
