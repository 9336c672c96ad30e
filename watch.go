package load

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/loadgo/load/event"
	"github.com/loadgo/load/internal/plan"
	"github.com/loadgo/load/internal/sourcedir"
)

// Notifier tells when something changes in directories; package notify has one. It is safe for
// concurrent use.
type Notifier interface {
	// Add starts to look at a directory, not at those below it. Adding one again is no error.
	Add(dir string) error
	// Remove stops to look at a directory.
	Remove(dir string) error
	// Close stops, and returns when no change is told any more.
	Close() error
}

const (
	// settle is how long nothing may change before modules are reloaded: editors and version
	// control write several files.
	settle = 100 * time.Millisecond
	// settleAtMost is when they are reloaded although something still changes.
	settleAtMost = 2 * time.Second
)

// Watch reloads the modules of local directories when their files change, from now on until ctx
// ends or the loader is closed. It returns at once. Changes that follow each other within a tenth
// of a second are one; what changed together is reloaded together, with what imports it, as
// [Loader.Reload] does it. Of a Go module, all directories are watched. Files that are written
// without a change of what is compiled reload nothing. Each outcome is an event: [event.Reloaded],
// or [event.Kept] with the error.
//
// As with [Loader.Reload], what the program uses has to bind to the new instances; the option
// [Check], the only one that it takes, tries each of those whose files changed.
//
// A directory that vanishes is a failed reload; its modules go on, and are reloaded when it is
// there again.
//
// The error is a [*ConfigError] where [Config].Notify is not set or an option is none that it
// takes, and otherwise the system's.
func (l *Loader) Watch(ctx context.Context, checks ...Check) error {
	if l.config.Notify == nil {
		return &ConfigError{Setting: "Config.Notify", Reason: "there is nothing that tells of changes; set it to notify.New"}
	}
	check := Check(func(ctx context.Context, m *Module) error {
		for _, check := range checks {
			if err := check(ctx, m); err != nil {
				return err
			}
		}
		return nil
	})
	w := &watcher{loader: l, check: check, changes: make(map[string]bool), wake: make(chan struct{}, 1), watched: make(map[string]bool)}
	var err error
	if w.notifier, err = l.config.Notify(w.changed); err != nil {
		return fmt.Errorf("watch: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	l.watchers.add(w)
	started := l.cache.Background(func() {
		defer cancel()
		go func() {
			select {
			case <-l.closing:
				cancel()
			case <-ctx.Done():
			}
		}()
		w.run(ctx)
	})
	if !started {
		l.watchers.remove(w)
		cancel()
		return errors.Join(ErrClosed, w.notifier.Close())
	}
	return nil
}

// watcher is one Watch.
type watcher struct {
	loader   *Loader
	notifier Notifier
	check    Check
	wake     chan struct{} // holds a token when there is something to look at

	mu      sync.Mutex
	changes map[string]bool // paths; "" for anything

	watched map[string]bool // directories, also those that are gone; of run only
}

// changed notes a change; "" stands for any.
func (w *watcher) changed(path string) {
	w.mu.Lock()
	w.changes[path] = true
	w.mu.Unlock()
	w.look()
}

// look wakes run.
func (w *watcher) look() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// watchers are those of a loader.
type watchers struct {
	mu  sync.Mutex
	all []*watcher
}

func (c *watchers) add(w *watcher) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all = append(c.all, w)
}

func (c *watchers) remove(w *watcher) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all = slices.DeleteFunc(c.all, func(other *watcher) bool { return other == w })
}

// look lets them look at what is loaded now.
func (c *watchers) look() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, w := range c.all {
		w.look()
	}
}

func (w *watcher) run(ctx context.Context) {
	defer w.end()
	w.follow()
	for {
		select {
		case <-w.wake:
		case <-ctx.Done():
			return
		}
		if !w.pending() {
			w.follow()
			continue
		}
		if !w.settled(ctx) {
			return
		}
		changes := w.take()
		w.reload(ctx, changes)
		w.follow()
	}
}

func (w *watcher) end() {
	_ = w.notifier.Close() // there is nobody to tell
	w.loader.watchers.remove(w)
}

func (w *watcher) pending() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.changes) > 0
}

func (w *watcher) take() map[string]bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	changes := w.changes
	w.changes = make(map[string]bool)
	return changes
}

// settled waits until nothing changes any more; not where ctx ends.
func (w *watcher) settled(ctx context.Context) bool {
	limit := time.NewTimer(settleAtMost)
	defer limit.Stop()
	quiet := time.NewTimer(settle)
	defer quiet.Stop()
	for {
		select {
		case <-w.wake:
			quiet.Reset(settle)
		case <-quiet.C:
			return true
		case <-limit.C:
			return true
		case <-ctx.Done():
			return false
		}
	}
}

// follow makes the directories of the modules that run those that are watched.
func (w *watcher) follow() {
	wanted := make(map[string]bool)
	for m := range w.loader.Modules() {
		for _, dir := range sourcedir.Watched(m.entry.Spec) {
			wanted[dir] = true
		}
	}
	for dir := range w.watched {
		if !wanted[dir] {
			delete(w.watched, dir)
			_ = w.notifier.Remove(dir) // it may be gone
		}
	}
	for dir := range wanted {
		_ = w.notifier.Add(dir) // again and again: one that was removed and made anew is watched no more
		if !w.watched[dir] {
			w.watched[dir] = true
			w.changed(dir) // it may have, since the module was loaded, or be gone
		}
	}
}

// reload reloads the modules whose sources have changed: all together, or else one by one, so that
// one that is broken does not keep the others.
func (w *watcher) reload(ctx context.Context, changes map[string]bool) {
	l := w.loader
	l.Invalidate()
	targets := make(map[*Module]*request)
	for m := range l.Modules() {
		if sourcedir.Local(m.entry.Spec) && sourcedir.Concerns(m.entry.Spec, changes) && !l.unchanged(ctx, m) {
			targets[m] = m.request
		}
	}
	if len(targets) > 1 && w.reloadChanged(ctx, targets) == nil {
		return
	}
	for m, r := range targets {
		err := w.reloadChanged(ctx, map[*Module]*request{m: r})
		if err != nil && ctx.Err() == nil && !errors.Is(err, ErrNotLoaded) {
			l.emit(event.Kept{Name: m.Name(), Err: &ReloadError{Name: m.Name(), Err: err}})
		}
	}
}

// reloadChanged reloads those of the targets that still are registered.
func (w *watcher) reloadChanged(ctx context.Context, targets map[*Module]*request) error {
	return w.loader.reload(ctx, func() map[*Module]*request {
		present := maps.Clone(targets)
		maps.DeleteFunc(present, func(m *Module, _ *request) bool { return w.loader.cache.Dropped(m) })
		return present
	}, w.check.try)
}

// unchanged reports whether a load of the module would find the source that it was made from.
func (l *Loader) unchanged(ctx context.Context, m *Module) (same bool) {
	defer func() {
		if recover() != nil { // the reload meets it again, and tells
			same = false
		}
	}()
	quiet := l.session()
	quiet.Events = nil
	w, err := l.obtain(ctx, quiet, m.request)
	if err != nil {
		return false
	}
	spec := w.spec
	return spec.Source.Hash != "" && spec.Source.Hash == m.entry.Spec.Source.Hash && plan.Identity(spec) == plan.Identity(m.entry.Spec)
}
