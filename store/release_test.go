package store_test

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/loadtest"
	"github.com/loadgo/load/store"
)

// TestReleases: the last one that compiled comes first, each is there once, and other processes
// see them.
func TestReleases(t *testing.T) {
	t.Parallel()
	dir := loadtest.TempDir(t)
	s, err := store.Open(dir)
	require.NoError(t, err)
	assert.Empty(t, s.Releases())
	for _, release := range []string{"go1.26.8", "go1.27.4", "go1.26.8", "go1.26.8"} {
		require.NoError(t, s.NoteRelease(t.Context(), release))
	}
	other, err := store.Open(dir)
	require.NoError(t, err)
	assert.Equal(t, []string{"go1.26.8", "go1.27.4"}, other.Releases())

	require.NoError(t, os.WriteFile(filepath.Join(dir, "releases.json"), []byte("{}"), 0o600))
	assert.Empty(t, s.Releases(), "of a damaged list")
	require.NoError(t, s.NoteRelease(t.Context(), "go1.28"))
	assert.Equal(t, []string{"go1.28"}, s.Releases())
}

// TestReleasesAtOnce: what is noted at a time is all there, and the list does not grow for ever.
func TestReleasesAtOnce(t *testing.T) {
	t.Parallel()
	dir := loadtest.TempDir(t)
	var wg sync.WaitGroup
	for i := range 8 {
		s, err := store.Open(dir)
		require.NoError(t, err)
		wg.Go(func() { assert.NoError(t, s.NoteRelease(t.Context(), fmt.Sprint("go1.", i))) })
	}
	wg.Wait()
	s, err := store.Open(dir)
	require.NoError(t, err)
	assert.Len(t, s.Releases(), 8)
	for i := range 20 {
		require.NoError(t, s.NoteRelease(t.Context(), fmt.Sprint("go1.", 20+i)))
	}
	assert.Len(t, s.Releases(), 16)
	assert.Equal(t, "go1.39", s.Releases()[0])
}
