package goproxy_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/install"
	"github.com/loadgo/load/loadtest"
)

// TestLocalTooLarge: files of local packages that are larger than a build holds are refused before
// anybody reads them, wherever they lie.
func TestLocalTooLarge(t *testing.T) {
	t.Parallel()
	const (
		goMod = "module example.com/local\n\ngo 1.20\n"
		embed = "package local\n\nimport \"embed\"\n\n//go:embed large*\nvar F embed.FS\n"
	)
	for what, test := range map[string]struct {
		files  map[string]string
		module string
		large  map[string]int64
		want   string
	}{
		"embedded":                {map[string]string{"go.mod": goMod, "l.go": embed}, "example.com/local", map[string]int64{"large": 1 << 40}, "large"},
		"embedded, several":       {map[string]string{"go.mod": goMod, "l.go": embed}, "example.com/local", map[string]int64{"large1": 1, "large2": 1 << 30}, "large2"},
		"embedded without go.mod": {map[string]string{"l.go": embed}, "", map[string]int64{"large": 1 << 40}, "large"},
		"an object file":          {map[string]string{"go.mod": goMod, "l.go": "package local\n"}, "example.com/local", map[string]int64{"large.syso": 1 << 40}, "large.syso"},
		"a Go file":               {map[string]string{"go.mod": goMod, "l.go": "package local\n\nimport _ \"embed\"\n"}, "example.com/local", map[string]int64{"l.go": 1 << 40}, "l.go"},
		"of a replaced module": {
			map[string]string{
				"go.mod": goMod + "require example.com/other v1.0.0\nreplace example.com/other => ./other\n", "l.go": "package local\n\nimport _ \"example.com/other\"\n",
				"other/go.mod": "module example.com/other\n\ngo 1.20\n", "other/l.go": embed,
			}, "example.com/local", map[string]int64{"other/large": 1 << 40}, "large",
		},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			for name, text := range test.files {
				require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o700))
				require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
			}
			for name, size := range test.large {
				f, err := os.OpenFile(filepath.Join(dir, name), os.O_CREATE|os.O_WRONLY, 0o600)
				require.NoError(t, err)
				require.NoError(t, f.Close())
				if err := os.Truncate(filepath.Join(dir, name), size); err != nil {
					t.Skip("the file system has no sparse files of that size: ", err)
				}
			}
			in := offline(loadtest.Proxy(t, modules))
			_, err := in.Complete(t.Context(), &install.Session{Store: loadtest.OpenStore(t)}, local(dir, test.module))
			var refused *engine.CompileError
			require.ErrorAs(t, err, &refused)
			assert.Equal(t, "with "+test.want+", its files are larger than 1GiB together, of which each counts for 1KiB at least", refused.Reason)
		})
	}
}

// TestLocalCancelled: the end of the context ends the summing of local files.
func TestLocalCancelled(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "l.go"), []byte("package local\n"), 0o600))
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(assert.AnError)
	_, err := offline(loadtest.Proxy(t, modules)).Complete(ctx, &install.Session{Store: loadtest.OpenStore(t)}, local(dir, ""))
	assert.ErrorIs(t, err, assert.AnError)
}
