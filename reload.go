package load

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/loadgo/load/event"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/internal/plan"
)

// Invalidate drops what finders and installers remember, so that the next search sees every change.
// Modules that run stay.
func (l *Loader) Invalidate() {
	for _, finder := range l.config.Path {
		if i, ok := finder.(find.Invalidator); ok {
			i.Invalidate()
		}
	}
	for _, installer := range l.config.Installers {
		if i, ok := installer.(find.Invalidator); ok {
			i.Invalidate()
		}
	}
}

// Reload loads the module of a name anew, from what its finder or installer has now, and puts it in
// the old one's place. The new instance starts beside the old one, and so does a new one of each
// module that imported it: they hold its values. All take their places at one moment, under the
// same names; functions of a [Ref] follow. Running calls of the old ones finish, and then these
// answer [ErrUnloaded].
//
// First, everything that the program uses of the old ones through a [Ref] or functions of
// [Loader.LazyBind] is bound to the new ones, and what it begins to use during a [Check] after
// that; what no longer binds is an [*UnboundError].
//
// If anything fails, the old ones stay as they are, and the error is a [*ReloadError]. It is
// [ErrNotLoaded] for a name that is not loaded. The option [Check] tries the new instance first.
// There is one reload at a time: further ones wait.
func (l *Loader) Reload(ctx context.Context, name string, options ...ReloadOption) (*Module, error) {
	r := &request{asked: name}
	for _, o := range options {
		o.reload(r)
	}
	if err := l.parse(r); err != nil {
		return nil, fmt.Errorf("reload %s: %w", name, err)
	}
	var fresh *Module
	err := l.reload(ctx, func() map[*Module]*request {
		m := l.cache.registered(r)
		if m == nil {
			return nil
		}
		again := m.request
		if r.name.Query != "" {
			again = again.at(r.name.Query)
		}
		return map[*Module]*request{m: again}
	}, func(ctx context.Context, m *Module) error {
		fresh = m
		return r.check.try(ctx, m)
	})
	switch {
	case errors.Is(err, ErrNotLoaded) || errors.Is(err, ErrClosed):
		return nil, fmt.Errorf("reload %s: %w", name, err)
	case err != nil:
		failed := &ReloadError{Name: name, Err: err}
		l.emit(event.Kept{Name: name, Err: failed})
		return nil, failed
	}
	return fresh, nil
}

// try asks, if there is something to ask. A panic is an error.
func (f Check) try(ctx context.Context, m *Module) (err error) {
	if f == nil {
		return nil
	}
	defer func() {
		if v := recover(); v != nil {
			err = &PanicError{Module: m.Name(), Symbol: "the check of the reload", Value: fmt.Sprint(v)}
		}
	}()
	if err := f(ctx, m); err != nil {
		return fmt.Errorf("the check of the new instance: %w", err)
	}
	return nil
}

// reload renews the modules that targets returns, with the names to find them by, and those that
// import them. Each of the targets is checked before the new ones take over.
func (l *Loader) reload(ctx context.Context, targets func() map[*Module]*request, check Check) error {
	select {
	case l.reloading <- struct{}{}:
		defer func() { <-l.reloading }()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	l.Invalidate()
	for {
		start := time.Now()
		renewed := targets()
		if len(renewed) == 0 {
			return ErrNotLoaded
		}
		g := l.newGeneration(renewed)
		err := g.load(ctx)
		takes := make(map[*follower]func())
		if err == nil {
			err = l.rebind(ctx, g, takes)
		}
		for old := range renewed {
			if err == nil && g.fresh[old] != nil {
				err = check(ctx, g.fresh[old])
			}
		}
		if err == nil { // what the program began to use meanwhile
			err = l.rebind(ctx, g, takes)
		}
		var again *outdatedError
		if err == nil {
			err = l.cache.replace(g, takes)
		}
		if err == nil {
			for old := range renewed {
				m := g.fresh[old]
				l.watchers.look()
				l.emit(event.Reloaded{Name: m.Name(), Version: m.Version(), Modules: len(g.old), Took: time.Since(start)})
			}
			return nil
		}
		g.discard(ctx)
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case !errors.As(err, &again):
			return err
		case again.wait != nil:
			select {
			case <-again.wait:
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		}
	}
}

// carries reports whether a name of the old module is one of the new module, too: not where it asks
// for a version that the new one has not.
func carries(key string, old, fresh *Spec) bool {
	if plan.Identity(old) == plan.Identity(fresh) {
		return true
	}
	name, err := find.ParseName(key)
	return key != plan.Identity(old) && err == nil && name.Query == ""
}

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
			m, err := g.loader.loadAs(ctx, g.requests[old], plan.Identity(old.spec), importer{loader: g.loader, generation: g})
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
func (c *cache) replace(g *generation, takes map[*follower]func()) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return ErrClosed
	}
	if err := cmp.Or(g.crash(), c.outdated(g)); err != nil {
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
		if !slices.ContainsFunc(replaced, func(old *Module) bool { return plan.Identity(old.spec) == key && plan.Identity(m.spec) != key }) {
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
		identity := plan.Identity(m.spec)
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

// crash returns how one of the new modules, or of what they import, has crashed; else nil. To load
// it again would be to try for ever what crashes soon after each start.
func (g *generation) crash() error {
	for _, m := range g.cache.all() {
		if err := cmp.Or(m.crash.Load(), m.imports.crash()); err != nil {
			return *err
		}
	}
	return nil
}
