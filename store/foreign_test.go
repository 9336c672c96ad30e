//go:build unix

package store_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/loadgo/load/store"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A directory of the store that others can write to is refused as the store itself would be.
func TestOpenRefusesInside(t *testing.T) {
	t.Parallel()
	s := open(t)
	fillStore(t, s)
	const fix = "set LOAD_DIR (or Config.Store) to a directory of your own"
	for _, name := range []string{"mod", "installed", "src", "sources", "obj", "lock", "live", "tmp", "empty", "installed/1", "sources/1"} {
		dir := filepath.Join(s.Dir(), filepath.FromSlash(name))
		info, err := os.Stat(dir)
		require.NoError(t, err)
		refused := func(want string) {
			t.Helper()
			var e *store.DirError
			_, err = store.Open(s.Dir())
			assert.ErrorAs(t, err, &e, name)
			assert.EqualError(t, err, "store "+dir+": "+want, name)
		}
		require.NoError(t, os.Chmod(dir, 0o777))
		refused("other users can write to it (mode 0777)\n\trun chmod go-w " + dir + ", or " + fix)
		require.NoError(t, os.Chmod(dir, info.Mode().Perm()))
		if os.Geteuid() != 0 {
			continue
		}
		require.NoError(t, os.Chown(dir, 12345, -1))
		refused("it is owned by another user (uid 12345)\n\t" + fix)
		require.NoError(t, os.Chown(dir, 0, -1))
	}
	_, err := store.Open(s.Dir())
	assert.NoError(t, err)
}

// A directory of an artifact that others can write to, or own, is as a file of it would be: they
// could put another there.
func TestForeignArtifact(t *testing.T) {
	t.Parallel()
	for _, pattern := range []string{"obj/*", "obj/*/files"} {
		s := open(t)
		fillStore(t, s)
		dirs, err := filepath.Glob(filepath.Join(s.Dir(), filepath.FromSlash(pattern)))
		require.NoError(t, err)
		require.Len(t, dirs, 1)
		require.NoError(t, os.Chmod(dirs[0], 0o777))
		report, err := s.Verify(t.Context())
		require.NoError(t, err)
		require.Len(t, report.Damaged, 1, pattern)
		assert.Contains(t, report.Damaged[0].Reason, "its directory: other users can write to it (mode 0777)")
		_, err = s.Lookup(report.Damaged[0].Name)
		var damaged *store.DamagedError
		require.ErrorAs(t, err, &damaged, pattern)
		fillStore(t, reopen(t, s))
		report, err = s.Verify(t.Context())
		require.NoError(t, err)
		assert.Empty(t, report.Damaged, pattern)
	}
}

// TestReleasesDamaged: the list of releases is read as records are.
func TestReleasesDamaged(t *testing.T) {
	t.Parallel()
	s := open(t)
	require.NoError(t, s.NoteRelease(t.Context(), "go1.26"))
	file := filepath.Join(s.Dir(), "releases.json")
	require.NoError(t, os.Chmod(file, 0o666))
	report, err := s.Verify(t.Context())
	require.NoError(t, err)
	require.Len(t, report.Damaged, 1)
	assert.Equal(t, "releases.json: other users can write to it (mode 0666)", report.Damaged[0].Name+": "+report.Damaged[0].Reason)
	require.NoError(t, s.Repair(report.Damaged))
	report, err = s.Verify(t.Context())
	require.NoError(t, err)
	assert.Empty(t, report.Damaged)
}

// A file that others can write to, or own, counts as damaged: nothing of it is read.
func TestForeignFiles(t *testing.T) {
	t.Parallel()
	changes := map[string]func(path string) error{
		"other users can write to it (mode 0666)": func(path string) error { return os.Chmod(path, 0o666) },
	}
	if os.Geteuid() == 0 {
		changes["it is owned by another user (uid 12345)"] = func(path string) error { return os.Chown(path, 12345, -1) }
	}
	for reason, change := range changes {
		for _, pattern := range []string{
			"obj/*/manifest", "obj/*/files/a", "installed/1/linux_amd64/example.com/p/@v/v1.0.0.json", "sources/1/*.json", "src/*/a.star", "src/*",
			"mod/example.com/p@v1.0.0/x.go", "mod/example.com/p@v1.0.0", "mod/cache/download/example.com/p/@v/v1.0.0.ziphash",
		} {
			s := open(t)
			fillStore(t, s)
			files, err := filepath.Glob(filepath.Join(s.Dir(), filepath.FromSlash(pattern)))
			require.NoError(t, err)
			require.Len(t, files, 1)
			require.NoError(t, change(files[0]))
			report, err := s.Verify(t.Context())
			if err != nil || len(report.Damaged) != 1 || !strings.Contains(report.Damaged[0].Reason, reason) {
				t.Errorf("%s: %s: %+v, %v", pattern, reason, report, err)
				continue
			}
			assert.NoError(t, s.Repair(report.Damaged))
			fillStore(t, reopen(t, s))
			report, err = s.Verify(t.Context())
			require.NoErrorf(t, err, "%v %v", pattern, reason)
			assert.Zerof(t, len(report.Damaged), "%v %v", pattern, reason)
		}
	}
}
