package load

import (
	"context"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
)

// generation is a set of modules that is loaded beside those that it replaces.
type generation struct {
	loader   *Loader
	targets  []*Module
	old      map[*Module]bool     // what is replaced: the targets, and all that imports them
	requests map[*Module]*request // what each is found by
	cache    cache                // the new ones; shares the mutex of the loader's
	over     atomic.Bool          // they have taken over, or been closed

	fresh map[*Module]*Module // by what each replaces
}

func (l *Loader) newGeneration(targets map[*Module]*request) *generation {
	g := &generation{loader: l, requests: maps.Clone(targets), fresh: make(map[*Module]*Module)}
	g.cache.init(l.cache.mu)
	l.cache.mu.Lock()
	defer l.cache.mu.Unlock()
	for m := range targets {
		g.targets = append(g.targets, m)
	}
	g.old = l.cache.closure(g.targets)
	for m := range g.old {
		if _, ok := g.requests[m]; !ok {
			g.requests[m] = m.request
		}
	}
	return g
}

// closure returns modules with all that import them, directly or not. It is called with mu held.
func (c *cache) closure(modules []*Module) map[*Module]bool {
	all := make(map[*Module]bool)
	var add func(m *Module)
	add = func(m *Module) {
		if !all[m] {
			all[m] = true
			for _, d := range c.dependants(m) {
				add(d)
			}
		}
	}
	for _, m := range modules {
		add(m)
	}
	return all
}

// replaces returns the module of a key that the generation replaces, or nil.
func (g *generation) replaces(key string) *Module {
	if g == nil {
		return nil
	}
	if m := (*g.loader.cache.modules.Load())[key]; g.old[m] {
		return m
	}
	return nil
}

// lookUp returns the running module of a key as a module of the generation sees it; g is nil for
// all others.
func (l *Loader) lookUp(key string, g *generation) *Module {
	if g != nil {
		if m := g.cache.get(key); m != nil {
			return m
		}
	}
	if m := l.cache.get(key); m != nil && (g == nil || !g.old[m]) {
		return m
	}
	return nil
}

func (l *Loader) cacheOf(g *generation) *cache {
	if g != nil {
		return &g.cache
	}
	return &l.cache
}

// load loads a new module for each old one.
func (g *generation) load(ctx context.Context) error {
	var mu sync.Mutex
	var wg sync.WaitGroup
	var errs []error
	for old := range g.old {
		wg.Go(func() {
			m, err := g.loader.loadAs(ctx, g.requests[old], identity(old.spec), importer{loader: g.loader, generation: g})
			mu.Lock()
			defer mu.Unlock()
			if g.fresh[old] = m; err != nil {
				errs = append(errs, err)
			}
		})
	}
	wg.Wait()
	// What imports a module that cannot be loaded tells the same in more words.
	slices.SortFunc(errs, func(a, b error) int { return len(a.Error()) - len(b.Error()) })
	if len(errs) > 0 {
		return errs[0]
	}
	return nil
}

// outdatedError tells that what a generation was loaded beside has changed since.
type outdatedError struct {
	wait <-chan struct{} // what has to end before another try, or nil
}

func (*outdatedError) Error() string { return "the modules changed during the reload" }

// discard closes the new modules. Nobody has them but the check, which has ended.
func (g *generation) discard(ctx context.Context) {
	g.over.Store(true)
	modules, ended := g.cache.close()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), farewell)
	defer cancel()
	_ = g.loader.retire(ctx, modules, "it was loaded beside the one that runs, which stays")
	g.loader.cache.background(func() { <-ended })
}

// replace puts the new modules in the places of the old ones, all at once, and lets the followers
// take them.
func (c *cache) replace(g *generation, takes []func()) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return ErrClosed
	}
	if err := c.outdated(g); err != nil {
		return err
	}
	names := make(map[string]*Module)
	for key, m := range *c.modules.Load() {
		if fresh := g.fresh[m]; g.old[m] && carries(key, m.spec, fresh.spec) {
			names[key] = fresh
		}
	}
	replaced := slices.Collect(maps.Keys(g.old))
	for key, m := range *g.cache.modules.Load() {
		if !slices.ContainsFunc(replaced, func(old *Module) bool { return identity(old.spec) == key && identity(m.spec) != key }) {
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

// outdated returns an error where the generation does not fit what runs any more. It is called with
// mu held.
func (c *cache) outdated(g *generation) error {
	for m := range g.old {
		if m.standing.dropped {
			return &outdatedError{}
		}
	}
	if !maps.Equal(c.closure(g.targets), g.old) {
		return &outdatedError{}
	}
	for _, m := range g.cache.all() {
		identity := identity(m.spec)
		if other := c.get(identity); other != nil && !g.old[other] || m.imports.outdated() {
			return &outdatedError{}
		}
		if f := c.flights[identity]; f != nil {
			return &outdatedError{wait: f.done}
		}
	}
	for _, m := range g.fresh {
		if m.standing.dropped || m.crashed() {
			return &outdatedError{}
		}
	}
	return nil
}
