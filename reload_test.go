package load_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/loadgo/load"
	"github.com/loadgo/load/loadtest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// live counts the instances that were not closed.
func (w *world) live() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := 0
	for _, in := range w.instances {
		if in.closed.Load() == 0 {
			n++
		}
	}
	return n
}

func TestReload(t *testing.T) {
	t.Parallel()
	w := &world{modules: map[string]fake{"x": {version: "v1.0.0"}, "x@v1.0.0": {version: "v1.0.0"}}}
	var r loadtest.Events
	l := newLoader(t, w, func(c *load.Config) { c.Events = r.Sink })
	old := mustLoad(t, l, "alias=x")
	fresh, err := l.Reload(t.Context(), "alias")
	require.NoError(t, err)
	assert.NotSame(t, old, fresh)
	assert.Equal(t, 2, w.opens("x@v1.0.0"))
	for _, name := range []string{"x", "alias", "x@v1.0.0"} {
		assert.Same(t, fresh, mustLoad(t, l, name))
	}
	require.Eventually(t, func() bool { return w.live() == 1 }, 30*time.Second, time.Millisecond, "the end of the old instance")
	_, err = old.Call(t.Context(), "F")
	assert.ErrorIs(t, err, load.ErrUnloaded, "a call of the old one")
	assert.Contains(t, r.Kinds(), "Reloaded")
	_, err = l.Reload(t.Context(), "x@v1.0.0")
	assert.NoError(t, err)
	_, err = l.Reload(t.Context(), "y")
	assert.EqualError(t, err, "reload y: module is not loaded")
	assert.ErrorIs(t, err, load.ErrNotLoaded)
}

func TestReloadThatFails(t *testing.T) {
	t.Parallel()
	var broken atomic.Bool
	w := &world{modules: map[string]fake{"x": {open: func(context.Context) error {
		if broken.Load() {
			return &load.InitError{Reason: "its initialisation panicked"}
		}
		return nil
	}}, "app": {imports: []string{"x"}}}}
	var r loadtest.Events
	l := newLoader(t, w, func(c *load.Config) { c.Events = r.Sink })
	m := mustLoad(t, l, "x")
	app := mustLoad(t, l, "app")
	broken.Store(true)
	_, err := l.Reload(t.Context(), "x")
	assert.EqualError(t, err, "reload x: its initialisation panicked\n\tthe module that runs stays")
	var reload *load.ReloadError
	var init *load.InitError
	assert.ErrorAs(t, err, &reload)
	assert.ErrorAs(t, err, &init)
	broken.Store(false)
	checked := 0
	_, err = l.Reload(t.Context(), "x", load.Check(func(_ context.Context, m *load.Module) error { checked++; return errBroken }))
	assert.EqualError(t, err, "reload x: the check of the new instance: it is broken\n\tthe module that runs stays")
	_, err = l.Reload(t.Context(), "x", load.Check(func(context.Context, *load.Module) error { panic("oh") }))
	assert.EqualError(t, err, "reload x: x: the check of the reload panicked: oh\n\tthe module that runs stays")
	require.Samef(t, m, mustLoad(t, l, "x"), "checked %d times, %d instances live", checked, w.live())
	require.Samef(t, app, mustLoad(t, l, "app"), "checked %d times, %d instances live", checked, w.live())
	assert.Equalf(t, 1, checked, "checked %d times, %d instances live", checked, w.live())
	assert.Equalf(t, 2, w.live(), "checked %d times, %d instances live", checked, w.live())
	_, err = app.Call(t.Context(), "F")
	assert.NoError(t, err)
	assert.Contains(t, r.Kinds(), "Kept")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = l.Reload(ctx, "x")
	assert.ErrorIs(t, err, context.Canceled)
}

// What imports a module is reloaded with it, also where the new one imports what was not loaded
// before.
func TestReloadWithDependants(t *testing.T) {
	t.Parallel()
	w := &world{modules: map[string]fake{
		"lib": {}, "app": {imports: []string{"lib", "other"}}, "top": {imports: []string{"app"}}, "other": {}, "new": {imports: []string{"lib"}},
	}}
	l := newLoader(t, w)
	top, other := mustLoad(t, l, "top"), mustLoad(t, l, "other")
	w.modules["app"] = fake{imports: []string{"lib", "other", "new"}}
	_, err := l.Reload(t.Context(), "lib")
	require.NoError(t, err)
	assert.NotSame(t, top, mustLoad(t, l, "top"), "what imports it stayed, or what does not was reloaded")
	assert.Same(t, other, mustLoad(t, l, "other"), "what imports it stayed, or what does not was reloaded")
	for name, want := range map[string]int{"lib@": 2, "app@": 2, "top@": 2, "other@": 1, "new@": 1} {
		n := w.opens(name)
		assert.Equalf(t, want, n, "%s was opened %d times", name, n)
	}
	require.Eventually(t, func() bool { return w.live() == 5 }, 30*time.Second, time.Millisecond, "the end of the old instances")
	_, err = l.Unload(t.Context(), "lib")
	assert.EqualError(t, err, "unload lib: it is imported by app, new\n\tunload what imports it first, or pass load.Force()")

	// A circle that the change closes is an error, and everything stays.
	w.modules["lib"] = fake{imports: []string{"top"}}
	top = mustLoad(t, l, "top")
	_, err = l.Reload(t.Context(), "lib")
	var cycle *load.CycleError
	require.ErrorAs(t, err, &cycle)
	require.Same(t, top, mustLoad(t, l, "top"))
	assert.Equal(t, 5, w.live())
}

// A name without a version follows to the new one; a name with one does not.
func TestReloadToAnotherVersion(t *testing.T) {
	t.Parallel()
	w := &world{modules: map[string]fake{"x": {version: "v1.0.0"}, "x@v1.0.0": {version: "v1.0.0"}, "x@v1.1.0": {version: "v1.1.0"}}}
	l := newLoader(t, w)
	mustLoad(t, l, "x")
	mustLoad(t, l, "x@v1.0.0")
	running := mustLoad(t, l, "x@v1.1.0")
	w.modules["x"] = fake{version: "v1.1.0"}
	m, err := l.Reload(t.Context(), "x")
	require.NoError(t, err)
	require.Same(t, running, m)
	require.Same(t, running, mustLoad(t, l, "x"))
	assert.Equal(t, "v1.0.0", mustLoad(t, l, "x@v1.0.0").Version())
	assert.Equal(t, 1, w.opens("x@v1.1.0"))
}

// TestHammerReload loads, reloads, unloads, crashes and calls at once. A fake instance panics when
// it is called after it was closed.
func TestHammerReload(t *testing.T) {
	t.Parallel()
	w := &world{modules: map[string]fake{
		"top": {imports: []string{"app", "lib"}}, "app": {imports: []string{"lib"}}, "lib": {imports: []string{"base"}}, "base": {},
	}}
	l := newLoader(t, w)
	rounds := 300
	if testing.Short() {
		rounds = 50
	}
	all := []string{"top", "app", "lib", "base"}
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			random := rand.New(rand.NewPCG(uint64(g), 3))
			for range rounds {
				name := all[random.IntN(len(all))]
				switch random.IntN(8) {
				case 0:
					_, err := l.Unload(t.Context(), name)
					var inUse *load.InUseError
					assert.False(t, err != nil && !errors.Is(err, load.ErrNotLoaded) && !errors.As(err, &inUse), err)
				case 1, 2:
					opened := w.opens(name + "@")
					_, err := l.Reload(t.Context(), name)
					if err != nil && !errors.Is(err, load.ErrNotLoaded) && !errors.Is(err, load.ErrCrashed) { // of the new one
						t.Error(err)
					}
					assert.False(t, err == nil && w.opens(name+"@") == opened, "a reload was lost")
				case 3:
					if random.IntN(4) == 0 {
						w.mu.Lock()
						if n := len(w.instances); n > 0 {
							w.instances[random.IntN(n)].kill("killed")
						}
						w.mu.Unlock()
					}
				case 4:
					ctx, cancel := context.WithCancel(t.Context())
					go cancel()
					_, _ = l.Reload(ctx, name)
				default:
					_, err := mustLoad(t, l, name).Call(t.Context(), "F")
					assert.False(t, err != nil && !errors.Is(err, load.ErrUnloaded) && !errors.Is(err, load.ErrCrashed), err)
				}
			}
		})
	}
	wg.Wait()
	require.NoError(t, l.Close(t.Context()))
	if n := w.live(); n != 0 {
		for _, in := range w.instances {
			if in.closed.Load() == 0 && in.crash.Load() != nil {
				n--
			}
		}
		assert.Zerof(t, n, "%d instances were never closed", n)
	}
}

// TestReloadWhoseCheckExits: a check that ends its goroutine, as a test's FailNow does, leaves no new
// instance behind, and neither does what a [load.Derive] makes.
func TestReloadWhoseCheckExits(t *testing.T) {
	t.Parallel()
	exit := func(f func()) {
		done := make(chan struct{})
		go func() {
			defer close(done)
			f()
		}()
		<-done
	}
	w := &world{modules: map[string]fake{"x": {}}}
	l := newLoader(t, w)
	old := mustLoad(t, l, "x")
	derived := load.Derive(l, "x", func(_ context.Context, m *load.Module) (int, error) {
		if m != old {
			runtime.Goexit()
		}
		return 1, nil
	})
	_, err := derived.Get(t.Context())
	require.NoError(t, err)
	exit(func() { _, _ = l.Reload(t.Context(), "x") })
	require.Eventually(t, func() bool { return w.live() == 1 }, 30*time.Second, time.Millisecond, "the end of the new instance")
	runtime.KeepAlive(derived)

	l = newLoader(t, w)
	old = mustLoad(t, l, "x")
	exit(func() {
		_, _ = l.Reload(t.Context(), "x", load.Check(func(context.Context, *load.Module) error { runtime.Goexit(); return nil }))
	})
	require.Eventually(t, func() bool { return w.live() == 2 }, 30*time.Second, time.Millisecond, "the end of the new instance")
	require.Same(t, old, mustLoad(t, l, "x"))
	_, err = l.Reload(t.Context(), "x")
	require.NoError(t, err)
}
