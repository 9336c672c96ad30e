package load

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/loadgo/load/internal/plan"
)

// standing is how a module stands in the cache.
type standing struct {
	registered, dropped bool
	pins                int
	borrowers           int       // calls of With that will unload it
	number              int64     // how many modules were registered before it, and it
	used                int64     // the look that last found it used
	seen                int64     // its calls at the last look
	lastUsed            time.Time // as far as the looks tell
}

// cache holds the running modules by every name they were asked for. A look-up that hits is one
// atomic load and one map access; everything that changes the map copies it, under mu.
type cache struct {
	modules atomic.Pointer[map[string]*Module] // never nil after init

	mu      *sync.Mutex
	flights map[string]*flight // loads under way, by name and, once it is known, by identity
	formers map[string]*former // what went without being asked to, by the names that led to it
	running sync.WaitGroup     // the goroutines of flights, abandoned ones too, and of background work
	closed  bool
	looks   int64        // of markUsed
	loads   atomic.Int64 // how many modules were registered

	follows func() bool                         // reports whether the program may follow modules through their names
	ended   func(modules []*Module, why string) // ends modules that were withdrawn
}

// init makes the zero cache ready. Caches that modules move between share one mutex.
func (c *cache) init(mu *sync.Mutex) {
	c.mu = mu
	c.flights = make(map[string]*flight)
	c.modules.Store(&map[string]*Module{})
}

// get answers from the cache, or returns nil. A module that crashed, or that is just being taken
// out, is no answer.
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
	if m.standing.dropped {
		return
	}
	if !m.standing.registered {
		m.standing.registered, m.standing.number = true, c.loads.Add(1)
	}
	modules := maps.Clone(*c.modules.Load())
	for _, key := range keys {
		if c.get(key) == nil {
			modules[key] = m
		}
	}
	c.modules.Store(&modules)
}

// holds reports whether a registered module is one of this cache.
func (c *cache) holds(m *Module) bool { return (*c.modules.Load())[plan.Identity(m.spec)] == m }

// alias enters a registered module under a further name and returns the module that has the name
// then.
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
	m.standing.dropped = true
	m.mark.Store(markGone)
}

// remove takes a registered module out under all its names, and lets no more calls of it begin; one
// that crashed answers with that. It is called with mu held.
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
	if m == nil || !m.crashed() {
		return nil
	}
	c.remember(m)
	if m.standing.dropped || !m.standing.registered {
		return nil
	}
	c.desert(m) // where its engine emits no Crashed
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
		return cmp.Or(cmp.Compare(a.Name(), b.Name()), cmp.Compare(a.Version(), b.Version()), cmp.Compare(plan.Identity(a.spec), plan.Identity(b.spec)))
	})
}

// background runs f on a goroutine that Close waits for, and reports whether it does: not once the
// cache is closed.
func (c *cache) background(f func()) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.closed {
		c.running.Go(f)
	}
	return !c.closed
}

// names lists the names by which each module is registered, sorted, without those that say what it
// is built with.
func (c *cache) names() map[*Module][]string {
	names := make(map[*Module][]string)
	for name, m := range *c.modules.Load() {
		if !strings.Contains(name, "\x00") {
			names[m] = append(names[m], name)
		}
	}
	for _, all := range names {
		slices.Sort(all)
	}
	return names
}

// present returns those of the targets of a reload that still are registered.
func (c *cache) present(targets map[*Module]*request) map[*Module]*request {
	c.mu.Lock()
	defer c.mu.Unlock()
	present := maps.Clone(targets)
	maps.DeleteFunc(present, func(m *Module, _ *request) bool { return m.standing.dropped })
	return present
}

// take takes the module of a request out for an unload. By force, those that imported it, directly
// or not, go with it: they are returned, for the caller to end first, and calls of theirs that run
// still reach it.
func (c *cache) take(r *request) (m *Module, importers []*Module, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, key := range r.keys() {
		if gone := c.formers[key]; gone != nil {
			c.forgetFormer(gone)
			break
		}
	}
	m = c.registered(r)
	switch {
	case c.closed:
		return nil, nil, ErrClosed
	case m == nil:
		return nil, nil, ErrNotLoaded
	case !r.force:
		if users := c.users(m); len(users) > 0 {
			return nil, nil, &InUseError{By: users}
		}
	}
	all := c.closure([]*Module{m})
	if len(all) == 1 {
		c.remove(m)
		return m, nil, nil
	}
	delete(all, m)
	importers = slices.Collect(maps.Keys(all))
	for _, i := range importers {
		c.remember(i)
	}
	c.drop(append(importers, m))
	return m, importers, nil
}

// withdraw takes modules out that go without being asked to, and lets them be ended in the
// background. It is called with mu held.
func (c *cache) withdraw(modules []*Module, why string) {
	for _, m := range modules {
		c.remember(m)
	}
	c.drop(modules)
	if !c.closed {
		c.running.Go(func() { c.ended(modules, why) })
	}
}

// drop takes modules out under all their names; calls of them still begin. It is called with mu
// held.
func (c *cache) drop(modules []*Module) {
	registered := maps.Clone(*c.modules.Load())
	maps.DeleteFunc(registered, func(_ string, m *Module) bool { return slices.Contains(modules, m) })
	for _, m := range modules {
		m.drop()
	}
	c.modules.Store(&registered)
}

// borrow lets a call of With borrow a module. It returns false for one that was taken out
// meanwhile. before is how many modules had been registered when the call began: one that was
// registered earlier and has no borrowers is somebody else's.
func (c *cache) borrow(m *Module, before int64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if m.standing.dropped && !c.closed {
		return false
	}
	if m.standing.borrowers > 0 || m.standing.number > before {
		m.standing.borrowers++
	}
	return true
}

// giveBack takes the module out of the cache when its last borrower has gone and nobody imports it,
// and reports whether it did.
func (c *cache) giveBack(m *Module) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if m.standing.borrowers == 0 {
		return false
	}
	if m.standing.borrowers--; m.standing.borrowers > 0 || m.standing.dropped || c.closed || len(c.users(m)) > 0 {
		return false
	}
	c.remove(m)
	return true
}
