package load

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/loadgo/load/event"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/internal/plan"
	"github.com/loadgo/load/internal/running"
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
		m := l.cache.First(r.keys())
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
	defer panicked(m, "the check of the reload", &err)
	if err = f(ctx, m); err != nil {
		err = fmt.Errorf("the check of the new instance: %w", err)
	}
	return err
}

// panicked makes an error of a panic of something that the program does with a module.
func panicked(m *Module, what string, err *error) {
	if v := recover(); v != nil {
		*err = &PanicError{Module: m.Name(), Symbol: what, Value: fmt.Sprint(v)}
	}
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
		err := g.take(ctx, renewed, check)
		var again *running.OutdatedError
		if err == nil {
			for old := range renewed {
				m := g.Fresh[old]
				l.watchers.Look()
				l.emit(event.Reloaded{Name: m.Name(), Version: m.Version(), Modules: len(g.Old), Took: time.Since(start)})
			}
			return nil
		}
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case !errors.As(err, &again):
			return err
		case again.Wait != nil:
			select {
			case <-again.Wait:
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		}
	}
}

// generation is a set of modules that is loaded beside those that it replaces.
type generation struct {
	*running.Generation[Module]
	loader   *Loader
	requests map[*Module]*request // what each of the old ones is found by
}

func (l *Loader) newGeneration(targets map[*Module]*request) *generation {
	g := &generation{l.cache.Generation(slices.Collect(maps.Keys(targets))), l, maps.Clone(targets)}
	for m := range g.Old {
		g.requests[m] = cmp.Or(g.requests[m], m.request)
	}
	return g
}

// lookUp returns the running module of a key as a module of the generation sees it; g is nil for
// all others.
func (l *Loader) lookUp(key string, g *generation) *Module {
	if g != nil {
		return g.Get(key)
	}
	return l.cache.Get(key)
}

// table returns the one that a load for a module of the generation enters its module in; g is nil
// for all others.
func (l *Loader) table(g *generation) *running.Table[Module] {
	if g != nil {
		return &g.Table
	}
	return &l.cache
}

// load loads a new module for each old one.
func (g *generation) load(ctx context.Context) error {
	var mu sync.Mutex
	var wg sync.WaitGroup
	var errs []error
	for old := range g.Old {
		wg.Go(func() {
			m, err := g.loader.loadAs(ctx, g.requests[old], plan.Identity(old.entry.Spec), importer{loader: g.loader, generation: g})
			mu.Lock()
			defer mu.Unlock()
			if g.Fresh[old] = m; err != nil {
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

// take loads the generation and lets it take over. If that fails, or a check ends the goroutine, the
// new modules are discarded.
func (g *generation) take(ctx context.Context, renewed map[*Module]*request, check Check) (err error) {
	taken := false
	defer func() {
		if !taken {
			g.discard(ctx)
		}
	}()
	takes := make(map[*follower]func())
	if err = g.load(ctx); err == nil {
		err = g.loader.rebind(ctx, g, takes)
	}
	for old := range renewed {
		if err == nil && g.Fresh[old] != nil {
			err = check(ctx, g.Fresh[old])
		}
	}
	if err == nil {
		if err = g.loader.rebind(ctx, g, takes); err == nil { // what the program began to use meanwhile
			err = g.loader.cache.Replace(g.Generation, slices.Collect(maps.Values(takes)))
		}
	}
	taken = err == nil
	return err
}

// discard closes the new modules. Nobody has them but the check, which has ended.
func (g *generation) discard(ctx context.Context) {
	modules, ended := g.End()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), running.Farewell)
	defer cancel()
	_ = g.loader.retire(ctx, modules, "it was loaded beside the one that runs, which stays")
	g.loader.cache.Background(func() { <-ended })
}
