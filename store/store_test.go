package store_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/loadgo/load/store"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// open makes a store of a test's own.
func open(t testing.TB) *store.Store {
	t.Helper()
	return openDir(t, filepath.Join(t.TempDir(), "store"))
}

func openDir(t testing.TB, dir string) *store.Store {
	t.Helper()
	s, err := store.Open(dir)
	require.NoError(t, err)
	return s
}

// writing returns a build that writes files.
func writing(files map[string]string) func(context.Context, string) error {
	return func(_ context.Context, dir string) error {
		for name, data := range files {
			path := filepath.Join(dir, filepath.FromSlash(name))
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				return err
			}
			if err := os.WriteFile(path, []byte(data), 0o755); err != nil {
				return err
			}
		}
		return nil
	}
}

func TestOpen(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "a", "store")
	s := openDir(t, dir)
	assert.Equal(t, dir, s.Dir())
	assert.Equal(t, filepath.Join(dir, "mod"), s.ModDir())
	for path, want := range map[string]os.FileMode{dir: 0o700, s.EmptyDir(): 0o555} {
		info, err := os.Stat(path)
		require.NoError(t, err)
		assert.Falsef(t, info.Mode().Perm() != want && runtime.GOOS != "windows", "%s has mode %v, want %v", path, info.Mode().Perm(), want)
	}
	openDir(t, dir)
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("needs access bits")
	}
	dir := t.TempDir()
	shared := filepath.Join(dir, "shared")
	require.NoError(t, os.Mkdir(shared, 0o700))
	require.NoError(t, os.Chmod(shared, 0o775))
	file := filepath.Join(dir, "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	const fix = "set LOAD_DIR (or Config.Store) to a directory of your own"
	tests := map[string]string{
		shared:                               "other users can write to it (mode 0775)\n\trun chmod go-w " + shared + ", or " + fix,
		file:                                 "it is not a directory\n\t" + fix,
		filepath.Join(file, "sub"):           "not a directory\n\t" + fix,
		dir + "/" + strings.Repeat("n", 300): "file name too long\n\t" + fix,
	}
	if os.Geteuid() == 0 {
		others := filepath.Join(dir, "others")
		require.NoError(t, errors.Join(os.Mkdir(others, 0o700), os.Chown(others, 12345, 12345)))
		tests[others] = "it is owned by another user (uid 12345)\n\t" + fix
	}
	for place, want := range tests {
		_, err := store.Open(place)
		var refused *store.DirError
		if !assert.ErrorAs(t, err, &refused, place) {
			continue
		}
		want = "store " + place + ": " + want
		assert.Equal(t, want, err.Error())
	}
}

func TestKey(t *testing.T) {
	t.Parallel()
	keys := map[string][]string{}
	for _, parts := range [][]string{nil, {""}, {"", ""}, {"ab"}, {"a", "b"}, {"b", "a"}, {"a", "b", ""}} {
		key := store.Key(parts...)
		other, ok := keys[key]
		assert.Falsef(t, ok, "%q and %q share a key", parts, other)
		keys[key] = parts
	}
	got, want := store.Key("a", "b"), store.Key("a", "b")
	assert.Equal(t, want, got)
	assert.Len(t, got, 64)
}
