package modzip

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/mod/module"
)

// TestEnds: a zip of many files, which take minutes on a slow disk, does not outlast the context.
func TestEnds(t *testing.T) {
	t.Parallel()
	m := module.Version{Path: "example.com/m", Version: "v1.0.0"}
	f, err := os.Create(filepath.Join(t.TempDir(), "zip"))
	require.NoError(t, err)
	defer f.Close()
	w := zip.NewWriter(f)
	for i := range 100 {
		_, err := w.Create(fmt.Sprintf("%s/d%d/x", m, i))
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	why := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(why)

	dir := t.TempDir()
	_, err = Extract(ctx, f, m, dir)
	require.ErrorIs(t, err, why)
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Empty(t, entries)

	_, err = Extract(t.Context(), f, m, dir)
	require.NoError(t, err)
	require.ErrorIs(t, Protect(ctx, dir), why)
	assert.NoError(t, Sync(t.Context(), dir))
}
