package standard_test

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load"
)

// TestUsedDuringTheCheck: what the program begins to use while a new instance is checked counts as
// what it used before: where it does not bind, the old instance stays, and where it does, it
// follows.
func TestUsedDuringTheCheck(t *testing.T) {
	t.Parallel()
	type get = func(context.Context) (int, error)
	kept := make(chan any, 10) // so that nothing of it is dropped
	uses := map[string]func(l *load.Loader, file string) (use func() (int, error), err error){
		"a reference": func(l *load.Loader, file string) (func() (int, error), error) {
			ref := load.Lazy[get](l, file, "Old")
			kept <- ref
			return func() (int, error) { return ref.Get()(context.Background()) }, nil
		},
		"LazyBind": func(l *load.Loader, file string) (func() (int, error), error) {
			var api struct{ Old get }
			kept <- &api
			return func() (int, error) { return api.Old(context.Background()) }, l.LazyBind(file, &api)
		},
		"a derived value": func(l *load.Loader, file string) (func() (int, error), error) {
			derived := load.Derive(l, file, func(_ context.Context, m *load.Module) (get, error) { return load.Func[get](m, "Old") })
			kept <- derived
			return func() (int, error) {
				f, err := derived.Get(context.Background())
				if err != nil {
					return 0, err
				}
				return f(context.Background())
			}, nil
		},
	}
	for name, begin := range uses {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := gardenLoader(t, load.Config{})
			file := filepath.Join(t.TempDir(), "m.star")
			replace(t, file, "def Old(): return 1\n")
			_, err := l.Load(t.Context(), file)
			require.NoError(t, err)
			var use func() (int, error)
			used := load.Check(func(context.Context, *load.Module) error {
				if use != nil {
					return nil
				}
				use, err = begin(l, file)
				require.NoError(t, err)
				n, err := use()
				assert.Equal(t, 1, n)
				return err
			})
			replace(t, file, "def New(): return 2\n")
			_, err = l.Reload(t.Context(), file, used)
			var unbound *load.UnboundError
			require.ErrorAs(t, err, &unbound)
			n, err := use()
			require.NoError(t, err)
			assert.Equal(t, 1, n)

			use = nil
			replace(t, file, "def Old(): return 3\n")
			_, err = l.Reload(t.Context(), file, used)
			require.NoError(t, err)
			n, err = use()
			require.NoError(t, err)
			assert.Equal(t, 3, n)
		})
	}
}
