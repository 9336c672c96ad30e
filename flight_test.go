package load_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/loadgo/load"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestOneLoadForAll(t *testing.T) {
	t.Parallel()
	w := &world{modules: map[string]fake{"x": {version: "v1.0.0"}, "x@v1.0.0": {version: "v1.0.0"}}}
	l := newLoader(t, w)
	var wg sync.WaitGroup
	for i := range 64 {
		wg.Go(func() { mustLoad(t, l, []string{"x", "x@v1.0.0", "a=x"}[i%3]) })
	}
	wg.Wait()
	assert.Equal(t, 1, w.opens("x@v1.0.0"))
}

func TestFailedLoadIsForgotten(t *testing.T) {
	t.Parallel()
	broken := atomic.Bool{}
	broken.Store(true)
	w := &world{modules: map[string]fake{"x": {open: func(context.Context) error {
		if broken.Load() {
			return errBroken
		}
		return nil
	}}}}
	l := newLoader(t, w)
	_, err := l.Load(t.Context(), "x")
	assert.EqualError(t, err, "load x: it is broken")
	assert.ErrorIs(t, err, errBroken)
	broken.Store(false)
	mustLoad(t, l, "x")
}

// A caller that gives up does not fail the others; when the last has gone, the load is cancelled.
func TestCancel(t *testing.T) {
	t.Parallel()
	started, release, cancelled := make(chan struct{}, 2), make(chan struct{}), make(chan error, 1)
	w := &world{modules: map[string]fake{
		"x": {open: func(ctx context.Context) error {
			started <- struct{}{}
			select {
			case <-release:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}},
		"endless": {open: func(ctx context.Context) error {
			started <- struct{}{}
			<-ctx.Done()
			cancelled <- context.Cause(ctx)
			return &load.InitError{Reason: "its initialisation did not end in time", Err: ctx.Err()}
		}},
	}}
	l := newLoader(t, w)
	first, giveUp := context.WithCancel(t.Context())
	errs := make(chan error, 2)
	go func() { _, err := l.Load(first, "x"); errs <- err }()
	<-started
	patient := make(chan *load.Module)
	go func() { patient <- mustLoad(t, l, "x") }()
	for w := 0; w < 2; { // until both wait
		w = load.Waiters(l, "x")
		runtime.Gosched()
	}
	giveUp()
	assert.EqualError(t, <-errs, "load x: context canceled")
	close(release)
	require.NotNilf(t, <-patient, "the patient caller's load was disturbed: opened %d times", w.opens("x@"))
	assert.Equalf(t, 1, w.opens("x@"), "the patient caller's load was disturbed: opened %d times", w.opens("x@"))

	ctx, cancel := context.WithCancelCause(t.Context())
	go func() { _, err := l.Load(ctx, "endless"); errs <- err }()
	<-started
	stop := errors.New("stop")
	cancel(stop)
	err := <-errs
	var init *load.InitError
	assert.ErrorIs(t, err, stop)
	assert.ErrorAs(t, err, &init)
	assert.ErrorIs(t, <-cancelled, stop)

	_, err = l.Load(ctx, "x2")
	assert.EqualError(t, err, "load x2: stop")
}

// A load that everyone left and that ends well all the same leaves no module behind.
func TestAbandonedModuleIsClosed(t *testing.T) {
	t.Parallel()
	started := make(chan struct{})
	w := &world{modules: map[string]fake{"x": {open: func(ctx context.Context) error {
		close(started)
		<-ctx.Done()
		return nil
	}}}}
	l := newLoader(t, w)
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	failed := make(chan error)
	go func() { _, err := l.Load(ctx, "x"); failed <- err }()
	<-started
	cancel()
	assert.EqualError(t, <-failed, "load x: context canceled")
	assert.Equal(t, int32(1), w.instances[0].closed.Load())
	assert.Empty(t, names(l))
}

func TestPanicIsAnError(t *testing.T) {
	t.Parallel()
	w := &world{modules: map[string]fake{
		"panics": {open: func(context.Context) error { panic("oh") }},
		"exits":  {open: func(context.Context) error { runtime.Goexit(); return nil }},
	}}
	l := newLoader(t, w)
	for range 2 {
		_, err := l.Load(t.Context(), "panics")
		var internal *load.InternalError
		require.ErrorAs(t, err, &internal)
		assert.Equal(t, "oh", internal.Value)
		assert.Contains(t, internal.Stack, "flight_test.go")
		_, err = l.Load(t.Context(), "exits")
		assert.EqualError(t, err, "load exits: internal error: the goroutine of the load ended")
	}
}

func TestImports(t *testing.T) {
	t.Parallel()
	w := &world{modules: map[string]fake{
		"app": {imports: []string{"lib"}}, "lib": {imports: []string{"base", "gone"}}, "base": {},
		"a": {imports: []string{"b"}}, "b": {imports: []string{"c"}}, "c": {imports: []string{"a"}},
		"self": {imports: []string{"self"}}, "entry": {imports: []string{"a"}},
		"bad": {imports: []string{""}},
	}}
	l := newLoader(t, w)
	for name, want := range map[string]string{
		"app":   "load app → lib → gone: not found\n\tworld: the world has no gone\n\tset Config.Installers to one that installs such names",
		"a":     "load a: import cycle: a → b → c → a",
		"entry": "load entry → a: import cycle: a → b → c → a",
		"self":  "load self: import cycle: self → self",
		"bad":   `load bad → "": invalid module name: it is empty`,
	} {
		_, err := l.Load(t.Context(), name)
		var cycle *load.CycleError
		assert.Equal(t, strings.Contains(want, "cycle"), errors.As(err, &cycle), name)
		assert.EqualError(t, err, want)
	}
	mustLoad(t, l, "base")
}

func TestLoadAll(t *testing.T) {
	t.Parallel()
	l := newLoader(t, &world{modules: map[string]fake{"x": {}, "y": {open: func(context.Context) error { return errBroken }}, "z": {}}})
	modules, err := l.LoadAll(t.Context(), "z", "y", "x", "-")
	assert.EqualError(t, err, "load y: it is broken\nload -: invalid module name: it starts with \"-\"")
	require.Len(t, modules, 4)
	assert.Equal(t, "z", modules[0].Name())
	require.Nil(t, modules[1])
	assert.Equal(t, "x", modules[2].Name())
	assert.Nil(t, modules[3])
}

// TestHammerCycles loads random import graphs from many goroutines at once. Nothing may hang; a
// name from which a cycle can be reached fails with it, every other one loads.
func TestHammerCycles(t *testing.T) {
	t.Parallel()
	rounds := 300
	if testing.Short() {
		rounds = 50
	}
	for round := range rounds {
		random := rand.New(rand.NewPCG(uint64(round), 1))
		n := 2 + random.IntN(8)
		w := &world{modules: make(map[string]fake)}
		graph := make([][]int, n)
		name := func(i int) string { return fmt.Sprintf("m%d", i) }
		for i := range n {
			m := fake{parallel: random.IntN(2) == 0}
			for range random.IntN(3) {
				to := random.IntN(n)
				graph[i] = append(graph[i], to)
				asked := name(to)
				if random.IntN(3) == 0 {
					asked = "other/" + asked // another name of the same module
				}
				m.imports = append(m.imports, asked)
			}
			m.canonical = name(i)
			w.modules[name(i)], w.modules["other/"+name(i)] = m, m
		}
		cyclic := reachCycle(graph)
		l := newLoader(t, w)
		var wg sync.WaitGroup
		for i := range n {
			for _, asked := range []string{name(i), "other/" + name(i), name(i)} {
				wg.Go(func() {
					m, err := l.Load(t.Context(), asked)
					var cycle *load.CycleError
					switch {
					case cyclic[i] && !errors.As(err, &cycle):
						t.Errorf("round %d: %s reaches a cycle: module %v, error %v; graph %v", round, asked, m, err, graph)
					case !cyclic[i] && err != nil:
						t.Errorf("round %d: %v; graph %v", round, err, graph)
					}
				})
			}
		}
		wg.Wait()
		for i := range n {
			opens := w.opens(name(i) + "@")
			assert.Falsef(t, !cyclic[i] && opens != 1, "round %d: %s was opened %d times; graph %v", round, name(i), opens, graph)
		}
	}
}

// reachCycle tells of each node whether a cycle can be reached from it.
func reachCycle(graph [][]int) []bool {
	reach := make([]map[int]bool, len(graph))
	for i := range graph {
		reach[i] = make(map[int]bool)
		var walk func(int)
		walk = func(j int) {
			for _, to := range graph[j] {
				if !reach[i][to] {
					reach[i][to] = true
					walk(to)
				}
			}
		}
		walk(i)
	}
	cyclic := make([]bool, len(graph))
	for i := range graph {
		cyclic[i] = reach[i][i]
		for j := range reach[i] {
			cyclic[i] = cyclic[i] || reach[j][j]
		}
	}
	return cyclic
}

// TestHammerCache loads, unloads, crashes and cancels at once; -race and the counts judge.
func TestHammerCache(t *testing.T) {
	t.Parallel()
	w := &world{modules: map[string]fake{"x": {imports: []string{"y"}}, "y": {}, "z": {canonical: "x", imports: []string{"y"}}}}
	l := newLoader(t, w)
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			random := rand.New(rand.NewPCG(uint64(g), 2))
			for range 300 {
				name := []string{"x", "y", "z"}[random.IntN(3)]
				switch random.IntN(6) {
				case 0:
					_, err := l.Unload(t.Context(), name)
					var inUse *load.InUseError
					assert.False(t, err != nil && !errors.Is(err, load.ErrNotLoaded) && !errors.As(err, &inUse), err)
				case 1:
					w.mu.Lock()
					if len(w.instances) > 0 {
						w.instances[random.IntN(len(w.instances))].kill("killed")
					}
					w.mu.Unlock()
				case 2:
					ctx, cancel := context.WithCancel(t.Context())
					go cancel()
					_, err := l.Load(ctx, name)
					assert.False(t, err != nil && !errors.Is(err, context.Canceled), err)
				default:
					mustLoad(t, l, name)
				}
			}
		})
	}
	wg.Wait()
	require.NoError(t, l.Close(t.Context()))
	for i, in := range w.instances {
		assert.Falsef(t, in.closed.Load() == 0 && in.crash.Load() == nil, "instance %d of %d was never closed", i, len(w.instances))
	}
}
