package store_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/loadgo/load/store"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Clocks jump: what seems to have been used in the future is kept by its age, and yet does not stay
// for ever.
func TestCollectFuture(t *testing.T) {
	t.Parallel()
	s := open(t)
	path := filepath.Join(s.Dir(), "obj", addArtifact(t, s, "one"))
	s.Hold()() // nobody uses it
	future := time.Now().AddDate(10, 0, 0)
	ahead := func() {
		t.Helper()
		require.NoError(t, os.Chtimes(path, future, future))
	}
	ahead()
	gc := reopen(t, s)
	removed, err := gc.Collect(t.Context(), store.GC{Unused: time.Minute})
	assert.NoError(t, err)
	assert.Zero(t, len(removed))
	// Its user says when.
	user := reopen(t, s)
	release := user.Hold()
	a, err := user.Lookup(store.Key("one"))
	require.NotNil(t, a)
	require.NoError(t, err)
	info, err := os.Stat(path)
	require.NoError(t, err)
	assert.Falsef(t, info.ModTime().After(time.Now()), "%v, %v", info.ModTime(), err)
	ahead()
	for _, all := range []store.GC{{}, {Unused: time.Hour, MaxSize: 1}} {
		removed, err := gc.Collect(t.Context(), all)
		assert.NoError(t, err, "removed while it is used")
		assert.Zero(t, len(removed), "removed while it is used")
	}
	release()
	removed, err = gc.Collect(t.Context(), store.GC{})
	assert.NoError(t, err)
	assert.Equal(t, []string{"artifact"}, kinds(removed))
}

// What a process left that was killed while it installed or removed a module, a directory without a
// sum, goes.
func TestCollectOrphans(t *testing.T) {
	t.Parallel()
	s := open(t)
	addModule(t, s, "example.com/Gone", "v1.0.0", "package gone")
	kept := addModule(t, s, "example.com/kept/v2", "v2.0.0", "package kept")
	addPackage(t, s, "example.com/kept/v2", kept)
	require.NoError(t, os.Remove(filepath.Join(s.ModDir(), "cache/download/example.com/Gone/@v/v1.0.0.ziphash")))
	// As its path is written in a module cache.
	require.NoError(t, os.Rename(filepath.Join(s.ModDir(), "example.com/Gone@v1.0.0"), filepath.Join(s.ModDir(), "example.com/!gone@v1.0.0")))
	removed, err := s.Collect(t.Context(), store.GC{Unused: time.Hour, DryRun: true})
	require.NoError(t, err)
	assert.Empty(t, removed)
	_, err = s.Collect(t.Context(), store.GC{Unused: time.Hour})
	require.NoError(t, err)
	entries, err := os.ReadDir(filepath.Join(s.ModDir(), "example.com"))
	require.NoError(t, err)
	require.Len(t, entries, 1)
	assert.Equal(t, "kept", entries[0].Name())
	assert.True(t, s.HasModule("example.com/kept/v2", "v2.0.0"), "a whole module was removed")
}
