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
)

// open makes a store of a test's own.
func open(t testing.TB) *store.Store {
	t.Helper()
	return openDir(t, filepath.Join(t.TempDir(), "store"))
}

func openDir(t testing.TB, dir string) *store.Store {
	t.Helper()
	s, err := store.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
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
	if s.Dir() != dir || s.ModDir() != filepath.Join(dir, "mod") {
		t.Errorf("Dir() = %s, ModDir() = %s", s.Dir(), s.ModDir())
	}
	for path, want := range map[string]os.FileMode{dir: 0o700, s.EmptyDir(): 0o555} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != want && runtime.GOOS != "windows" {
			t.Errorf("%s has mode %v, want %v", path, info.Mode().Perm(), want)
		}
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
	if err := os.Mkdir(shared, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(shared, 0o775); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	const fix = "set LOAD_DIR (or Config.Store) to a directory of your own"
	tests := map[string]string{
		shared:                               "other users can write to it (mode 0775)\n\trun chmod go-w " + shared + ", or " + fix,
		file:                                 "it is not a directory\n\t" + fix,
		filepath.Join(file, "sub"):           "not a directory\n\t" + fix,
		dir + "/" + strings.Repeat("n", 300): "file name too long\n\t" + fix,
	}
	if os.Geteuid() == 0 {
		others := filepath.Join(dir, "others")
		if err := errors.Join(os.Mkdir(others, 0o700), os.Chown(others, 12345, 12345)); err != nil {
			t.Fatal(err)
		}
		tests[others] = "it is owned by another user (uid 12345)\n\t" + fix
	}
	for place, want := range tests {
		_, err := store.Open(place)
		var refused *store.DirError
		if !errors.As(err, &refused) {
			t.Errorf("Open(%s): %v, want a DirError", place, err)
			continue
		}
		if want = "store " + place + ": " + want; err.Error() != want {
			t.Errorf("got  %v\nwant %v", err, want)
		}
	}
}

func TestKey(t *testing.T) {
	t.Parallel()
	keys := map[string][]string{}
	for _, parts := range [][]string{nil, {""}, {"", ""}, {"ab"}, {"a", "b"}, {"b", "a"}, {"a", "b", ""}} {
		key := store.Key(parts...)
		if other, ok := keys[key]; ok {
			t.Errorf("%q and %q share a key", parts, other)
		}
		keys[key] = parts
	}
	if got, want := store.Key("a", "b"), store.Key("a", "b"); got != want || len(got) != 64 {
		t.Errorf("Key is %s and then %s", got, want)
	}
}
