package load_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/loadgo/load"
	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/install"
	"github.com/loadgo/load/loadtest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestNamesOfOneModule(t *testing.T) {
	t.Parallel()
	here, err := os.Getwd()
	require.NoError(t, err)
	rules := filepath.Join(here, "rules")
	w := &world{modules: map[string]fake{
		"x":        {version: "v1.2.3"},
		"x@v1.2.3": {version: "v1.2.3"},
		"x@v1":     {version: "v1.2.3"},
		"x@v0.9.0": {version: "v0.9.0"},
		"./rules":  {canonical: rules},
		rules:      {canonical: rules},
		"taxes":    {canonical: rules},
	}}
	l := newLoader(t, w)
	x := mustLoad(t, l, "x")
	for _, name := range []string{"x", "x@v1.2.3", "x@v1", "first=x", "first"} {
		assert.Samef(t, x, mustLoad(t, l, name), "Load(%q) is another instance", name)
	}
	assert.NotSame(t, x, mustLoad(t, l, "x@v0.9.0"), "two versions share an instance")
	dir := mustLoad(t, l, "./rules")
	for _, name := range []string{rules, rules + "/", "taxes"} {
		assert.Samef(t, dir, mustLoad(t, l, name), "Load(%q) is another instance", name)
	}
	got, want := names(l), []string{rules, "x@v0.9.0", "x@v1.2.3"}
	assert.Equal(t, want, got)
	n := w.opens("x@v1.2.3")
	assert.Equalf(t, 1, n, "x@v1.2.3 was opened %d times", n)

	_, err = l.Load(t.Context(), "first=x@v0.9.0")
	assert.EqualError(t, err, "load first=x@v0.9.0: invalid module name: first is the name of x@v1.2.3 already")
}

// A module that imports another does not decide what others get by a name.
func TestImportsGiveNoNames(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"strings=evil", "x=evil@v1", "std=./evil", "evil=git::https://example.com/evil"} {
		alias, _, _ := strings.Cut(name, "=")
		w := &world{modules: map[string]fake{
			"a": {imports: []string{name}}, "evil": {}, "evil@v1": {version: "v1.0.0"}, "./evil": {canonical: "/evil"}, "git::https://example.com/evil": {},
			alias: {canonical: "the real one"},
		}}
		l := newLoader(t, w)
		_, err := l.Load(t.Context(), "a")
		assert.EqualError(t, err, "load a → "+name+": invalid module name: only the program gives names to modules: leave out \""+alias+"=\"")
		assert.Equal(t, "the real one", mustLoad(t, l, alias).Spec().Name)
		assert.NotNil(t, mustLoad(t, l, "own="+strings.TrimPrefix(name, alias+"=")), "the program may")
	}
}

// A version that was asked for does not answer for the name alone: the path does.
func TestVersionIsNotTheName(t *testing.T) {
	t.Parallel()
	l := newLoader(t, &world{modules: map[string]fake{"x": {version: "v2.0.0"}, "x@v1.0.0": {version: "v1.0.0"}}})
	mustLoad(t, l, "x@v1.0.0")
	assert.Equal(t, "v2.0.0", mustLoad(t, l, "x").Version())
}

func TestUnload(t *testing.T) {
	t.Parallel()
	w := &world{modules: map[string]fake{"x": {version: "v1.0.0"}}}
	var r loadtest.Events
	l := newLoader(t, w, func(c *load.Config) { c.Events = r.Sink })
	m := mustLoad(t, l, "alias=x")
	_, err := l.Unload(t.Context(), "x")
	require.NoError(t, err)
	_, err = l.Unload(t.Context(), "x")
	assert.EqualError(t, err, "unload x: module is not loaded")
	assert.ErrorIs(t, err, load.ErrNotLoaded)
	assert.Equal(t, int32(1), w.instances[0].closed.Load())
	_, err = m.Call(t.Context(), "F")
	assert.ErrorIs(t, err, load.ErrUnloaded, "call after unload")
	got := names(l)
	assert.Emptyf(t, got, "modules %q after unload", got)
	assert.NotSame(t, m, mustLoad(t, l, "x"), "an unloaded module was loaded")
	_, err = l.Load(t.Context(), "alias")
	assert.ErrorIs(t, err, load.ErrNotFound, "the alias of an unloaded module")
	assert.Contains(t, r.Kinds(), "Unloaded")
}

func TestCrashedModuleIsLoadedAfresh(t *testing.T) {
	t.Parallel()
	w := &world{modules: map[string]fake{"x": {version: "v1.0.0"}}}
	l := newLoader(t, w)
	m := mustLoad(t, l, "alias=x")
	w.instances[0].kill("exit status 2")
	got := names(l)
	assert.Emptyf(t, got, "modules %q after a crash", got)
	fresh := mustLoad(t, l, "x")
	assert.NotSame(t, m, fresh, "a crashed module was loaded")
	assert.Same(t, fresh, mustLoad(t, l, "x@v1.0.0"), "a crashed module was loaded")
	assert.Same(t, fresh, mustLoad(t, l, "alias=x"), "a crashed module was loaded")
	n := w.instances[0].closed.Load()
	assert.Equalf(t, int32(1), n, "the crashed instance was closed %d times", n)
}

func TestClose(t *testing.T) {
	t.Parallel()
	started, ended := make(chan struct{}), make(chan struct{})
	w := &world{modules: map[string]fake{
		"x": {},
		"slow": {open: func(ctx context.Context) error {
			defer close(ended)
			close(started)
			<-ctx.Done()
			return context.Cause(ctx)
		}},
	}}
	l := newLoader(t, w)
	mustLoad(t, l, "x")
	failed := make(chan error, 1)
	go func() {
		_, err := l.Load(context.Background(), "slow")
		failed <- err
	}()
	<-started
	require.NoError(t, l.Close(t.Context()))
	<-ended
	assert.EqualError(t, <-failed, "load slow: loader is closed")
	assert.Equal(t, int32(1), w.instances[0].closed.Load())
	_, err := l.Load(t.Context(), "x")
	assert.EqualError(t, err, "load x: loader is closed")
	assert.ErrorIs(t, err, load.ErrClosed)
}

var benchmarkName = "github.com/gosimple/slug" // a variable, as a caller's name is

// BenchmarkLoadCached measures a Load of a registered module against a bare look-up in a map behind
// an atomic pointer, by 1 and by 8 goroutines. ratio must stay below 1.5.
func BenchmarkLoadCached(b *testing.B) {
	w := &world{modules: map[string]fake{}}
	bare := map[string]*load.Module{}
	l := newLoader(b, w)
	for _, name := range []string{benchmarkName, "strings", "encoding/json", "github.com/google/uuid", "gorm.io/gorm", "rules/tax"} {
		w.modules[name] = fake{}
		bare[name] = mustLoad(b, l, name)
	}
	var p atomic.Pointer[map[string]*load.Module]
	p.Store(&bare)
	ctx := context.Background()
	require.Equal(b, float64(0), testing.AllocsPerRun(100, func() { l.Load(ctx, benchmarkName) }))
	yardstick := func(n int) {
		for range n {
			if (*p.Load())[benchmarkName] == nil {
				panic("missing")
			}
		}
	}
	loaded := func(n int) {
		for range n {
			if m, _ := l.Load(ctx, benchmarkName); m == nil {
				panic("missing")
			}
		}
	}
	for _, goroutines := range []int{1, 8} {
		b.Run(fmt.Sprintf("goroutines=%d", goroutines), func(b *testing.B) {
			// In turns and by the median, so that a busy machine slows both and an interruption
			// counts once.
			const turn = 1 << 14
			var took, ratio []float64
			for n := 0; n < b.N; n += turn {
				bare := together(goroutines, turn, yardstick)
				load := together(goroutines, turn, loaded)
				took = append(took, float64(load.Nanoseconds())/turn/float64(goroutines))
				ratio = append(ratio, float64(load)/float64(bare))
			}
			slices.Sort(took)
			slices.Sort(ratio)
			b.ReportMetric(took[len(took)/2], "ns/op")
			b.ReportMetric(ratio[len(ratio)/2], "ratio")
		})
	}
}

// together runs f(n) on as many goroutines and returns the time until the last is done.
func together(goroutines, n int, f func(n int)) time.Duration {
	start := time.Now()
	done := make(chan struct{}, goroutines)
	for range goroutines {
		go func() {
			f(n)
			done <- struct{}{}
		}()
	}
	for range goroutines {
		<-done
	}
	return time.Since(start)
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	w := &world{}
	for _, test := range []struct {
		config load.Config
		want   string
	}{
		{load.Config{Path: find.Path{nil}}, "Config.Path: it holds a nil finder"},
		{load.Config{Installers: []install.Installer{nil}}, "Config.Installers: it holds a nil installer"},
		{load.Config{Engines: []engine.Engine{nil}}, "Config.Engines: it holds a nil engine"},
		{load.Config{Engines: []engine.Engine{w, w}}, "Config.Engines: it holds two engines named fake"},
		{load.Config{Engines: []engine.Engine{w}, Engine: "wasm"}, `Config.Engine: there is no engine "wasm"; the engines are ["fake"]`},
	} {
		_, err := load.New(test.config)
		assert.EqualError(t, err, test.want)
	}
	l, err := load.New(load.Config{})
	require.NoError(t, err)
	_, err = l.Load(t.Context(), "strings")
	assert.EqualError(t, err, "load strings: not found\n\tset Config.Installers to one that installs such names")
	assert.NoError(t, l.Close(t.Context()))
}

// BenchmarkModuleCycle measures a load and an unload of a module that costs nothing by itself.
func BenchmarkModuleCycle(b *testing.B) {
	l := newLoader(b, &world{modules: map[string]fake{"x": {}}})
	for b.Loop() {
		mustLoad(b, l, "x")
		_, err := l.Unload(context.Background(), "x")
		require.NoError(b, err)
	}
}
