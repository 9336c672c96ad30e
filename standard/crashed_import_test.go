package standard_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load"
	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/engine/goprocess"
	"github.com/loadgo/load/engine/gowasm"
	"github.com/loadgo/load/engine/starlark"
	"github.com/loadgo/load/event"
	"github.com/loadgo/load/loadtest"
)

const crashing = `package p

import "os"

func Get(n int) int { return n + 1 }

func End() error { os.Exit(3); return nil }
`

// TestScriptsSurviveCrashes: a script that imports a module goes on after a crash of that module,
// directly or by another script, in a reference, a function of LazyBind, a derived value and a
// load, on both engines. Nothing has to load the module again first.
func TestScriptsSurviveCrashes(t *testing.T) {
	t.Parallel()
	s := loadtest.OpenStore(t)
	for _, packages := range []engine.Engine{goprocess.New(goprocess.Config{}), gowasm.New(gowasm.Config{})} {
		t.Run(packages.Name(), func(t *testing.T) {
			t.Parallel()
			l := gardenLoader(t, load.Config{Store: s, Engines: []engine.Engine{packages, starlark.New(starlark.Config{})}})
			dir := t.TempDir()
			script, above := filepath.Join(dir, "script.star"), filepath.Join(dir, "above.star")
			replace(t, filepath.Join(dir, "p", "p.go"), crashing)
			replace(t, script, "load('./p', get = 'Get', end = 'End')\ndef Get(n): return get(n)\ndef End(): return end()\n")
			replace(t, above, "load('./script.star', get = 'Get')\ndef Get(n): return get(n)\n")
			type get = func(context.Context, int) (int, error)
			ref := load.Lazy[get](l, above, "Get")
			var api struct{ Get get }
			require.NoError(t, l.LazyBind(script, &api))
			derived := load.Derive(l, above, func(_ context.Context, m *load.Module) (get, error) { return load.Func[get](m, "Get") })
			for range 3 {
				for n, f := range []func() (int, error){
					func() (int, error) { return ref.Get()(t.Context(), 1) },
					func() (int, error) { return api.Get(t.Context(), 1) },
					func() (int, error) {
						f, err := derived.Get(t.Context())
						require.NoError(t, err)
						return f(t.Context(), 1)
					},
					func() (int, error) {
						m, err := l.Load(t.Context(), above)
						require.NoError(t, err)
						results, err := m.Call(t.Context(), "Get", 1)
						require.NoError(t, err)
						return results[0].(int), nil
					},
				} {
					got, err := f()
					require.NoError(t, err, n)
					assert.Equal(t, 2, got)
				}
				m, err := l.Load(t.Context(), script)
				require.NoError(t, err)
				_, err = m.Call(t.Context(), "End")
				require.ErrorIs(t, err, load.ErrCrashed)
			}
		})
	}
}

// TestReloadOfWhatEndsItself: a version that ends itself soon after each start keeps the old one,
// once and with the reason; nothing is tried for ever.
func TestReloadOfWhatEndsItself(t *testing.T) {
	t.Parallel()
	kept := make(chan error, 10)
	l := gardenLoader(t, load.Config{Events: func(e load.Event) {
		if k, ok := e.(event.Kept); ok {
			kept <- k.Err
		}
	}})
	dir := t.TempDir()
	file := filepath.Join(dir, "p.go")
	replace(t, file, crashing)
	m, err := l.Load(t.Context(), dir)
	require.NoError(t, err)
	ended := load.Check(func(ctx context.Context, m *load.Module) error {
		_, err := m.Call(ctx, "Get", 1)
		for ; err == nil; time.Sleep(time.Millisecond) {
			_, err = m.Call(ctx, "Get", 1)
		}
		return nil // as one that asks something else, and has not seen it
	})
	replace(t, file, crashing+"\nfunc init() { go func() { os.Exit(7) }() }\n")
	_, err = l.Reload(t.Context(), dir, ended)
	var failed *load.ReloadError
	require.ErrorAs(t, err, &failed)
	assert.ErrorContains(t, err, "exit status 7")
	assert.Equal(t, failed, <-kept)
	require.NoError(t, l.Watch(t.Context(), ended))
	assert.ErrorContains(t, <-kept, "exit status 7")
	results, err := m.Call(t.Context(), "Get", 1)
	require.NoError(t, err)
	assert.EqualValues(t, []any{2}, results)
}
