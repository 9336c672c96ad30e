package load

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/loadgo/load/event"
)

// former is a module that went without being asked to: it crashed, or was evicted, idle or
// replaced.
type former struct {
	spec         *Spec
	artifactOnly bool // as [Module] has it
}

var errNoArtifact = errors.New("its artifact is gone from the store, and its source may have changed")

// remember notes a module that goes, for the followers of its names. It is called with the cache's
// mutex held.
func (l *Loader) remember(m *Module) {
	gone := &former{m.spec, m.artifactOnly}
	follows := l.followers.any()
	for key, other := range *l.cache.modules.Load() {
		switch {
		case other != m:
		case !follows:
			delete(l.formers, key)
		default:
			if l.formers == nil {
				l.formers = make(map[string]*former)
			}
			l.formers[key] = gone
		}
	}
}

// forget lets the next load take what it finds. It is called with the cache's mutex held.
func (l *Loader) forget(gone *former) {
	maps.DeleteFunc(l.formers, func(_ string, other *former) bool { return other == gone })
}

// reap drops the module of that name if it has crashed, and frees what it still holds.
func (l *Loader) reap(ctx context.Context, name string) {
	l.cache.mu.Lock()
	if m := (*l.cache.modules.Load())[name]; m != nil && m.crashed() {
		l.remember(m)
	}
	l.cache.mu.Unlock()
	if m := l.cache.reap(name); m != nil {
		_ = m.close(context.WithoutCancel(ctx)) // the call that met the crash told how it ended
	}
}

// succeed decides what runs under a name whose module went: what was found, or the former module
// where the program uses something that what was found does not have. What was started to find out
// is returned, too.
func (l *Loader) succeed(ctx context.Context, found *Spec, f *flight) (*Spec, *Module, error) {
	followers, gone := l.left(f.keys[0], found)
	if len(followers) == 0 || identity(gone.spec) == identity(found) && gone.spec.Source.Hash == found.Source.Hash {
		return found, nil, nil
	}
	begin := func(spec *Spec, artifactOnly bool) (*Module, error) {
		return l.start(ctx, spec, artifactOnly, importer{loader: l, flight: f, imports: new(imports)})
	}
	lost := &UnboundError{}
	fresh, err := begin(found, false)
	if err == nil {
		if followers = lost.among(ctx, followers, nil, fresh); len(followers) == 0 {
			return found, fresh, nil
		}
		defer func() {
			if fresh != nil {
				_ = fresh.close(context.WithoutCancel(ctx))
			}
		}()
		err = lost
	}
	if ctx.Err() != nil {
		return nil, nil, err
	}
	old, oldErr := begin(gone.spec, gone.artifactOnly || gone.spec.Version == "")
	if oldErr != nil {
		return nil, nil, fmt.Errorf("%w\n\twhat ran before cannot be started again: %v", err, oldErr)
	}
	if fresh != nil {
		lost.Lost = nil
		if len(lost.among(ctx, followers, old, fresh)) == 0 { // the former one had it neither
			m := fresh
			fresh = nil
			return found, m, old.close(context.WithoutCancel(ctx))
		}
	}
	event.Emit(ctx, event.Kept{Name: f.name, Err: fmt.Errorf("%w\n\twhat ran before was started again", loadError(f.name, err))})
	return gone.spec, old, nil
}

// left returns the module that went from a name, and what the program follows of it that found
// would succeed.
func (l *Loader) left(key string, found *Spec) (followers []*follower, gone *former) {
	l.cache.mu.Lock()
	defer l.cache.mu.Unlock()
	if gone = l.formers[key]; gone == nil {
		return nil, nil
	}
	for name, other := range l.formers {
		if other == gone && l.cache.get(name) != nil { // it has been succeeded
			l.forget(gone)
			return nil, nil
		}
	}
	for _, f := range l.followers.held() {
		r, err := l.request(f.name, f.options)
		if err == nil && carries(f.name, gone.spec, found) && slices.ContainsFunc(r.keys(), func(key string) bool { return l.formers[key] == gone }) {
			followers = append(followers, f)
		}
	}
	return followers, gone
}

// among collects what followers use of an old instance and a new one does not have, and returns
// those followers.
func (e *UnboundError) among(ctx context.Context, followers []*follower, old, fresh *Module) (losers []*follower) {
	for _, f := range followers {
		if _, err := f.try(ctx, old, fresh); err != nil {
			e.add(err)
			losers = append(losers, f)
		}
	}
	return losers
}
