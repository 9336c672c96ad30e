package load_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/loadgo/load"
)

// until waits for a condition that other goroutines bring about.
func until(t testing.TB, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !condition(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it never came: " + what)
		}
	}
}

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
	var r recorder
	l := newLoader(t, w, func(c *load.Config) { c.Events = r.sink })
	old := mustLoad(t, l, "alias=x")
	fresh, err := l.Reload(t.Context(), "alias")
	if err != nil {
		t.Fatal(err)
	}
	if fresh == old || w.opens("x@v1.0.0") != 2 {
		t.Error("it was not reloaded")
	}
	for _, name := range []string{"x", "alias", "x@v1.0.0"} {
		if mustLoad(t, l, name) != fresh {
			t.Errorf("%s is the old one", name)
		}
	}
	until(t, "the end of the old instance", func() bool { return w.live() == 1 })
	if _, err := old.Call(t.Context(), "F"); !errors.Is(err, load.ErrUnloaded) {
		t.Errorf("a call of the old one: %v", err)
	}
	if !slices.Contains(r.kinds(), "Reloaded") {
		t.Errorf("events %q", r.kinds())
	}
	if _, err := l.Reload(t.Context(), "x@v1.0.0"); err != nil {
		t.Error(err)
	}
	_, err = l.Reload(t.Context(), "y")
	if wantError(t, err, "reload y: module is not loaded"); !errors.Is(err, load.ErrNotLoaded) {
		t.Error("it is no ErrNotLoaded")
	}
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
	var r recorder
	l := newLoader(t, w, func(c *load.Config) { c.Events = r.sink })
	m := mustLoad(t, l, "x")
	app := mustLoad(t, l, "app")
	broken.Store(true)
	_, err := l.Reload(t.Context(), "x")
	wantError(t, err, "reload x: its initialisation panicked\n\tthe module that runs stays")
	var reload *load.ReloadError
	var init *load.InitError
	if !errors.As(err, &reload) || !errors.As(err, &init) {
		t.Errorf("types: %v", err)
	}
	broken.Store(false)
	checked := 0
	_, err = l.Reload(t.Context(), "x", load.Check(func(_ context.Context, m *load.Module) error { checked++; return errBroken }))
	wantError(t, err, "reload x: the check of the new instance: it is broken\n\tthe module that runs stays")
	_, err = l.Reload(t.Context(), "x", load.Check(func(context.Context, *load.Module) error { panic("oh") }))
	wantError(t, err, "reload x: x: the check of the reload panicked: oh\n\tthe module that runs stays")
	if mustLoad(t, l, "x") != m || mustLoad(t, l, "app") != app || checked != 1 || w.live() != 2 {
		t.Errorf("checked %d times, %d instances live", checked, w.live())
	}
	if _, err := app.Call(t.Context(), "F"); err != nil {
		t.Error(err)
	}
	if !slices.Contains(r.kinds(), "Kept") {
		t.Errorf("events %q", r.kinds())
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err = l.Reload(ctx, "x"); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
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
	if _, err := l.Reload(t.Context(), "lib"); err != nil {
		t.Fatal(err)
	}
	if mustLoad(t, l, "top") == top || mustLoad(t, l, "other") != other {
		t.Error("what imports it stayed, or what does not was reloaded")
	}
	for name, want := range map[string]int{"lib@": 2, "app@": 2, "top@": 2, "other@": 1, "new@": 1} {
		if n := w.opens(name); n != want {
			t.Errorf("%s was opened %d times, want %d", name, n, want)
		}
	}
	until(t, "the end of the old instances", func() bool { return w.live() == 5 })
	_, err := l.Unload(t.Context(), "lib")
	wantError(t, err, "unload lib: it is imported by app, new\n\tunload what imports it first, or pass load.Force()")

	// A circle that the change closes is an error, and everything stays.
	w.modules["lib"] = fake{imports: []string{"top"}}
	top = mustLoad(t, l, "top")
	_, err = l.Reload(t.Context(), "lib")
	var cycle *load.CycleError
	if !errors.As(err, &cycle) || mustLoad(t, l, "top") != top || w.live() != 5 {
		t.Errorf("%v; %d live", err, w.live())
	}
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
	if err != nil {
		t.Fatal(err)
	}
	if m != running || mustLoad(t, l, "x") != running || mustLoad(t, l, "x@v1.0.0").Version() != "v1.0.0" || w.opens("x@v1.1.0") != 1 {
		t.Errorf("x is %v, x@v1.0.0 is %v", mustLoad(t, l, "x"), mustLoad(t, l, "x@v1.0.0"))
	}
}

// TestHammerReload loads, reloads, unloads, crashes and calls at once. A fake instance panics when
// it is called after it
// was closed.
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
					if err != nil && !errors.Is(err, load.ErrNotLoaded) && !errors.As(err, &inUse) {
						t.Error(err)
					}
				case 1, 2:
					opened := w.opens(name + "@")
					_, err := l.Reload(t.Context(), name)
					if err != nil && !errors.Is(err, load.ErrNotLoaded) && !errors.Is(err, load.ErrCrashed) { // of the new one
						t.Error(err)
					}
					if err == nil && w.opens(name+"@") == opened {
						t.Error("a reload was lost")
					}
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
					if _, err := mustLoad(t, l, name).Call(t.Context(), "F"); err != nil && !errors.Is(err, load.ErrUnloaded) && !errors.Is(err, load.ErrCrashed) {
						t.Error(err)
					}
				}
			}
		})
	}
	wg.Wait()
	if err := l.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := w.live(); n != 0 {
		for _, in := range w.instances {
			if in.closed.Load() == 0 && in.crash.Load() != nil {
				n--
			}
		}
		if n != 0 {
			t.Errorf("%d instances were never closed", n)
		}
	}
}
