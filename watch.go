package load

import (
	"context"
	"errors"
	"fmt"
	"maps"

	"github.com/loadgo/load/event"
	"github.com/loadgo/load/internal/plan"
	"github.com/loadgo/load/internal/sourcedir"
	"github.com/loadgo/load/internal/watching"
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
	w, err := watching.New(func(changed func(string)) (watching.Notifier, error) { return l.config.Notify(changed) }, l.directories)
	if err != nil {
		return fmt.Errorf("watch: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	l.watchers.Add(w)
	started := l.cache.Background(func() {
		defer cancel()
		go func() {
			select {
			case <-l.closing:
				cancel()
			case <-ctx.Done():
			}
		}()
		refused := make(map[*Module]string)
		w.Run(ctx, func(ctx context.Context, changes map[string]bool) { l.reloadChanged(ctx, changes, check, refused) })
		_ = w.Close() // there is nobody to tell
		l.watchers.Remove(w)
	})
	if !started {
		l.watchers.Remove(w)
		cancel()
		return errors.Join(ErrClosed, w.Close())
	}
	return nil
}

// directories lists those of the modules that run.
func (l *Loader) directories() []string {
	var all []string
	for m := range l.Modules() {
		all = append(all, sourcedir.Watched(m.entry.Spec)...)
	}
	return all
}

// reloadChanged reloads the modules whose sources have changed: all together, or else one by one,
// so that one that is broken does not keep the others. What a Go module's reload failed with is not
// tried again: other files in its tree change, such as the log that tells of the failure.
func (l *Loader) reloadChanged(ctx context.Context, changes map[string]bool, check Check, refused map[*Module]string) {
	l.Invalidate()
	targets, sources := make(map[*Module]*request), make(map[*Module]string)
	maps.DeleteFunc(refused, func(m *Module, _ string) bool { return l.cache.Dropped(m) })
	for m := range l.Modules() {
		if spec := m.entry.Spec; sourcedir.Local(spec) && sourcedir.Concerns(spec, changes) {
			source := l.source(ctx, m)
			if source == "" || source != plan.Source(spec) && source != refused[m] {
				targets[m], sources[m] = m.request, source
			}
			if source != refused[m] {
				delete(refused, m)
			}
		}
	}
	reload := func(targets map[*Module]*request) error { // those that still are registered
		return l.reload(ctx, func() map[*Module]*request {
			present := maps.Clone(targets)
			maps.DeleteFunc(present, func(m *Module, _ *request) bool { return l.cache.Dropped(m) })
			return present
		}, check.try)
	}
	if len(targets) > 1 && reload(targets) == nil {
		return
	}
	for m, r := range targets {
		err := reload(map[*Module]*request{m: r})
		if err != nil && ctx.Err() == nil && !errors.Is(err, ErrNotLoaded) {
			if m.entry.Spec.Source.Go != nil {
				refused[m] = sources[m]
			}
			l.emit(event.Kept{Name: m.Name(), Err: &ReloadError{Name: m.Name(), Err: err}})
		}
	}
}

// source is what a load of the module would find: a source, an error, or "" if that is unknown.
func (l *Loader) source(ctx context.Context, m *Module) (found string) {
	defer func() { _ = recover() }() // the reload meets it again, and tells
	quiet := l.session()
	quiet.Events = nil
	w, err := l.obtain(ctx, quiet, m.request)
	if err != nil {
		return err.Error()
	}
	return plan.Source(w.spec)
}
