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

// remember notes a module that goes, for the followers of its names. It is called with mu held.
func (c *cache) remember(m *Module) {
	gone := &former{m.spec, m.artifactOnly}
	follows := c.follows != nil && c.follows()
	for key, other := range *c.modules.Load() {
		switch {
		case other != m:
		case !follows:
			delete(c.formers, key)
		default:
			if c.formers == nil {
				c.formers = make(map[string]*former)
			}
			c.formers[key] = gone
		}
	}
}

// forgetFormer lets the next load take what it finds. It is called with mu held.
func (c *cache) forgetFormer(gone *former) {
	maps.DeleteFunc(c.formers, func(_ string, other *former) bool { return other == gone })
}

// reap drops the module of that name if it has crashed, and frees what it still holds.
func (l *Loader) reap(ctx context.Context, name string) {
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
	l.emit(event.Kept{Name: f.name, Err: fmt.Errorf("%w\n\twhat ran before was started again", loadError(f.name, err))})
	return gone.spec, old, nil
}

// left returns the module that went from a name, and what the program follows of it that found
// would succeed.
func (l *Loader) left(key string, found *Spec) (followers []*follower, gone *former) {
	gone, keys := l.cache.former(key)
	if gone == nil {
		return nil, nil
	}
	for _, f := range l.followers.held() {
		r, err := l.request(f.name, f.options)
		if err == nil && carries(f.name, gone.spec, found) && slices.ContainsFunc(r.keys(), func(key string) bool { return keys[key] }) {
			followers = append(followers, f)
		}
	}
	return followers, gone
}

// former returns the module that went from a key and has not been succeeded, and the keys that led
// to it; or nil.
func (c *cache) former(key string) (gone *former, keys map[string]bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if gone = c.formers[key]; gone == nil {
		return nil, nil
	}
	keys = make(map[string]bool)
	for name, other := range c.formers {
		if other != gone {
			continue
		}
		if c.get(name) != nil { // it has been succeeded
			c.forgetFormer(gone)
			return nil, nil
		}
		keys[name] = true
	}
	return gone, keys
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
