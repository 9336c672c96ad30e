//go:build unix

package dir_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/find"
	"github.com/loadgo/load/find/dir"
)

// TestUnreadable: a directory that cannot be looked into has nothing to say; what is in one that
// merely cannot be listed is found by its name.
func TestUnreadable(t *testing.T) {
	t.Parallel()
	if os.Geteuid() == 0 {
		t.Skip("the superuser may look into every directory")
	}
	root := t.TempDir()
	write(t, filepath.Join(root, "rules/tax.go"), "package rules\n")
	write(t, filepath.Join(root, "go.mod"), "module example.com/m\n")
	old := time.Now().Add(-time.Hour)
	require.NoError(t, os.Chtimes(root, old, old))
	look := func(mode os.FileMode, name string) (*find.Spec, error) {
		require.NoError(t, os.Chmod(root, mode))
		t.Cleanup(func() { os.Chmod(root, 0o755) })
		parsed, err := find.ParseName(name)
		require.NoError(t, err)
		return dir.New(root).Find(t.Context(), parsed)
	}
	spec, err := look(0o100, "rules")
	require.NoError(t, err)
	assert.Equal(t, filepath.Join(root, "rules"), spec.Source.Dir)
	for _, name := range []string{"strings", "rules", "example.com/m/rules", "github.com/a/b"} {
		_, err = look(0, name)
		require.ErrorIs(t, err, find.ErrNotFound, name)
		assert.EqualError(t, errors.Unwrap(err), find.ErrNotFound.Error())
		assert.Contains(t, err.Error(), "it cannot be looked into: permission denied", name)
	}
	_, err = look(0o100, "strings")
	assert.ErrorIs(t, err, find.ErrNotFound)
}
