package load_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/loadgo/load"
	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/find"
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
	if len(names(l)) != 0 {
		t.Error("it loads too early")
	}
	f := ref.Get()
	if len(names(l)) != 0 {
		t.Error("Get loads")
	}
	if f("x") != "x0" || ref.Get()("y") != "y0" || len(names(l)) != 1 {
		t.Error("the calls")
	}
	if _, err := l.Reload(t.Context(), "m"); err != nil {
		t.Fatal(err)
	}
	generation = 1
	if ref.Get()("z") != "z1" {
		t.Error("after a reload")
	}
	unload(t, l, "m")
	if copied := ref; copied.Get()("z") != "z1" || len(names(l)) != 1 {
		t.Error("after an unload")
	}
	if f, err := ref.Load(t.Context()); err != nil || f("a") != "a1" {
		t.Error(err)
	}
	defer func() {
		err, _ := recover().(error)
		wantError(t, err, "m: Max does not fit: load.Lazy takes a function type\n\twant: int\n\thave: func")
	}()
	load.Lazy[int](l, "m", "Max")
}

// What the first use meets is the function's own error, or a panic.
func TestLazyErrors(t *testing.T) {
	t.Parallel()
	l := plainLoader(t, plain{"Make": func(s string) string { return s }})
	_, err := load.Lazy[func(context.Context, string) (string, error)](l, "gone", "Make").Get()(t.Context(), "x")
	if !errors.Is(err, load.ErrNotFound) {
		t.Error(err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errBroken)
	_, err = load.Lazy[func(context.Context) (string, error)](l, "m", "Make").Get()(ctx)
	wantError(t, err, "load m: it is broken")
	_, err = load.Lazy[func() error](l, "m", "Mak").Load(t.Context())
	wantError(t, err, "m has no symbol Mak; did you mean Make?")
	defer func() {
		err, _ := recover().(error)
		if !errors.Is(err, load.ErrNotFound) {
			t.Error(err)
		}
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
	if err := l.LazyBind("m", &api); err != nil {
		t.Fatal(err)
	}
	if len(names(l)) != 0 || api.Make("x") != "x!" || api.Count("a", "b") != 2 || len(names(l)) != 1 {
		t.Error("the functions")
	}
	wantError(t, api.Gone(), "m has no symbol Gone; did you mean Make?")
	unload(t, l, "m")
	if api.Make("y") != "y!" {
		t.Error("after an unload")
	}
	var wrong struct{ Max int }
	wantError(t, l.LazyBind("m", &wrong), "m: Max does not fit: what is bound lazily has to be a function\n\twant: int\n\thave: func")
}

func TestSub(t *testing.T) {
	t.Parallel()
	w := &world{modules: map[string]fake{"x": {version: "v1.0.0"}, "x/cases": {version: "v2.0.0"}, "x/cases@v1.0.0": {version: "v1.0.0"}, "greet": {}, "greet/more": {}}}
	l := newLoader(t, w, func(c *load.Config) { c.Path = find.Path{inModule{w}} })
	cases, err := mustLoad(t, l, "x").Sub(t.Context(), "cases")
	if err != nil || cases.Name() != "x/cases" || cases.Version() != "v1.0.0" {
		t.Error(cases, err)
	}
	more, err := mustLoad(t, l, "greet").Sub(t.Context(), "more")
	if err != nil || more.Name() != "greet/more" {
		t.Error(more, err)
	}
	_, err = more.Sub(t.Context(), "../x")
	wantError(t, err, "load greet/more/../x: invalid module name: \"../x\" is no path below a module")
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
				if got := ref.Get()("x"); got != "x!" {
					t.Errorf("got %q", got)
				}
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
// pointer and the same
// call. ratio must stay below 2.
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
