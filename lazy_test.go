package load_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/loadgo/load"
	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/find"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// plainLoader makes a loader whose module "m" has the values.
func plainLoader(t testing.TB, values plain) *load.Loader {
	w := &world{modules: map[string]fake{"m": {}}}
	return newLoader(t, w, func(c *load.Config) { c.Engines = []engine.Engine{values} })
}

func TestLazy(t *testing.T) {
	t.Parallel()
	generation := 0
	l := plainLoader(t, plain{"Make": func(s string) string { return fmt.Sprint(s, generation) }, "Max": 7})
	ref := load.Lazy[func(string) string](l, "m", "Make")
	assert.Empty(t, names(l), "it loads too early")
	f := ref.Get()
	assert.Empty(t, names(l))
	assert.Equal(t, "x0", f("x"))
	assert.Equal(t, "y0", ref.Get()("y"))
	assert.Len(t, names(l), 1)
	_, err := l.Reload(t.Context(), "m")
	require.NoError(t, err)
	generation = 1
	assert.Equal(t, "z1", ref.Get()("z"))
	unload(t, l, "m")
	copied := ref
	assert.Equal(t, "z1", copied.Get()("z"))
	assert.Len(t, names(l), 1)
	f, err = ref.Load(t.Context())
	assert.NoError(t, err)
	assert.Equal(t, "a1", f("a"))
	defer func() {
		err, _ := recover().(error)
		assert.EqualError(t, err, "m: Max does not fit: load.Lazy takes a function type\n\twant: int\n\thave: func")
	}()
	load.Lazy[int](l, "m", "Max")
}

// What the first use meets is the function's own error, or a panic.
func TestLazyErrors(t *testing.T) {
	t.Parallel()
	l := plainLoader(t, plain{"Make": func(s string) string { return s }})
	_, err := load.Lazy[func(context.Context, string) (string, error)](l, "gone", "Make").Get()(t.Context(), "x")
	assert.ErrorIs(t, err, load.ErrNotFound)
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errBroken)
	_, err = load.Lazy[func(context.Context) (string, error)](l, "m", "Make").Get()(ctx)
	assert.EqualError(t, err, "load m: it is broken")
	_, err = load.Lazy[func() error](l, "m", "Mak").Load(t.Context())
	assert.EqualError(t, err, "m has no symbol Mak; did you mean Make?")
	defer func() {
		err, _ := recover().(error)
		assert.ErrorIs(t, err, load.ErrNotFound)
	}()
	load.Lazy[func(...string)](l, "gone", "Make").Get()("a", "b")
}

func TestLazyBind(t *testing.T) {
	t.Parallel()
	l := plainLoader(t, plain{"Make": func(s string) string { return s + "!" }, "Join": func(s ...string) int { return len(s) }})
	var api struct {
		Make  func(string) string
		Count func(...string) int `load:"Join"`
		Gone  func() error
	}
	require.NoError(t, l.LazyBind("m", &api))
	assert.Empty(t, names(l))
	assert.Equal(t, "x!", api.Make("x"))
	assert.Equal(t, 2, api.Count("a", "b"))
	assert.Len(t, names(l), 1)
	assert.EqualError(t, api.Gone(), "m has no symbol Gone; did you mean Make?")
	unload(t, l, "m")
	assert.Equal(t, "y!", api.Make("y"))
	var wrong struct{ Max int }
	assert.EqualError(t, l.LazyBind("m", &wrong), "field Max: m: Max does not fit: what is bound lazily has to be a function\n\twant: int\n\thave: func")
}

func TestSub(t *testing.T) {
	t.Parallel()
	w := &world{modules: map[string]fake{"x": {version: "v1.0.0"}, "x/cases": {version: "v2.0.0"}, "x/cases@v1.0.0": {version: "v1.0.0"}, "greet": {}, "greet/more": {}}}
	l := newLoader(t, w, func(c *load.Config) { c.Path = find.Path{inModule{w}} })
	cases, err := mustLoad(t, l, "x").Sub(t.Context(), "cases")
	require.NoError(t, err)
	assert.Equal(t, "x/cases", cases.Name())
	assert.Equal(t, "v1.0.0", cases.Version())
	more, err := mustLoad(t, l, "greet").Sub(t.Context(), "more")
	require.NoError(t, err)
	assert.Equal(t, "greet/more", more.Name())
	_, err = more.Sub(t.Context(), "../x")
	assert.EqualError(t, err, "load greet/more/../x: invalid module name: \"../x\" is no path below a module")
}

// inModule is a finder of packages of modules.
type inModule struct{ find.Finder }

func (f inModule) Find(ctx context.Context, name find.Name) (*load.Spec, error) {
	spec, err := f.Finder.Find(ctx, name)
	if spec != nil && spec.Version != "" {
		spec.Module = "x"
	}
	return spec, err
}

// TestHammerLazy uses references while their module is reloaded and unloaded.
func TestHammerLazy(t *testing.T) {
	t.Parallel()
	l := plainLoader(t, plain{"Make": func(s string) string { return s + "!" }})
	ref := load.Lazy[func(string) string](l, "m", "Make")
	var stop atomic.Bool
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for !stop.Load() {
				assert.Equal(t, "x!", ref.Get()("x"))
			}
		})
	}
	for i := range 200 {
		if i%2 == 0 {
			_, _ = l.Reload(t.Context(), "m")
		} else {
			_, _ = l.Unload(t.Context(), "m")
		}
	}
	stop.Store(true)
	wg.Wait()
}

// BenchmarkRef measures the use of a Ref after its module was loaded, against the load of an atomic
// pointer and the same call. ratio must stay below 2.
func BenchmarkRef(b *testing.B) {
	add := func(a, b int) int { return a + b }
	l := plainLoader(b, plain{"Add": add})
	ref := load.Lazy[func(int, int) int](l, "m", "Add")
	ref.Get()(1, 2)
	var p atomic.Pointer[func(int, int) int]
	p.Store(&add)
	yardstick := func(n int) {
		for i := range n {
			sum += (*p.Load())(i, 1)
		}
	}
	lazy := func(n int) {
		for i := range n {
			sum += ref.Get()(i, 1)
		}
	}
	const turn = 1 << 16
	var took, ratio []float64
	for n := 0; n < b.N; n += turn {
		bare := together(1, turn, yardstick)
		used := together(1, turn, lazy)
		took = append(took, float64(used.Nanoseconds())/turn)
		ratio = append(ratio, float64(used)/float64(bare))
	}
	slices.Sort(took)
	slices.Sort(ratio)
	b.ReportMetric(took[len(took)/2], "ns/op")
	b.ReportMetric(ratio[len(ratio)/2], "ratio")
}

var sum int
