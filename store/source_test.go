package store

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/mod/sumdb/dirhash"
)

func putTree(t *testing.T, s *Store, body string) (dir, sum string) {
	t.Helper()
	temp, remove, err := s.Temp("source")
	require.NoError(t, err)
	defer remove()
	tree := filepath.Join(temp, "tree")
	require.NoError(t, os.MkdirAll(filepath.Join(tree, "sub"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(tree, "sub", "a.star"), []byte(body), 0o600))
	sum, err = dirhash.HashDir(tree, "", dirhash.Hash1)
	require.NoError(t, err)
	dir, err = s.PutSource(t.Context(), tree, sum)
	require.NoError(t, err)
	return dir, sum
}

func TestSource(t *testing.T) {
	t.Parallel()
	s, err := Open(t.TempDir())
	require.NoError(t, err)
	dir, sum := putTree(t, s, "a = 1")
	got, err := s.SourceDir(sum)
	assert.Equal(t, dir, got)
	assert.NoError(t, err)
	again, _ := putTree(t, s, "a = 1")
	assert.Equal(t, dir, again)
	// A damaged tree is told, and replaced by the next that is whole.
	file := filepath.Join(dir, "sub", "a.star")
	require.NoError(t, os.Chmod(file, 0o600))
	require.NoError(t, os.WriteFile(file, []byte("a = 2"), 0o600))
	whole, err := s.VerifySource(sum)
	assert.Falsef(t, whole, "a damaged tree: %v, %v", whole, err)
	assert.NoErrorf(t, err, "a damaged tree: %v, %v", whole, err)
	putTree(t, s, "a = 1")
	whole, err = s.VerifySource(sum)
	assert.Truef(t, whole, "a replaced tree: %v, %v", whole, err)
	assert.NoErrorf(t, err, "a replaced tree: %v, %v", whole, err)
	info, err := os.Stat(file)
	require.NoError(t, err)
	assert.EqualValues(t, 0o444, info.Mode().Perm())
	for _, bad := range []string{"", "h1:", "h1:../../x", "h2:" + sum[3:]} {
		_, err := s.SourceDir(bad)
		assert.Error(t, err)
	}
}

func TestSourceRecord(t *testing.T) {
	t.Parallel()
	s, err := Open(t.TempDir())
	require.NoError(t, err)
	want := &SourceRecord{Name: "gh:a/b", Source: "git::https://example.com/a/b.git", Version: "c0ffee", Kind: "starlark", File: "init.star", Time: time.Unix(1, 0).UTC()}
	require.NoError(t, s.PutSourceRecord(want))
	got, err := s.SourceRecord("gh:a/b")
	assert.NoError(t, err)
	assert.Equal(t, want, got)
	got, err = s.SourceRecord("gh:a/c")
	assert.Nil(t, got)
	assert.NoError(t, err)
	path := s.sourceRecordFile("gh:a/b")
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, os.Chmod(path, 0o600))
	data[len(data)/2] ^= 1
	require.NoError(t, os.WriteFile(path, data, 0o600))
	got, err = s.SourceRecord("gh:a/b")
	assert.Nil(t, got)
	assert.NoError(t, err)
	for range 2 {
		require.NoError(t, s.RemoveSourceRecord("gh:a/b"))
	}
}

// A tree stays while a record leads to it, and both while a lock file or a process needs them.
func TestSourceUpkeep(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, gc := openIn(t, dir), openIn(t, dir)
	_, shared := putTree(t, s, "shared")
	_, own := putTree(t, s, "own")
	for name, sum := range map[string]string{"gh:a/a": shared, "gh:a/b": shared, "gh:a/c": own} {
		require.NoError(t, s.PutSourceRecord(&SourceRecord{Name: name, Source: "git::" + name, Version: "c0ffee", Sum: sum}))
	}
	want := func(when string, packages, sources int) {
		t.Helper()
		report, err := gc.Verify(t.Context())
		require.NoError(t, err, when)
		assert.Equal(t, sources, report.Sources, when)
		assert.Equal(t, packages, report.Records, when)
		assert.Empty(t, report.Damaged, when)
		stats, err := gc.Stats()
		assert.NoError(t, err, when)
		assert.Equal(t, packages, stats.Sources, when)
	}
	want("installed", 3, 2)
	removed, err := gc.Collect(t.Context(), GC{}) // s lives and made them
	require.NoError(t, err)
	assert.Empty(t, removed)
	s.Hold()() // and lives no more
	keep := func(path, version string) bool { return path == "git::gh:a/b" && version == "c0ffee" }
	removed, err = gc.Collect(t.Context(), GC{Keep: keep})
	require.NoError(t, err)
	assert.Len(t, removed, 3)
	want("after gc", 1, 1)
	record, err := gc.SourceRecord("gh:a/b")
	require.NoError(t, err)
	require.NoError(t, gc.RemoveSource(t.Context(), record))
	want("after it was removed", 0, 0)
}

func TestVerifySources(t *testing.T) {
	t.Parallel()
	s := openIn(t, t.TempDir())
	tree, sum := putTree(t, s, "a = 1")
	require.NoError(t, s.PutSourceRecord(&SourceRecord{Name: "gh:a/b", Sum: sum}))
	for _, path := range []string{filepath.Join(tree, "sub", "a.star"), s.sourceRecordFile("gh:a/b")} {
		require.NoError(t, os.Chmod(path, 0o600))
		require.NoError(t, os.Truncate(path, 3))
	}
	report, err := s.Verify(t.Context())
	require.NoError(t, err)
	require.Len(t, report.Damaged, 2)
	for _, d := range report.Damaged {
		assert.Falsef(t, d.Kind != "source" && d.Kind != "record", "%+v", d)
		assert.NotEmptyf(t, d.Reason, "%+v", d)
		assert.NotEmptyf(t, d.Repair, "%+v", d)
	}
	require.NoError(t, s.Repair(report.Damaged))
	report, err = s.Verify(t.Context())
	require.NoError(t, err)
	assert.Empty(t, report.Damaged)
	assert.Zero(t, report.Sources)
}

func openIn(t *testing.T, dir string) *Store {
	t.Helper()
	s, err := Open(dir)
	require.NoError(t, err)
	return s
}

// TestSealEnds: the sync of thousands of files does not go on after the context's end.
func TestSealEnds(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "a.star")
	require.NoError(t, os.WriteFile(file, []byte("a = 1"), 0o600))
	why := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(why)
	_, err := seal(ctx, dir)
	require.ErrorIs(t, err, why)
	info, err := os.Stat(file)
	require.NoError(t, err)
	assert.EqualValues(t, 0o600, info.Mode().Perm())
}
