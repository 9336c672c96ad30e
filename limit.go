package load

import (
	"context"
	"fmt"
	"sync"
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
