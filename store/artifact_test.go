package store_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/loadgo/load/store"
)

var key = store.Key("source", "engine")

func TestArtifact(t *testing.T) {
	t.Parallel()
	s := open(t)
	if a, err := s.Lookup(key); a != nil || err != nil {
		t.Fatalf("an empty store answers %v, %v", a, err)
	}
	big := strings.Repeat("0123456789abcdef", 100_000)
	files := map[string]string{"module": big, "data/api.json": "{}", "data/none": ""}
	built, made, err := s.Artifact(t.Context(), key, writing(files))
	if err != nil || !made {
		t.Fatalf("made is %v: %v", made, err)
	}
	again, made, err := s.Artifact(t.Context(), key, func(context.Context, string) error {
		t.Error("built twice")
		return nil
	})
	if err != nil || made {
		t.Fatalf("made is %v: %v", made, err)
	}
	for _, a := range []*store.Artifact{built, again} {
		if a.Key() != key || a.Size() != int64(len(big)+2) || len(a.Files()) != 3 {
			t.Errorf("artifact %s has %d bytes in %d files", a.Key(), a.Size(), len(a.Files()))
		}
		for name, want := range files {
			got, err := a.ReadFile(name)
			if err != nil || string(got) != want {
				t.Errorf("%s: %d bytes, %v", name, len(got), err)
			}
		}
	}
	f, err := built.Open("module")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || info.Mode() != 0o555 && runtime.GOOS != "windows" {
		t.Errorf("the executable has mode %v, %v", info.Mode(), err)
	}
	if got, err := io.ReadAll(f); err != nil || string(got) != big {
		t.Errorf("read %d bytes: %v", len(got), err)
	}
	for _, name := range []string{"", "nope", "data", "../manifest", "/etc/passwd"} {
		if _, err := built.Open(name); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("Open(%q): %v, want ErrNotExist", name, err)
		}
	}
	if err := s.Evict(key); err != nil {
		t.Fatal(err)
	}
	if a, err := s.Lookup(key); a != nil || err != nil {
		t.Errorf("an evicted artifact: %v, %v", a, err)
	}
	if err := s.Evict(key); err != nil {
		t.Error(err)
	}
}

func TestInvalidKey(t *testing.T) {
	t.Parallel()
	s := open(t)
	for _, key := range []string{"", "..", "../../x", strings.Repeat("A", 64), strings.Repeat("a", 63) + "/"} {
		if _, err := s.Lookup(key); err == nil {
			t.Errorf("Lookup(%q) is no error", key)
		}
		if err := s.Evict(key); err == nil {
			t.Errorf("Evict(%q) is no error", key)
		}
	}
}

func TestDamage(t *testing.T) {
	t.Parallel()
	const prefix = "artifact "
	for _, tt := range []struct {
		name   string
		damage func(dir string) error
		want   string
	}{
		{"changed", func(dir string) error { return rewrite(dir+"/files/module", "CONTENTS") }, "module: its contents are not what was stored"},
		{"truncated", func(dir string) error { return rewrite(dir+"/files/module", "con") }, "module: it has 3 bytes instead of 8"},
		{"longer", func(dir string) error { return rewrite(dir+"/files/module", "contents!") }, "module: it has 9 bytes instead of 8"},
		{"missing", func(dir string) error { return os.Remove(dir + "/files/module") }, "module: it is missing"},
		{"directory", func(dir string) error {
			return errors.Join(os.Remove(dir+"/files/module"), os.Mkdir(dir+"/files/module", 0o700))
		}, "module: it is not a regular file"},
		{"no manifest", func(dir string) error { return os.Remove(dir + "/manifest") }, "the manifest is missing"},
		{"empty manifest", func(dir string) error { return rewrite(dir+"/manifest", "") }, "the manifest is truncated"},
		{"changed manifest", func(dir string) error {
			data, err := os.ReadFile(dir + "/manifest")
			return errors.Join(err, rewrite(dir+"/manifest", strings.Replace(string(data), " 8 module", " 9 module", 1)))
		}, "the manifest does not have the sum that it states"},
		{"another's manifest", func(dir string) error {
			data, err := os.ReadFile(filepath.Join(filepath.Dir(dir), store.Key("other"), "manifest"))
			return errors.Join(err, rewrite(dir+"/manifest", string(data)))
		}, "the manifest is that of another artifact"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := open(t)
			build := writing(map[string]string{"module": "contents"})
			for _, key := range []string{key, store.Key("other")} {
				if _, _, err := s.Artifact(t.Context(), key, build); err != nil {
					t.Fatal(err)
				}
			}
			if err := tt.damage(filepath.Join(s.Dir(), "obj", key)); err != nil {
				t.Fatal(err)
			}
			a, err := s.Lookup(key)
			if a != nil {
				_, err = a.Open("module")
				if evictErr := s.Evict(key); evictErr != nil {
					t.Fatal(evictErr)
				}
			}
			var damaged *store.DamagedError
			if !errors.As(err, &damaged) || damaged.Key != key {
				t.Fatalf("got %v, want a DamagedError", err)
			}
			if want := prefix + key[:12] + " is damaged: " + tt.want; err.Error() != want {
				t.Errorf("got  %v\nwant %v", err, want)
			}
			a, made, err := s.Artifact(t.Context(), key, build)
			if err != nil || !made {
				t.Fatalf("rebuilt is %v: %v", made, err)
			}
			if got, err := a.ReadFile("module"); err != nil || string(got) != "contents" {
				t.Errorf("rebuilt as %q: %v", got, err)
			}
		})
	}
}

func rewrite(file, data string) error {
	return errors.Join(os.Chmod(file, 0o600), os.WriteFile(file, []byte(data), 0o600))
}

func TestFailedBuild(t *testing.T) {
	t.Parallel()
	s := open(t)
	broken := errors.New("does not compile")
	ctx, cancel := context.WithCancel(t.Context())
	for name, tt := range map[string]struct {
		ctx   context.Context
		build func(context.Context, string) error
		want  string
	}{
		"full": {
			t.Context(), func(_ context.Context, dir string) error {
				return fmt.Errorf("linking: %w", &fs.PathError{Op: "write", Path: "/s/module", Err: syscall.ENOSPC})
			},
			"store: write /s/module: no space left on device\n\trun `load gc`, free space on the disk, or set LOAD_DIR (or Config.Store) to a directory on another disk",
		},
		"error":    {t.Context(), func(context.Context, string) error { return broken }, "does not compile"},
		"cancel":   {ctx, func(context.Context, string) error { cancel(); return nil }, "context canceled"},
		"symlink":  {t.Context(), func(_ context.Context, dir string) error { return os.Symlink("/etc/passwd", dir+"/link") }, `an artifact cannot hold "link"`},
		"new line": {t.Context(), writing(map[string]string{"a\nb": ""}), `an artifact cannot hold "a\nb"`},
	} {
		if runtime.GOOS == "windows" && name != "error" && name != "cancel" {
			continue
		}
		if _, made, err := s.Artifact(tt.ctx, key, tt.build); made || err == nil || err.Error() != tt.want {
			t.Errorf("%s: made is %v, %v, want %s", name, made, err, tt.want)
		}
		if a, err := s.Lookup(key); a != nil || err != nil {
			t.Errorf("%s left %v, %v", name, a, err)
		}
	}
	if left, err := os.ReadDir(filepath.Join(s.Dir(), "tmp")); err != nil || len(left) > 0 {
		t.Errorf("left in tmp: %v, %v", left, err)
	}
	if _, made, err := s.Artifact(t.Context(), key, writing(nil)); !made || err != nil {
		t.Errorf("the next good build: %v, %v", made, err)
	}
}

// BenchmarkOpenArtifact opens and verifies an executable of the size of a small module's.
func BenchmarkOpenArtifact(b *testing.B) {
	s := open(b)
	const size = 2_500_000
	if _, _, err := s.Artifact(b.Context(), key, func(_ context.Context, dir string) error {
		return os.WriteFile(filepath.Join(dir, "module"), bytes.Repeat([]byte("0123456789"), size/10), 0o755)
	}); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(size)
	for b.Loop() {
		a, err := s.Lookup(key)
		if err != nil {
			b.Fatal(err)
		}
		f, err := a.Open("module")
		if err != nil {
			b.Fatal(err)
		}
		f.Close()
	}
}
