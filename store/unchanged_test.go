package store_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"golang.org/x/mod/sumdb/dirhash"

	"github.com/loadgo/load/store"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestCheckTree: a file that was changed, added, removed or replaced by something else is found,
// from wherever in the tree one looks. A directory of somebody else's is nobody's promise.
func TestCheckTree(t *testing.T) {
	t.Parallel()
	for what, change := range map[string]func(tree string) error{
		"as it is": nil,
		"changed": func(tree string) error {
			return os.WriteFile(filepath.Join(tree, "sub", "a.star"), []byte("x = 2"), 0o600)
		},
		"added":   func(tree string) error { return os.WriteFile(filepath.Join(tree, "sub", "b.star"), nil, 0o600) },
		"removed": func(tree string) error { return os.Remove(filepath.Join(tree, "sub", "a.star")) },
		"a link":  func(tree string) error { return os.Symlink("/etc/passwd", filepath.Join(tree, "link")) },
		"a pipe":  func(tree string) error { return exec.Command("mkfifo", filepath.Join(tree, "pipe")).Run() },
	} {
		s := open(t)
		temp, remove, err := s.Temp("tree")
		require.NoError(t, err)
		defer remove()
		require.NoError(t, errors.Join(os.MkdirAll(filepath.Join(temp, "tree", "sub"), 0o700), os.WriteFile(filepath.Join(temp, "tree", "sub", "a.star"), []byte("x = 1"), 0o600)))
		sum, err := dirhash.HashDir(filepath.Join(temp, "tree"), "", dirhash.Hash1)
		require.NoError(t, err)
		tree, err := s.PutSource(t.Context(), filepath.Join(temp, "tree"), sum)
		require.NoError(t, err)
		if change != nil {
			for _, name := range []string{tree, filepath.Join(tree, "sub"), filepath.Join(tree, "sub", "a.star")} {
				require.NoError(t, os.Chmod(name, 0o700))
			}
			if err := change(tree); err != nil {
				t.Logf("%s: %v", what, err)
				continue
			}
		}
		for _, dir := range []string{tree, filepath.Join(tree, "sub")} {
			err := s.CheckTree(dir)
			var changed *store.ChangedError
			found := errors.As(err, &changed)
			assert.Equalf(t, change != nil, found, "%s: %v", what, err)
			assert.Falsef(t, found && changed.Want != sum, "%s: %v", what, err)
		}
		assert.NoError(t, s.CheckTree(t.TempDir()))
	}
}
