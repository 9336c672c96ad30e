//go:build unix

package store_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/mod/sumdb/dirhash"

	"github.com/loadgo/load/store"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// poisons are what may become of a file; each gets its path and what it held.
var poisons = map[string]func(path string, data []byte) error{
	"emptied":   func(path string, _ []byte) error { return os.WriteFile(path, nil, 0o600) },
	"truncated": func(path string, data []byte) error { return os.WriteFile(path, data[:len(data)/2], 0o600) },
	"flipped": func(path string, data []byte) error {
		data[len(data)/2] ^= 1
		return os.WriteFile(path, data, 0o600)
	},
	"directory": func(path string, _ []byte) error { return os.MkdirAll(filepath.Join(path, "sub"), 0o700) },
	"link": func(path string, data []byte) error {
		target := path + ".target"
		return errors.Join(os.WriteFile(target, data, 0o640), os.Symlink(target, path))
	},
	"pipe":    func(path string, _ []byte) error { return syscall.Mkfifo(path, 0o600) },
	"missing": func(string, []byte) error { return nil },
}

// poison replaces a file by what becomes of it.
func poison(t *testing.T, path, how string) {
	t.Helper()
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, errors.Join(os.Remove(path), poisons[how](path, data)))
}

// TestPoison damages every kind of file in every way. Nothing waits for ever, nothing is believed,
// Verify names what it is, and what is removed and made again is whole.
func TestPoison(t *testing.T) {
	t.Parallel()
	for how := range poisons {
		for _, pattern := range []string{
			"obj/*/manifest", "obj/*/files/a", "installed/1/linux_amd64/example.com/p/@v/v1.0.0.json", "sources/1/*.json", "src/*/a.star",
			"mod/example.com/p@v1.0.0/x.go", "mod/cache/download/example.com/p/@v/v1.0.0.ziphash",
		} {
			t.Run(how+"/"+strings.ReplaceAll(pattern, "/", "_"), func(t *testing.T) {
				t.Parallel()
				s := open(t)
				fillStore(t, s)
				files, err := filepath.Glob(filepath.Join(s.Dir(), filepath.FromSlash(pattern)))
				require.NoError(t, err)
				require.Len(t, files, 1)
				poison(t, files[0], how)
				report, err := s.Verify(t.Context())
				require.NoError(t, err)
				// Without its record, or its sum, a thing is not there.
				gone := how == "missing" && (strings.HasSuffix(pattern, ".json") || strings.HasSuffix(pattern, ".ziphash"))
				assert.Equal(t, gone, len(report.Damaged) != 1)
				defer func() {
					if info, err := os.Stat(files[0] + ".target"); err == nil && how == "link" {
						assert.Equal(t, fs.FileMode(0o640), info.Mode().Perm(), "of what the link leads to")
					}
				}()
				fresh := reopen(t, s)
				_, err = fresh.Collect(t.Context(), store.GC{Unused: 1e18})
				assert.NoError(t, err)
				assert.NoError(t, fresh.Repair(report.Damaged))
				fillStore(t, fresh)
				report, err = fresh.Verify(t.Context())
				require.NoError(t, err)
				assert.Zero(t, len(report.Damaged))
				if !strings.HasPrefix(pattern, "mod/") { // goproxy puts modules in the place of damaged ones
					poison(t, files[0], how)
					fillStore(t, reopen(t, s))
					report, err := s.Verify(t.Context())
					require.NoError(t, err)
					assert.Zero(t, len(report.Damaged))
				}
			})
		}
	}
}

// fillStore puts one thing of each kind into a store where it is not there as a whole, and reads
// it.
func fillStore(t *testing.T, s *store.Store) {
	t.Helper()
	key := store.Key("one")
	build := writing(map[string]string{"a": "contents"})
	a, _, err := s.Artifact(t.Context(), key, build)
	require.NoError(t, err)
	data, err := a.ReadFile("a")
	var damaged *store.DamagedError
	if errors.As(err, &damaged) { // as a loader does
		require.NoError(t, s.Evict(key))
		a, _, err = s.Artifact(t.Context(), key, build)
		require.NoError(t, err)
		data, err = a.ReadFile("a")
	}
	assert.NoError(t, err)
	assert.Equal(t, "contents", string(data))
	if !s.HasModule("example.com/p", "v1.0.0") {
		_ = os.RemoveAll(filepath.Join(s.ModDir(), "example.com"))
		addModule(t, s, "example.com/p", "v1.0.0", "package p")
	}
	if r, err := s.Record("linux_amd64", "example.com/p", "v1.0.0"); err != nil {
		t.Error("record:", err)
	} else if r == nil {
		addPackage(t, s, "example.com/p", store.RecordModule{Path: "example.com/p", Version: "v1.0.0", Sum: s.ModuleSum("example.com/p", "v1.0.0")})
	}
	sum := putSource(t, s, "a = 1")
	if r, err := s.SourceRecord("gh:a/b"); err != nil {
		t.Error("source record:", err)
	} else if r == nil {
		require.NoError(t, s.PutSourceRecord(&store.SourceRecord{Name: "gh:a/b", Sum: sum}))
	}
	whole, err := s.VerifySource(sum)
	assert.Truef(t, whole, "source: %v, %v", whole, err)
	assert.NoErrorf(t, err, "source: %v, %v", whole, err)
}

func putSource(t *testing.T, s *store.Store, text string) (sum string) {
	t.Helper()
	temp, remove, err := s.Temp("source")
	require.NoError(t, err)
	defer remove()
	require.NoError(t, os.WriteFile(filepath.Join(temp, "a.star"), []byte(text), 0o600))
	sum, err = dirhash.HashDir(temp, "", dirhash.Hash1)
	require.NoError(t, err)
	_, err = s.PutSource(t.Context(), temp, sum)
	require.NoError(t, err)
	return sum
}

// What takes the place of a lock is locked, or is an error that names it; nobody waits for it.
func TestPoisonedLocks(t *testing.T) {
	t.Parallel()
	for how := range poisons {
		s := open(t)
		addArtifact(t, s, "one")
		for _, dir := range []string{"lock", "live"} {
			files, err := os.ReadDir(filepath.Join(s.Dir(), dir))
			require.NoError(t, err, dir)
			require.NotEmpty(t, files, dir)
			for _, f := range files {
				path := filepath.Join(s.Dir(), dir, f.Name())
				require.NoError(t, os.WriteFile(path, []byte("text"), 0o600))
				poison(t, path, how)
			}
		}
		fresh := reopen(t, s)
		a, err := fresh.Lookup(store.Key("one"))
		assert.NoError(t, err, how)
		assert.NotNil(t, a, how)
		err = fresh.Evict(store.Key("one"))
		assert.NoErrorf(t, err, "%s: %v", how, err)
		_, _, err = fresh.Artifact(t.Context(), store.Key("one"), func(context.Context, string) error { return nil })
		var refused *store.WriteError
		assert.Falsef(t, err != nil && (!errors.As(err, &refused) || !strings.HasPrefix(refused.Path, filepath.Join(s.Dir(), "lock")) || errors.Is(err, fs.ErrNotExist)), "%s: %v", how, err)
	}
}

// Several names may lead to one tree, which several goroutines and processes then put at a time.
func TestPutSourceHammer(t *testing.T) {
	t.Parallel()
	s := open(t)
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() { putSource(t, openDir(t, s.Dir()), fmt.Sprint("a = ", i%2)) })
	}
	wg.Wait()
	report, err := s.Verify(t.Context())
	require.NoError(t, err)
	assert.Equal(t, 2, report.Sources)
	assert.Zero(t, len(report.Damaged))
}
