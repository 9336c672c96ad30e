package loadtest

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/loadgo/load/find"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// FinderCases tell [TestFinder] what a finder knows.
type FinderCases struct {
	Found    []string // names that it answers; at least one
	NotFound []string // names that it passes on; at least one
	Refused  []string // names that end the search
	Dirs     []string // directories that finding must leave as they are
}

// TestFinder tests that a finder keeps the contract of [find.Finder]: its answers are complete and
// stay the same, what it does not know it passes on with a reason, it respects its context, it can
// be used by many goroutines (run it with -race), and it writes nothing. Make returns a fresh
// finder for each test.
func TestFinder(t *testing.T, make func(t *testing.T) (find.Finder, FinderCases)) {
	t.Run("found", func(t *testing.T) {
		finder, cases := make(t)
		require.NotEmpty(t, cases.Found, "no case for what the finder answers")
		for _, s := range cases.Found {
			first, err := finder.Find(t.Context(), Name(t, s))
			if !assert.NoError(t, err, s) {
				continue
			}
			checkSpec(t, s, first)
			again, err := finder.Find(t.Context(), Name(t, s))
			assert.NoErrorf(t, err, "%s: the answer changes\n first %+v\n then", s, first)
			assert.Equalf(t, again, first, "%s: the answer changes\n first %+v\n then", s, first)
		}
	})
	t.Run("not found", func(t *testing.T) {
		finder, cases := make(t)
		require.NotEmpty(t, cases.NotFound, "no case for what the finder does not know")
		for _, s := range cases.NotFound {
			spec, err := finder.Find(t.Context(), Name(t, s))
			if spec != nil || !errors.Is(err, find.ErrNotFound) {
				t.Errorf("%s: got %+v, %v, want an error that wraps ErrNotFound", s, spec, err)
				continue
			}
			reason, ok := strings.CutPrefix(err.Error(), find.ErrNotFound.Error()+": ")
			assert.Truef(t, ok, "%s: %q gives no reason as \"not found: why\"", s, err)
			assert.NotEmptyf(t, reason, "%s: %q gives no reason as \"not found: why\"", s, err)
		}
	})
	t.Run("refused", func(t *testing.T) {
		finder, cases := make(t)
		for _, s := range cases.Refused {
			spec, err := finder.Find(t.Context(), Name(t, s))
			assert.Nilf(t, spec, "%s: got %+v, %v, want an error that ends the search", s, spec, err)
			assert.Errorf(t, err, "%s: got %+v, %v, want an error that ends the search", s, spec, err)
			assert.NotErrorIsf(t, err, find.ErrNotFound, "%s: got %+v, %v, want an error that ends the search", s, spec, err)
		}
	})
	t.Run("cancelled", func(t *testing.T) {
		finder, cases := make(t)
		cause := errors.New("no longer wanted")
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(cause)
		for _, s := range append(cases.Found, cases.NotFound...) {
			_, err := finder.Find(ctx, Name(t, s))
			assert.Falsef(t, !errors.Is(err, cause) && !errors.Is(err, context.Canceled), "%s: %v, want the context's error", s, err)
		}
	})
	t.Run("concurrent", func(t *testing.T) {
		finder, cases := make(t)
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for _, s := range cases.Found {
					_, err := finder.Find(t.Context(), Name(t, s))
					assert.NoError(t, err)
				}
				for _, s := range cases.NotFound {
					_, err := finder.Find(t.Context(), Name(t, s))
					assert.ErrorIs(t, err, find.ErrNotFound)
				}
			})
		}
		wg.Wait()
	})
	t.Run("writes nothing", func(t *testing.T) {
		finder, cases := make(t)
		before := snapshot(t, cases.Dirs)
		for _, list := range [][]string{cases.Found, cases.NotFound, cases.Refused} {
			for _, s := range list {
				_, _ = finder.Find(t.Context(), Name(t, s))
			}
		}
		after := snapshot(t, cases.Dirs)
		for path := range after {
			assert.Equal(t, after[path], before[path])
		}
		for path := range before {
			_, ok := after[path]
			assert.Truef(t, ok, "%s is gone", path)
		}
	})
}

// checkSpec checks what every spec has.
func checkSpec(t *testing.T, name string, spec *find.Spec) {
	t.Helper()
	require.NotEmptyf(t, spec.Name, "%s: a spec needs a name, an origin, a reason and a kind", name)
	require.NotEmptyf(t, spec.Origin, "%s: a spec needs a name, an origin, a reason and a kind", name)
	require.NotEmptyf(t, spec.Why, "%s: a spec needs a name, an origin, a reason and a kind", name)
	assert.NotEqualValuesf(t, "", spec.Source.Kind, "%s: a spec needs a name, an origin, a reason and a kind", name)
	if spec.Source.Kind == find.KindBuiltin {
		assert.NotNilf(t, spec.Source.Host, "%s: nothing about the host's value", name)
	} else if spec.Source.FS == nil {
		t.Errorf("%s: no files", name)
	} else if _, err := fs.ReadDir(spec.Source.FS, "."); err != nil {
		t.Errorf("%s: %v", name, err)
	}
	dir := spec.Source.Dir
	assert.Falsef(t, dir != "" && !filepath.IsAbs(dir), "%s: the directory %s is relative", name, dir)
	assert.Falsef(t, spec.Source.Kind == find.KindGo && spec.Source.Go == nil, "%s: nothing about the Go package", name)
}

// snapshot describes every file below some directories.
func snapshot(t *testing.T, dirs []string) map[string]string {
	t.Helper()
	files := map[string]string{}
	for _, dir := range dirs {
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			info, err := d.Info()
			if err == nil {
				files[path] = info.Mode().String() + " " + info.ModTime().String()
			}
			return err
		})
		require.NoError(t, err)
	}
	return files
}
