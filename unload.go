package load

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/loadgo/load/event"
	"github.com/loadgo/load/internal/phrase"
	"github.com/loadgo/load/internal/running"
	"github.com/loadgo/load/report"
)

// Unload takes the module of that name out of the cache, under all its names, waits for its running
// calls, and closes it: everything of it answers [ErrUnloaded] from the moment that it is taken
// out, but for functions of built-in modules that were bound with their own type. A module that is
// built with something is named with the options that it was loaded with. A load of the name that
// is under way is not disturbed.
//
// Where ctx ends before the running calls do, they are cut off: the module is closed all the same,
// and the error says so. A call that unloads its own module waits for itself until then.
//
// The error is [ErrNotLoaded] for a name that is not loaded, and an [*InUseError] for a module that
// others imported. With the option [Force] these are unloaded, too, and first: their running calls
// finish, and reach it until then. The next use of one loads both anew.
func (l *Loader) Unload(ctx context.Context, name string, options ...UnloadOption) (*report.Unload, error) {
	r := &request{asked: name}
	for _, o := range options {
		o.unload(r)
	}
	err := l.parse(r)
	var m *Module
	var importers []*Module
	if err == nil {
		m, importers, err = l.cache.Take(r.keys(), r.force)
	}
	if err != nil {
		return nil, fmt.Errorf("unload %s: %w", name, err)
	}
	errs := l.retire(ctx, importers, "what it imports was unloaded")
	told, err := l.end(ctx, m, "")
	if err != nil {
		errs = errors.Join(errs, fmt.Errorf("unload %s: %w", m, err))
	}
	for _, i := range importers {
		told.Importers = append(told.Importers, i.String())
	}
	slices.Sort(told.Importers)
	return told, errs
}

// end waits for the running calls of a module that was dropped, and closes it.
func (l *Loader) end(ctx context.Context, m *Module, why string) (*report.Unload, error) {
	defer close(m.entry.Gone)
	told := &report.Unload{Name: m.String(), Artifact: m.artifactSize}
	start := time.Now()
	for _, part := range m.entry.Parts() {
		told.Interrupted += part.Usage.Drain(ctx)
	}
	told.Waited = time.Since(start)
	for _, part := range m.entry.Parts() {
		told.Memory += part.Memory().Now
		told.Objects = append(told.Objects, part.Usage.Held()...)
	}
	closing, cancel := later(ctx)
	defer cancel()
	err := m.entry.Close(closing)
	if told.Interrupted > 0 {
		err = errors.Join(fmt.Errorf("%s cut off: %w", phrase.Count(told.Interrupted, "running call"), context.Cause(ctx)), err)
	}
	l.emit(event.Unloaded{Name: m.String(), Why: why})
	return told, err
}

// later returns a context that ends a moment after ctx, so that what was cut off can still be
// closed.
func later(ctx context.Context) (context.Context, context.CancelFunc) {
	closing, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	var timer *time.Timer
	var mu sync.Mutex
	stop := context.AfterFunc(ctx, func() {
		mu.Lock()
		defer mu.Unlock()
		timer = time.AfterFunc(running.Farewell, func() { cancel(context.Cause(ctx)) })
	})
	return closing, func() {
		stop()
		mu.Lock()
		defer mu.Unlock()
		if timer != nil {
			timer.Stop()
		}
		cancel(nil)
	}
}

// retire ends modules that were dropped together, each when those that imported it have ended.
func (l *Loader) retire(ctx context.Context, modules []*Module, why string) error {
	modules, before := l.cache.Order(modules)
	errs := make([]error, len(modules))
	var wg sync.WaitGroup
	for i, m := range modules {
		wg.Go(func() {
			for _, d := range before[i] {
				<-d.entry.Gone
			}
			if _, err := l.end(ctx, m, why); err != nil {
				errs[i] = fmt.Errorf("unload %s: %w", m, err)
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// overlap is how long a module that was replaced takes calls: who took a function from a [Ref] at
// the last moment has called it by then.
const overlap = 10 * time.Millisecond

// retireLater ends modules that were withdrawn, after a moment in which they still take calls.
func (l *Loader) retireLater(modules []*Module, why string) {
	select {
	case <-time.After(overlap):
	case <-l.closing:
	}
	_ = l.retire(l.life, modules, why) // what could not be closed in time was cut off
}

// Close ends the loads that are under way, waits for the running calls of all modules and for the
// loader's own work, and closes every module, those that import others first. It leaves no
// goroutine, process, file or directory. Loads after it return [ErrClosed]. It is idempotent. Where
// ctx ends first, running calls are cut off as [Loader.Unload] does it, and what is left goes on in
// the background.
func (l *Loader) Close(ctx context.Context) error {
	l.ending.Do(func() { close(l.closing) })
	l.looking.stop()
	modules, ended := l.cache.Close()
	defer context.AfterFunc(ctx, l.hurry)()
	err := l.retire(ctx, modules, "")
	select {
	case <-ended:
		l.hurry() // there is nothing left that could
		l.letGo()
		return err
	case <-ctx.Done():
		go func() { <-ended; l.letGo() }()
		return errors.Join(err, context.Cause(ctx))
	}
}
