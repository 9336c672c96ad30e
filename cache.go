package load

import (
	"cmp"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
)

// cache holds the running modules by every name they were asked for. A look-up that hits is one atomic
// load and one map access; everything that changes the map copies it, under mu.
type cache struct {
	modules atomic.Pointer[map[string]*Module] // never nil after init

	mu      *sync.Mutex
	flights map[string]*flight // loads under way, by name and, once it is known, by identity
	running sync.WaitGroup     // the goroutines of flights, abandoned ones too
	closed  bool
	looks   int64        // of markUsed
	loads   atomic.Int64 // how many modules were registered
}

// init makes the zero cache ready. Caches that modules move between share one mutex.
func (c *cache) init(mu *sync.Mutex) {
	c.mu = mu
	c.flights = make(map[string]*flight)
	c.modules.Store(&map[string]*Module{})
}

// get answers from the cache, or returns nil. A module that crashed, or that is just being taken out, is no answer.
func (c *cache) get(name string) *Module {
	if m := (*c.modules.Load())[name]; m != nil && !m.crashed() && m.mark.Load() != markGone {
		return m
	}
	return nil
}

// registered returns the registered module of a request, a crashed one too, or nil.
func (c *cache) registered(r *request) *Module {
	modules := *c.modules.Load()
	for _, key := range r.keys() {
		if m := modules[key]; m != nil {
			return m
		}
	}
	return nil
}

// register enters a module under keys, except those that belong to another running module. A module
// that was dropped stays out. It is called with mu held.
func (c *cache) register(m *Module, keys []string) {
	if m.dropped {
		return
	}
	if !m.registered {
		m.registered, m.number = true, c.loads.Add(1)
	}
	modules := maps.Clone(*c.modules.Load())
	for _, key := range keys {
		if c.get(key) == nil {
			modules[key] = m
		}
	}
	c.modules.Store(&modules)
}

// holds tells whether a registered module is one of this cache.
func (c *cache) holds(m *Module) bool { return (*c.modules.Load())[identity(m.spec)] == m }

// alias enters a registered module under a further name and returns the module that has the name then.
func (c *cache) alias(m *Module, name string) *Module {
	if c.get(name) == m {
		return m
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if other := c.get(name); other != nil {
		return other
	}
	c.register(m, []string{name})
	return m
}

// drop notes that a module is registered no more. It is called with mu held.
func (m *Module) drop() {
	m.dropped = true
	m.mark.Store(markGone)
}

// remove takes a registered module out under all its names, and lets no more calls of it begin; one that crashed
// answers with that. It is called with mu held.
func (c *cache) remove(m *Module) {
	m.drop()
	for _, part := range m.parts() { // before anyone can see that it is taken out
		if !part.crashed() {
			part.usage.Refuse()
		}
	}
	modules := maps.Clone(*c.modules.Load())
	maps.DeleteFunc(modules, func(_ string, other *Module) bool { return other == m })
	c.modules.Store(&modules)
}

// reap drops the module of that name if it has crashed, and returns it.
func (c *cache) reap(name string) *Module {
	c.mu.Lock()
	defer c.mu.Unlock()
	m := (*c.modules.Load())[name]
	if m == nil || !m.crashed() || m.dropped || !m.registered {
		return nil
	}
	c.remove(m)
	return m
}

// close refuses further loads, abandons those under way and returns the modules, for the caller to
// close; done is closed when the last flight has ended.
func (c *cache) close() (modules []*Module, done <-chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	modules = c.all()
	for _, m := range modules {
		m.drop()
	}
	c.closed = true
	c.modules.Store(&map[string]*Module{})
	for _, f := range c.flights {
		c.abandon(f, ErrClosed)
	}
	ended := make(chan struct{})
	go func() {
		c.running.Wait()
		close(ended)
	}()
	return modules, ended
}

// all lists each registered module once, sorted by name and version.
func (c *cache) all() []*Module {
	unique := make(map[*Module]bool)
	for _, m := range *c.modules.Load() {
		unique[m] = true
	}
	return slices.SortedFunc(maps.Keys(unique), func(a, b *Module) int {
		return cmp.Or(cmp.Compare(a.Name(), b.Name()), cmp.Compare(a.Version(), b.Version()), cmp.Compare(identity(a.spec), identity(b.spec)))
	})
}

// background runs f on a goroutine that Close waits for. It is called with mu held.
func (c *cache) background(f func()) {
	if c.closed {
		return
	}
	c.running.Go(f)
}
