package running

import (
	"cmp"
	"maps"
	"slices"
	"sync/atomic"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/internal/plan"
)

// Carries reports whether a name of the old module is one of the new module, too: not where it asks
// for a version that the new one has not.
func Carries(key string, old, fresh *find.Spec) bool {
	if plan.Identity(old) == plan.Identity(fresh) {
		return true
	}
	name, err := find.ParseName(key)
	return key != plan.Identity(old) && err == nil && name.Query == ""
}

// Generation is a set of modules that is loaded beside those that it replaces.
type Generation[M any] struct {
	Old   map[*M]bool // what is replaced: the targets, and all that imports them
	Fresh map[*M]*M   // the new ones, by what each replaces
	Table Table[M]    // of the new ones; shares the mutex of the one that they move to

	home    *Table[M]
	targets []*M
	over    atomic.Bool // they have taken over, or been closed
}

// Generation begins one that replaces the targets and all that imports them.
func (c *Table[M]) Generation(targets []*M) *Generation[M] {
	g := &Generation[M]{home: c, targets: targets, Fresh: make(map[*M]*M)}
	g.Table.Init(c.of, c.mu)
	c.mu.Lock()
	defer c.mu.Unlock()
	g.Old = c.closure(targets)
	return g
}

// Over reports whether the new modules have taken over, or been closed.
func (g *Generation[M]) Over() bool { return g.over.Load() }

// Replaces returns the module of a key that the generation replaces, or nil.
func (g *Generation[M]) Replaces(key string) *M {
	if m := g.home.Registered()[key]; g.Old[m] {
		return m
	}
	return nil
}

// Get returns the running module of a key as a module of the generation sees it.
func (g *Generation[M]) Get(key string) *M {
	if m := g.Table.Get(key); m != nil {
		return m
	}
	if m := g.home.Get(key); m != nil && !g.Old[m] {
		return m
	}
	return nil
}

// End closes the generation's table for good, as [Table.Close] does it.
func (g *Generation[M]) End() (modules []*M, ended <-chan struct{}) {
	g.over.Store(true)
	return g.Table.Close()
}

// OutdatedError tells that what a generation was loaded beside has changed since.
type OutdatedError struct {
	Wait <-chan struct{} // what has to end before another try, or nil
}

func (*OutdatedError) Error() string { return "the modules changed during the reload" }

// Replace puts the new modules in the places of the old ones, all at once, and lets the followers
// take them.
func (c *Table[M]) Replace(g *Generation[M], takes []func()) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return engine.ErrClosed
	}
	if err := cmp.Or(g.crash(), c.unfit(g)); err != nil {
		return err
	}
	names := make(map[string]*M)
	for key, m := range *c.modules.Load() {
		if fresh := g.Fresh[m]; g.Old[m] && Carries(key, c.of(m).Spec, c.of(fresh).Spec) {
			names[key] = fresh
		}
	}
	replaced := slices.Collect(maps.Keys(g.Old))
	for key, m := range *g.Table.modules.Load() {
		if !slices.ContainsFunc(replaced, func(old *M) bool { return c.of(old).identity == key && c.of(m).identity != key }) {
			names[key] = m
		}
	}
	modules := maps.Clone(*c.modules.Load())
	maps.Copy(modules, names)
	c.modules.Store(&modules)
	g.over.Store(true)
	for _, take := range takes {
		take()
	}
	c.withdraw(replaced, "replaced by a reload")
	return nil
}

// unfit returns an error where the generation does not fit what runs any more. It is called with
// mu held.
func (c *Table[M]) unfit(g *Generation[M]) error {
	for m := range g.Old {
		if c.of(m).dropped {
			return &OutdatedError{}
		}
	}
	if !maps.Equal(c.closure(g.targets), g.Old) {
		return &OutdatedError{}
	}
	for _, m := range g.Table.All() {
		identity := c.of(m).identity
		if other := c.Get(identity); other != nil && !g.Old[other] || c.outdated(c.of(m).Imports) {
			return &OutdatedError{}
		}
		if f := c.flights[identity]; f != nil {
			return &OutdatedError{Wait: f.done}
		}
	}
	for _, m := range g.Fresh {
		if c.of(m).dropped || c.of(m).Crashed() {
			return &OutdatedError{}
		}
	}
	return nil
}

// crash returns how one of the new modules, or of what they import, has crashed; else nil. To load
// it again would be to try for ever what crashes soon after each start.
func (g *Generation[M]) crash() error {
	for _, m := range g.Table.All() {
		if err := cmp.Or(g.home.of(m).Crash.Load(), g.home.crash(g.home.of(m).Imports)); err != nil {
			return *err
		}
	}
	return nil
}
