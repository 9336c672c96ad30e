package starlark_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load"
	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/engine/starlark"
)

// A host may call a script's function on any goroutine, also while the run goes on that gave it the
// function. Each of these wrote, on two goroutines, what nothing guards in the interpreter: tables,
// lists and variables (go test -race).
func TestFunctionsOfARunThatGoesOn(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"globals": `
load("host", "each")
d, l = {}, []
def g():
    for i in range(1000):
        d[i] = i
        l.append(i)
    for i in range(1000): d.pop(i)
each(g)
size = len(l)
`,
		"variable": `
load("host", "later", "wait")
def f():
    x = 1
    def g(): return len([x, str(x)])
    later(g)
    for i in range(20000):
        x = "a"
        x = [i]
    wait()
    return 4000
size = f()
`,
		"through_another": `
load("host", "keep", "through")
load("other", "call")
d = {}
def g():
    for i in range(500): d[i] = i
    for i in range(500): d.pop(i)
    return g
keep(g)
through(call)
size = 4000
`,
		"closures": `
load("host", "each")
def f():
    def g():
        x = 1
        def h(): return x
        each(h)
        x = []
        each(h)
    each(g)
    return 4000
size = f()
`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, starlark.Config{}, map[string]string{"m.star": text, "other.star": "def call(f): return f()\n"})
			var running sync.WaitGroup
			var kept *load.Object
			require.NoError(t, w.Loader.Register("host", map[string]any{
				"each": func(ctx context.Context, f func(context.Context) error) error {
					var all sync.WaitGroup
					errs := make(chan error, 4)
					for range 4 {
						all.Go(func() { errs <- f(ctx) })
					}
					all.Wait()
					for range 4 {
						if err := <-errs; err != nil {
							return err
						}
					}
					return nil
				},
				"later": func(f func() (int, error)) {
					for range 2 {
						running.Go(func() {
							for range 50 {
								n, err := f()
								assert.NoError(t, err)
								assert.Equal(t, 2, n)
							}
						})
					}
				},
				"wait": func() { running.Wait() },
				"keep": func(f *load.Object) { kept = f },
				"through": func(ctx context.Context, call func(context.Context, *load.Object) (any, error)) error {
					var all sync.WaitGroup
					for range 3 {
						all.Go(func() {
							_, err := call(ctx, kept)
							assert.NoError(t, err)
						})
					}
					all.Wait()
					return nil
				},
			}))
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			m, err := w.Load(ctx, "m")
			require.NoError(t, err)
			size, err := load.Value[int](m, "size")
			require.NoError(t, err)
			assert.Equal(t, 4000, size)
		})
	}
}

// Functions that a host kept of a run that has ended run at once again: each waits for the other.
func TestFunctionsOfARunThatEnded(t *testing.T) {
	t.Parallel()
	w := newWorld(t, starlark.Config{}, map[string]string{"m.star": `
load("host", "keep", "meet")
x = [1]
def g():
    meet()
    return len(x)
keep(g)
`})
	var kept *engine.Object
	both := make(chan struct{})
	require.NoError(t, w.Loader.Register("host", map[string]any{
		"keep": func(f *engine.Object) { kept = f },
		"meet": func() {
			select {
			case both <- struct{}{}:
			case <-both:
			}
		},
	}))
	w.load(t, "m")
	var all sync.WaitGroup
	for range 2 {
		all.Go(func() {
			results, err := kept.Call(t.Context(), "")
			assert.NoError(t, err)
			assert.Equal(t, []any{1}, results)
		})
	}
	all.Wait()
}

// What waits for its turn ends with its context.
func TestTurnEnds(t *testing.T) {
	t.Parallel()
	w := newWorld(t, starlark.Config{Steps: 1 << 40}, map[string]string{"m.star": `
load("host", "call")
def g(): return 1
call(g)
for i in range(1000000000): pass
`})
	result := make(chan error, 1)
	require.NoError(t, w.Loader.Register("host", map[string]any{
		"call": func(f *engine.Object) {
			go func() {
				ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
				defer cancel()
				<-ctx.Done()
				_, err := f.Call(ctx, "")
				result <- err
			}()
		},
	}))
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := w.Load(ctx, "m")
		ended <- err
	}()
	assert.ErrorIs(t, <-result, context.DeadlineExceeded)
	cancel()
	assert.Error(t, <-ended)
}
