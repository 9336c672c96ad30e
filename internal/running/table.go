// Package running is the table of the modules that run, by every name that they were asked for,
// with the loads that are under way: one for each module, never in a circle. Its mutex is locked
// here only.
package running

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/loadgo/load/engine"
)

// Table holds the running modules by every name they were asked for. A look-up that hits is one
// atomic load and one map access; everything that changes the map copies it, under mu. All methods
// are safe for concurrent use.
type Table[M any] struct {
	modules atomic.Pointer[map[string]*M] // never nil after Init
	of      func(*M) *Entry[M]

	mu      *sync.Mutex
	flights map[string]*Flight[M] // loads under way, by name and, once it is known, by identity
	formers map[string]*Former    // what went without being asked to, by the names that led to it
	running sync.WaitGroup        // the goroutines of flights, abandoned ones too, and of background work
	closed  bool
	looks   int64        // of markUsed
	loads   atomic.Int64 // how many modules were registered

	// Follows reports whether the program may follow modules through their names; nil is no. Ended
	// ends modules that were withdrawn; the tables of siblings and of generations, which withdraw
	// none, have none. They are set before the first load.
	Follows func() bool
	Ended   func(modules []*M, why string)
}

// Init makes the zero table ready; of returns the entry of a module. Tables that modules move
// between share one mutex.
func (c *Table[M]) Init(of func(*M) *Entry[M], mu *sync.Mutex) {
	c.of, c.mu = of, mu
	c.flights = make(map[string]*Flight[M])
	c.modules.Store(&map[string]*M{})
}

// Registered returns the modules by their names, crashed ones too. The caller does not change the
// map; later changes make a new one.
func (c *Table[M]) Registered() map[string]*M { return *c.modules.Load() }

// Get answers from the cache, or returns nil. A module that crashed, or that is just being taken
// out, is no answer.
func (c *Table[M]) Get(name string) *M {
	if m := (*c.modules.Load())[name]; m != nil && !c.of(m).Crashed() && c.of(m).mark.Load() != markGone {
		return m
	}
	return nil
}

// First returns the registered module of the first key that has one, a crashed one too, or nil.
func (c *Table[M]) First(keys []string) *M {
	modules := *c.modules.Load()
	for _, key := range keys {
		if m := modules[key]; m != nil {
			return m
		}
	}
	return nil
}

// register enters a module under keys, except those that belong to another running module. A module
// that was dropped stays out. It is called with mu held.
func (c *Table[M]) register(m *M, keys []string) {
	if c.of(m).dropped {
		return
	}
	if !c.of(m).registered {
		c.of(m).registered, c.of(m).number = true, c.loads.Add(1)
	}
	modules := maps.Clone(*c.modules.Load())
	for _, key := range keys {
		if c.Get(key) == nil {
			modules[key] = m
		}
	}
	c.modules.Store(&modules)
}

// Holds reports whether a registered module is one of this cache.
func (c *Table[M]) Holds(m *M) bool { return (*c.modules.Load())[c.of(m).identity] == m }

// Alias enters a registered module under a further name and returns the module that has the name
// then.
func (c *Table[M]) Alias(m *M, name string) *M {
	if c.Get(name) == m {
		return m
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if other := c.Get(name); other != nil {
		return other
	}
	c.register(m, []string{name})
	return m
}

// remove takes a registered module out under all its names, and lets no more calls of it begin; one
// that crashed answers with that. It is called with mu held.
func (c *Table[M]) remove(m *M) {
	c.of(m).drop()
	for _, part := range c.of(m).Parts() { // before anyone can see that it is taken out
		if !part.Crashed() {
			part.Usage.Refuse()
		}
	}
	modules := maps.Clone(*c.modules.Load())
	maps.DeleteFunc(modules, func(_ string, other *M) bool { return other == m })
	c.modules.Store(&modules)
}

// Reap drops the module of that name if it has crashed, and returns it.
func (c *Table[M]) Reap(name string) *M {
	c.mu.Lock()
	defer c.mu.Unlock()
	m := (*c.modules.Load())[name]
	if m == nil || !c.of(m).Crashed() {
		return nil
	}
	c.remember(m)
	if c.of(m).dropped || !c.of(m).registered {
		return nil
	}
	c.desert(m) // where its engine emits no Crashed
	c.remove(m)
	return m
}

// Close refuses further loads, abandons those under way and returns the modules, for the caller to
// close; done is closed when the last flight has ended.
func (c *Table[M]) Close() (modules []*M, done <-chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	modules = c.All()
	for _, m := range modules {
		c.of(m).drop()
	}
	c.closed = true
	c.modules.Store(&map[string]*M{})
	for _, f := range c.flights {
		c.abandon(f, engine.ErrClosed)
	}
	ended := make(chan struct{})
	go func() {
		c.running.Wait()
		close(ended)
	}()
	return modules, ended
}

// All lists each registered module once, sorted by name and version.
func (c *Table[M]) All() []*M {
	unique := make(map[*M]bool)
	for _, m := range *c.modules.Load() {
		unique[m] = true
	}
	return slices.SortedFunc(maps.Keys(unique), func(a, b *M) int {
		return c.of(a).compare(c.of(b))
	})
}

// Background runs f on a goroutine that Close waits for, and reports whether it does: not once the
// cache is closed.
func (c *Table[M]) Background(f func()) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.closed {
		c.running.Go(f)
	}
	return !c.closed
}

// Names lists the names by which each module is registered, sorted, without those that say what it
// is built with.
func (c *Table[M]) Names() map[*M][]string {
	names := make(map[*M][]string)
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

// Dropped reports whether a module was registered, and is no more.
func (c *Table[M]) Dropped(m *M) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.of(m).dropped
}

// Take takes the first module of the keys out for an unload. By force, those that imported it,
// directly or not, go with it: they are returned, for the caller to end first, and calls of theirs
// that run still reach it.
func (c *Table[M]) Take(keys []string, force bool) (m *M, importers []*M, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, key := range keys {
		if gone := c.formers[key]; gone != nil {
			c.forgetFormer(gone)
			break
		}
	}
	m = c.First(keys)
	switch {
	case c.closed:
		return nil, nil, engine.ErrClosed
	case m == nil:
		return nil, nil, engine.ErrNotLoaded
	case !force:
		if users := c.users(m); len(users) > 0 {
			return nil, nil, &engine.InUseError{By: users}
		}
	}
	all := c.closure([]*M{m})
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
func (c *Table[M]) withdraw(modules []*M, why string) {
	for _, m := range modules {
		c.remember(m)
	}
	c.drop(modules)
	if !c.closed {
		c.running.Go(func() { c.Ended(modules, why) })
	}
}

// drop takes modules out under all their names; calls of them still begin. It is called with mu
// held.
func (c *Table[M]) drop(modules []*M) {
	registered := maps.Clone(*c.modules.Load())
	maps.DeleteFunc(registered, func(_ string, m *M) bool { return slices.Contains(modules, m) })
	for _, m := range modules {
		c.of(m).drop()
	}
	c.modules.Store(&registered)
}

// Loads returns how many modules have been registered.
func (c *Table[M]) Loads() int64 { return c.loads.Load() }

// Borrow lets a caller borrow a module. It returns false for one that was taken out
// meanwhile. before is how many modules had been registered when the call began: where every
// borrower finds that the module was registered earlier, it is somebody else's and stays.
func (c *Table[M]) Borrow(m *M, before int64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.of(m).dropped && !c.closed {
		return false
	}
	c.of(m).borrowers++
	c.of(m).lent = c.of(m).lent || c.of(m).number > before
	return true
}

// GiveBack takes a module that was loaded to be borrowed out of the cache when its last borrower
// has gone and nobody imports it, and reports whether it did.
func (c *Table[M]) GiveBack(m *M) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.of(m).borrowers--; c.of(m).borrowers > 0 {
		return false
	}
	lent := c.of(m).lent
	c.of(m).lent = false
	if !lent || c.of(m).dropped || c.closed || len(c.users(m)) > 0 {
		return false
	}
	c.remove(m)
	return true
}
