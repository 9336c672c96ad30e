package load

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/loadgo/load/event"
	"github.com/loadgo/load/find"
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
// [Loader.LazyBind] is bound to the new ones; what no longer binds is an [*UnboundError].
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
		var takes []func()
		if err == nil {
			takes, err = l.rebind(ctx, g)
		}
		for old := range renewed {
			if err == nil && g.fresh[old] != nil {
				err = check(ctx, g.fresh[old])
			}
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
	if identity(old) == identity(fresh) {
		return true
	}
	name, err := find.ParseName(key)
	return key != identity(old) && err == nil && name.Query == ""
}
