package load_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/loadgo/load"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// deriveText makes the text that Make returns; it fails for an edition without Make.
func deriveText(l *load.Loader, made *atomic.Int32) load.Derived[string] {
	return load.Derive(l, "m", func(_ context.Context, m *load.Module) (string, error) {
		f, err := load.Func[edition](m, "Make")
		if err != nil {
			return "", err
		}
		made.Add(1)
		return f()
	})
}

// A value that was made of a module is made again of what takes its place, whichever way, or the
// module stays.
func TestDerivedFollows(t *testing.T) {
	t.Parallel()
	ways := map[string]func(t *testing.T, s *shelf, l *load.Loader){
		"reload": func(t *testing.T, _ *shelf, l *load.Loader) { _, _ = l.Reload(t.Context(), "m") },
	}
	for name, e := range endings {
		ways[name] = e.end
	}
	for way, end := range ways {
		for _, c := range []struct {
			name, edition, want string
			kept                int
		}{
			{"fits", "two", "two", 0},
			{"the constructor fails", "fails", "one", 1},
			{"the constructor panics", "panics", "one", 1},
			{"no constructor", "renamed", "one", 1},
			{"broken", "broken", "one", 1},
		} {
			t.Run(way+", "+c.name, func(t *testing.T) {
				t.Parallel()
				s, l, r := newShelf(t, func(c *load.Config) {
					if e, ok := endings[way]; ok {
						e.config(c)
					}
				})
				s.editions["fails"] = plain{"Make": func() (string, error) { return "", errBroken }}
				s.editions["panics"] = plain{"Make": func() (string, error) { panic("no") }}
				var made atomic.Int32
				d := deriveText(l, &made)
				require.Zero(t, made.Load(), "it is made when it is used")
				got, err := d.Get(t.Context())
				require.NoError(t, err)
				require.Equal(t, "one", got)
				s.turn(c.edition, "")
				end(t, s, l)
				got, err = d.Get(t.Context())
				require.NoError(t, err)
				require.Equal(t, c.want, got)
				require.Len(t, kept(r), c.kept)
			})
		}
	}
}

// Calls at once share what is made; a failure is no value, and the next call tries again.
func TestDerivedIsMadeOnce(t *testing.T) {
	t.Parallel()
	s, l, _ := newShelf(t)
	s.editions["fails"] = plain{"Make": func() (string, error) { return "", errBroken }}
	s.turn("fails", "")
	var made atomic.Int32
	d := deriveText(l, &made)
	_, err := d.Get(t.Context())
	require.ErrorIs(t, err, errBroken)
	s.turn("one", "")
	_, err = l.Reload(t.Context(), "m")
	require.NoError(t, err, "what was never made is no reason to keep anything")
	made.Store(0)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			got, err := d.Get(t.Context())
			assert.NoError(t, err)
			assert.Equal(t, "one", got)
		})
	}
	wg.Wait()
	require.Equal(t, int32(1), made.Load())
}
