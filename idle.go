package load

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/loadgo/load/event"
	"github.com/loadgo/load/internal/quantity"
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
	why := "not used for " + quantity.Duration(l.config.IdleTimeout) + " (Config.IdleTimeout)"
	switch {
	case k.over:
	case l.cache.EvictIdle(l.config.IdleTimeout, why, time.Now()):
		k.timer.Reset(l.lookEvery())
	default:
		k.timer = nil // the next load looks again
	}
}

// Pin keeps the module from being unloaded for [Config].MaxModules and [Config].MemoryLimit until
// unpin is called, which may be done any number of times. Any number of pins add up.
func (m *Module) Pin() (unpin func()) {
	m.loader.cache.Pin(m, 1)
	return sync.OnceFunc(func() { m.loader.cache.Pin(m, -1) })
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
			for _, part := range m.entry.Parts() {
				memory[m] += part.Memory().Now
			}
		}
	}
	if l.config.MemoryLimit > 0 {
		l.watching.Do(func() { l.cache.Background(l.watchMemory) })
	}
	excess := func(modules int, total int64) string {
		switch {
		case l.config.MaxModules > 0 && modules > l.config.MaxModules:
			return fmt.Sprintf("more than %d modules (Config.MaxModules)", l.config.MaxModules)
		case l.config.MemoryLimit > 0 && total > l.config.MemoryLimit:
			return fmt.Sprintf("modules use more than %s (Config.MemoryLimit)", quantity.About(l.config.MemoryLimit))
		}
		return ""
	}
	why, modules, total := l.cache.Evict(keep, memory, excess)
	if told := l.exceeds.Swap(why != ""); why != "" && !told {
		l.emit(event.Exceeded{Limit: why, Modules: modules, Memory: total})
	}
}
