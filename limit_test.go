package load_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/loadgo/load"
	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/event"
	"github.com/loadgo/load/loadtest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func limitedWorld() *world {
	w := &world{modules: map[string]fake{"app": {imports: []string{"lib"}}, "lib": {}}}
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		w.modules[name] = fake{}
	}
	return w
}

func maxModules(n int) func(*load.Config) { return func(c *load.Config) { c.MaxModules = n } }

// What was used last stays, whichever way it was used.
func TestMaxModules(t *testing.T) {
	t.Parallel()
	w := limitedWorld()
	var r loadtest.Events
	l := newLoader(t, w, maxModules(3), func(c *load.Config) { c.Events = r.Sink })
	a, _, _ := mustLoad(t, l, "a"), mustLoad(t, l, "b"), mustLoad(t, l, "c")
	_, err := a.Call(t.Context(), "F")
	require.NoError(t, err)
	mustLoad(t, l, "d")
	assert.Equal(t, []string{"a", "c", "d"}, names(l))
	mustLoad(t, l, "c") // the quick look-up counts as well
	mustLoad(t, l, "e")
	assert.Equal(t, []string{"c", "d", "e"}, names(l))
	require.Eventually(t, func() bool { return w.live() == 3 }, 30*time.Second, time.Millisecond, "the end of what was unloaded")
	unloaded := load.Event(event.Unloaded{Name: "b", Why: "more than 3 modules (Config.MaxModules)"})
	require.Eventually(t, func() bool { // it follows the end
		return slices.Contains(r.All(), unloaded)
	}, 30*time.Second, time.Millisecond, "the event of what was unloaded")
}

// What is in use stays, and the limit is exceeded.
func TestLimitsSpareWhatIsUsed(t *testing.T) {
	t.Parallel()
	w := limitedWorld()
	var r loadtest.Events
	l := newLoader(t, w, maxModules(1), func(c *load.Config) { c.Events = r.Sink })
	unpin := mustLoad(t, l, "a").Pin()
	mustLoad(t, l, "app")
	got := names(l)
	assert.Equal(t, []string{"a", "app", "lib"}, got, "pinned, imported, just loaded")
	o := engine.NewObject(&counted{in: w.instances[1]}) // of lib
	mustLoad(t, l, "b")
	got = names(l)
	assert.Equal(t, []string{"a", "b", "lib"}, got, "pinned, just loaded, with an object")
	assert.GreaterOrEqual(t, slices.Index(r.Kinds(), "Exceeded"), 0)
	o.Close()
	unpin()
	unpin()
	mustLoad(t, l, "c")
	assert.Equal(t, []string{"c"}, names(l))
}

func TestMemoryLimit(t *testing.T) {
	t.Parallel()
	l := newLoader(t, limitedWorld(), func(c *load.Config) { c.MemoryLimit = 2 << 20 }) // each has 1 MiB
	for _, name := range []string{"a", "b", "c"} {
		mustLoad(t, l, name)
	}
	assert.Equal(t, []string{"b", "c"}, names(l))
}

// A reference loads its module again after it was unloaded for a limit.
func TestRefAfterEviction(t *testing.T) {
	t.Parallel()
	w := &world{modules: map[string]fake{"m": {}, "n": {}}}
	l := newLoader(t, w, maxModules(1), func(c *load.Config) {
		c.Engines = []engine.Engine{plain{"Make": func(s string) string { return s + "!" }}}
	})
	for range 3 {
		for _, name := range []string{"m", "n"} {
			ref := load.Lazy[func(string) string](l, name, "Make")
			got := ref.Get()("x") + ref.Get()("y")
			assert.Equal(t, "x!y!", got)
			assert.Len(t, names(l), 1)
		}
	}
}

// TestHammerLimits loads, calls, pins and reloads more modules than there may be.
func TestHammerLimits(t *testing.T) {
	t.Parallel()
	w := limitedWorld()
	l := newLoader(t, w, maxModules(2))
	var wg sync.WaitGroup
	for g := range 6 {
		wg.Go(func() {
			random := rand.New(rand.NewPCG(uint64(g), 4))
			for range 100 {
				name := []string{"a", "b", "c", "app", "lib"}[random.IntN(5)]
				m := mustLoad(t, l, name)
				if random.IntN(4) == 0 {
					defer m.Pin()()
				}
				if random.IntN(8) == 0 {
					_, _ = l.Reload(t.Context(), name)
				}
				_, _ = m.Call(t.Context(), "F")
			}
		})
	}
	wg.Wait()
	require.NoError(t, l.Close(context.Background()))
	n := w.live()
	assert.Zero(t, n, fmt.Sprint(n, " instances were never closed"))
}
