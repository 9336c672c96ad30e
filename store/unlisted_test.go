package store_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/store"
)

// Verify reports what no record leads to, and leaves it where it is.
func TestUnlisted(t *testing.T) {
	t.Parallel()
	s, err := store.Open(filepath.Join(t.TempDir(), "store"))
	require.NoError(t, err)
	key := store.Key("a")
	_, _, err = s.Artifact(t.Context(), key, func(_ context.Context, dir string) error {
		return os.WriteFile(filepath.Join(dir, "program"), []byte("x"), 0o600)
	})
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(s.Dir(), store.HistoryName), []byte("1 + 1\n"), 0o600))
	report, err := s.Verify(t.Context())
	require.NoError(t, err)
	assert.Empty(t, report.Unlisted)
	stray := []string{
		"mod/example.com/a@v1.0.0", "mod/example.com/file.go", "mod/github.com/!bad!!@v1.0.0", "obj/none", "sources/readme.txt", "src/zz",
		"stray", "stray.txt", "releases.json.txt", "installed/1/linux_amd64/example.com/a/@v/note.txt", "installed/1/linux_amd64/x.go", "installed/file.txt",
		"mod/cache/vcs", "mod/cache/download/file.txt", "mod/cache/download/example.com/a/@v/v1.0.0.txt", "mod/cache/download/example.com/a/@v/v1.0.0.zip",
		"mod/cache/download/example.com/a/@v/v1.0.0.dirs", "mod/cache/download/github.com/!!a/@v/v1.0.0.ziphash", "mod/cache/download/example.com/a/@v/list",
	}
	for _, name := range stray {
		require.NoError(t, os.MkdirAll(filepath.Join(s.Dir(), filepath.Dir(name)), 0o700))
		if ext := filepath.Ext(name); ext != "" && ext != ".0" && !strings.HasSuffix(name, "@v1.0.0") || filepath.Base(name) == "list" {
			require.NoError(t, os.WriteFile(filepath.Join(s.Dir(), name), []byte("x"), 0o600))
		} else {
			require.NoError(t, os.MkdirAll(filepath.Join(s.Dir(), name), 0o700))
		}
	}
	extra := filepath.Join(s.Dir(), "obj", key, "extra")
	require.NoError(t, os.Chmod(filepath.Dir(extra), 0o700))
	require.NoError(t, os.WriteFile(extra, []byte("x"), 0o600))
	stray = append(stray, "obj/"+key+"/extra")
	report, err = s.Verify(t.Context())
	require.NoError(t, err)
	assert.ElementsMatch(t, stray, report.Unlisted)
	assert.Empty(t, report.Damaged)
	assert.DirExists(t, filepath.Join(s.Dir(), "obj/none"))
}
