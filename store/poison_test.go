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
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Remove(path), poisons[how](path, data)); err != nil {
		t.Fatal(err)
	}
}

// TestPoison damages every kind of file in every way. Nothing waits for ever, nothing is believed, Verify names what
// it is, and what is removed and made again is whole.
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
				if err != nil || len(files) != 1 {
					t.Fatal(files, err)
				}
				poison(t, files[0], how)
				report, err := s.Verify(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				// Without its record, or its sum, a thing is not there.
				gone := how == "missing" && (strings.HasSuffix(pattern, ".json") || strings.HasSuffix(pattern, ".ziphash"))
				if len(report.Damaged) != 1 != gone {
					t.Errorf("damaged %+v", report.Damaged)
				}
				defer func() {
					if info, err := os.Stat(files[0] + ".target"); how == "link" && err == nil && info.Mode().Perm() != 0o640 {
						t.Errorf("what the link leads to has mode %v", info.Mode())
					}
				}()
				fresh := reopen(t, s)
				if _, err := fresh.Collect(t.Context(), store.GC{Unused: 1e18}); err != nil {
					t.Error("gc:", err)
				}
				if err := fresh.Repair(report.Damaged); err != nil {
					t.Error("repair:", err)
				}
				fillStore(t, fresh)
				if report, err := fresh.Verify(t.Context()); err != nil || len(report.Damaged) > 0 {
					t.Errorf("after the repair: %+v, %v", report, err)
				}
				if !strings.HasPrefix(pattern, "mod/") { // goproxy puts modules in the place of damaged ones
					poison(t, files[0], how)
					fillStore(t, reopen(t, s))
					if report, err := s.Verify(t.Context()); err != nil || len(report.Damaged) > 0 {
						t.Errorf("made again: %+v, %v", report, err)
					}
				}
			})
		}
	}
}

// fillStore puts one thing of each kind into a store where it is not there as a whole, and reads it.
func fillStore(t *testing.T, s *store.Store) {
	t.Helper()
	key := store.Key("one")
	build := writing(map[string]string{"a": "contents"})
	a, _, err := s.Artifact(t.Context(), key, build)
	if err != nil {
		t.Fatal(err)
	}
	data, err := a.ReadFile("a")
	var damaged *store.DamagedError
	if errors.As(err, &damaged) { // as a loader does
		if err := s.Evict(key); err != nil {
			t.Fatal(err)
		}
		if a, _, err = s.Artifact(t.Context(), key, build); err != nil {
			t.Fatal(err)
		}
		data, err = a.ReadFile("a")
	}
	if err != nil || string(data) != "contents" {
		t.Errorf("artifact: %q, %v", data, err)
	}
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
		if err := s.PutSourceRecord(&store.SourceRecord{Name: "gh:a/b", Sum: sum}); err != nil {
			t.Fatal(err)
		}
	}
	if whole, err := s.VerifySource(sum); !whole || err != nil {
		t.Errorf("source: %v, %v", whole, err)
	}
}

func putSource(t *testing.T, s *store.Store, text string) (sum string) {
	t.Helper()
	temp, remove, err := s.Temp("source")
	if err != nil {
		t.Fatal(err)
	}
	defer remove()
	if err := os.WriteFile(filepath.Join(temp, "a.star"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if sum, err = dirhash.HashDir(temp, "", dirhash.Hash1); err != nil {
		t.Fatal(err)
	}
	if _, err := s.PutSource(t.Context(), temp, sum); err != nil {
		t.Fatal(err)
	}
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
			if err != nil || len(files) == 0 {
				t.Fatal(dir, files, err)
			}
			for _, f := range files {
				path := filepath.Join(s.Dir(), dir, f.Name())
				if err := os.WriteFile(path, []byte("text"), 0o600); err != nil {
					t.Fatal(err)
				}
				poison(t, path, how)
			}
		}
		fresh := reopen(t, s)
		if a, err := fresh.Lookup(store.Key("one")); a == nil || err != nil {
			t.Errorf("%s: %v, %v", how, a, err)
		}
		if err := fresh.Evict(store.Key("one")); err != nil {
			t.Errorf("%s: %v", how, err)
		}
		_, _, err := fresh.Artifact(t.Context(), store.Key("one"), func(context.Context, string) error { return nil })
		var refused *store.WriteError
		if err != nil && (!errors.As(err, &refused) || !strings.HasPrefix(refused.Path, filepath.Join(s.Dir(), "lock")) || errors.Is(err, fs.ErrNotExist)) {
			t.Errorf("%s: %v", how, err)
		}
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
	if report, err := s.Verify(t.Context()); err != nil || report.Sources != 2 || len(report.Damaged) > 0 {
		t.Errorf("%+v, %v", report, err)
	}
}
