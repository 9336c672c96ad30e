package load_test

import (
	"context"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/loadgo/load"
	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/event"
	"github.com/loadgo/load/loadtest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A reload keeps the old instance where something that the program uses would be lost, and tells so
// once.
func TestReloadBindsWhatIsUsed(t *testing.T) {
	t.Parallel()
	make1 := func(s string) (string, error) { return s, nil }
	type user struct {
		name string
		// use lets the program use the module m and returns what calls it.
		use func(t *testing.T, l *load.Loader) (call func() error)
	}
	ref := func(t *testing.T, l *load.Loader) func() error {
		r := load.Lazy[func(string) (string, error)](l, "m", "Make")
		return func() error { _, err := r.Get()("x"); return err }
	}
	users := []user{
		{"Ref", ref},
		{"Ref that was used", func(t *testing.T, l *load.Loader) func() error {
			call := ref(t, l)
			require.NoError(t, call())
			return call
		}},
		{"Ref by an alias", func(t *testing.T, l *load.Loader) func() error {
			require.NoError(t, l.Alias("other", "m"))
			r := load.Lazy[func(string) (string, error)](l, "other", "Make")
			return func() error { _, err := r.Get()("x"); return err }
		}},
		{"LazyBind", func(t *testing.T, l *load.Loader) func() error {
			var api struct{ Make func(string) (string, error) }
			require.NoError(t, l.LazyBind("m", &api))
			return func() error { _, err := api.Make("x"); return err }
		}},
	}
	changes := map[string]func(plain){
		"renamed":           func(p plain) { delete(p, "Make"); p["Maek"] = make1 },
		"another signature": func(p plain) { p["Make"] = func(n int) string { return "" } },
		"no function":       func(p plain) { p["Make"] = 7 },
	}
	for _, u := range users {
		for change, f := range changes {
			t.Run(u.name+", "+change, func(t *testing.T) {
				t.Parallel()
				values, r := plain{"Make": make1}, loadtest.Events{}
				w := &world{modules: map[string]fake{"m": {}}}
				l := newLoader(t, w, func(c *load.Config) { c.Engines, c.Events = []engine.Engine{values}, r.Sink })
				old := mustLoad(t, l, "m")
				call := u.use(t, l)
				f(values)
				_, err := l.Reload(t.Context(), "m")
				var lost *load.UnboundError
				var symbol *load.SymbolError
				require.ErrorAs(t, err, &lost)
				require.ErrorAs(t, err, &symbol)
				require.Equal(t, "Make", symbol.Symbol)
				require.Same(t, old, mustLoad(t, l, "m"))
				require.NoError(t, call())
				kept := 0
				for _, kind := range r.Kinds() {
					require.NotEqual(t, "Failed", kind)
					if kind == "Kept" {
						kept++
					}
				}
				require.Equal(t, 1, kept)
				_, err = l.Reload(t.Context(), "m")
				require.ErrorAs(t, err, &lost)

				values["Make"] = make1
				fresh, err := l.Reload(t.Context(), "m")
				require.NoError(t, err)
				require.Same(t, fresh, mustLoad(t, l, "m"))
				require.NoError(t, call())
			})
		}
	}
}

// What nobody uses, or could not be used before, keeps nothing.
func TestReloadLosesWhatNobodyUses(t *testing.T) {
	t.Parallel()
	values := plain{"Make": func(s string) string { return s }, "Gone": func() int { return 1 }}
	l := newLoader(t, &world{modules: map[string]fake{"m": {}, "n": {}}}, func(c *load.Config) { c.Engines = []engine.Engine{values} })
	mustLoad(t, l, "m")
	kept := load.Lazy[func(string) string](l, "m", "Make")
	wrong := load.Lazy[func(int) int](l, "m", "Make") // never fitted
	elsewhere := load.Lazy[func() int](l, "n", "Gone")
	func() {
		dropped := load.Lazy[func() int](l, "m", "Gone")
		require.Equal(t, 1, dropped.Get()())
	}()
	delete(values, "Gone")
	require.Eventually(t, func() bool {
		runtime.GC()
		_, err := l.Reload(t.Context(), "m")
		return err == nil
	}, 30*time.Second, time.Millisecond, "a reload without the reference that was dropped")
	require.Equal(t, "x", kept.Get()("x"))
	runtime.KeepAlive(wrong)
	runtime.KeepAlive(elsewhere)
}

// All that is lost is told at once.
func TestReloadTellsAllThatIsLost(t *testing.T) {
	t.Parallel()
	values := plain{"A": func() int { return 1 }, "B": func() int { return 2 }}
	l := plainLoader(t, values)
	mustLoad(t, l, "m")
	a, b := load.Lazy[func() int](l, "m", "A"), load.Lazy[func() int](l, "m", "B")
	again := load.Lazy[func() int](l, "m", "B")
	delete(values, "A")
	delete(values, "B")
	values["BB"] = 1
	_, err := l.Reload(t.Context(), "m")
	assert.EqualError(t, err, "reload m: the program uses what no longer binds\n\tm has no symbol A; did you mean Make?\n\tm has no symbol B; did you mean Make?\n\tthe module that runs stays")
	require.Equal(t, 6, a.Get()()+b.Get()()+again.Get()()+1)
}

// After a reload a reference has the new function at once: nobody has to bind it first.
func TestReferencesTurnWithTheReload(t *testing.T) {
	t.Parallel()
	values := plain{"N": func() int { return 1 }}
	l := plainLoader(t, values)
	r := load.Lazy[func() int](l, "m", "N")
	require.Equal(t, 1, r.Get()())
	values["N"] = func() int { return 2 }
	_, err := l.Reload(t.Context(), "m")
	require.NoError(t, err)
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errBroken) // so that nothing could be loaded
	f, err := r.Load(ctx)
	require.NoError(t, err)
	require.Equal(t, 2, f())
}

func TestIdleTimeout(t *testing.T) {
	t.Parallel()
	idle := func(c *load.Config) { c.IdleTimeout = 20 * time.Millisecond }
	gone := func(l *load.Loader) func() bool { return func() bool { return len(names(l)) == 0 } }
	t.Run("a reference loads it again", func(t *testing.T) {
		t.Parallel()
		var r loadtest.Events
		w := &world{modules: map[string]fake{"m": {}}}
		l := newLoader(t, w, idle, func(c *load.Config) {
			c.Engines, c.Events = []engine.Engine{plain{"N": func() int { return 1 }}}, r.Sink
		})
		ref := load.Lazy[func() int](l, "m", "N")
		for range 3 {
			require.Equal(t, 1, ref.Get()())
			require.Eventually(t, gone(l), 30*time.Second, time.Millisecond, "the unload")
		}
		require.Eventually(t, func() bool {
			return slices.Contains(r.All(), load.Event(event.Unloaded{Name: "m", Why: "not used for 20ms (Config.IdleTimeout)"}))
		}, 30*time.Second, time.Millisecond, "the event")
	})
	t.Run("what imports goes before what is imported", func(t *testing.T) {
		t.Parallel()
		w := &world{modules: map[string]fake{"app": {imports: []string{"lib"}}, "lib": {}}}
		l := newLoader(t, w, idle)
		mustLoad(t, l, "app")
		require.Eventually(t, gone(l), 30*time.Second, time.Millisecond, "the unload")
		require.Eventually(t, func() bool { return w.live() == 0 }, 30*time.Second, time.Millisecond, "the end of both")
	})
	// What is held keeps its module, which the end of another one proves that was used later.
	held := map[string]func(t *testing.T, w *world, m *load.Module) (letGo func()){
		"a call": func(t *testing.T, w *world, m *load.Module) func() {
			started, release, done := make(chan struct{}), make(chan struct{}), make(chan error, 1)
			w.instances[0].run = func() { close(started); <-release }
			go func() { _, err := m.Call(context.Background(), "F"); done <- err }()
			<-started
			return func() { close(release); require.NoError(t, <-done) }
		},
		"an object": func(t *testing.T, w *world, m *load.Module) func() {
			return engine.NewObject(&counted{in: w.instances[0]}).Close
		},
		"a pin": func(t *testing.T, w *world, m *load.Module) func() { return m.Pin() },
		"a host's value": func(t *testing.T, w *world, m *load.Module) func() {
			w.instances[0].holds.Store(true)
			return func() { w.instances[0].holds.Store(false) }
		},
	}
	for what, hold := range held {
		t.Run(what+" keeps it", func(t *testing.T) {
			t.Parallel()
			w := &world{modules: map[string]fake{"m": {}, "later": {}}}
			l := newLoader(t, w, idle)
			letGo := hold(t, w, mustLoad(t, l, "m"))
			mustLoad(t, l, "later")
			require.Eventually(t, func() bool { return len(names(l)) == 1 }, 30*time.Second, time.Millisecond, "the end of the other")
			require.Equal(t, []string{"m"}, names(l))
			letGo()
			require.Eventually(t, gone(l), 30*time.Second, time.Millisecond, "the unload")
		})
	}
	_, err := load.New(load.Config{IdleTimeout: -1})
	assert.EqualError(t, err, "Config.IdleTimeout: -1ns is less than nothing; 0 keeps modules")
}

// Each kind of use counts, and a look at the statistics does not.
func TestLastUsed(t *testing.T) {
	t.Parallel()
	w := &world{modules: map[string]fake{"m": {}}}
	l := newLoader(t, w)
	start := time.Now()
	m := mustLoad(t, l, "m")
	last := m.Stats().LastUsed
	require.False(t, last.Before(start))
	require.Equal(t, last, m.Stats().LastUsed)
	require.Equal(t, last, l.Info().Modules[0].Stats.LastUsed)
	for what, use := range map[string]func(){
		"a look-up": func() { mustLoad(t, l, "m") },
		"a call":    func() { _, _ = m.Call(t.Context(), "F") },
		"a bind":    func() { _, _ = load.Value[int](m, "X") },
	} {
		before := time.Now()
		use()
		last := m.Stats().LastUsed
		require.Falsef(t, last.Before(before), "%s", what)
		require.Equal(t, last, m.Stats().LastUsed, what)
	}
}
