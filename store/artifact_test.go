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
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var key = store.Key("source", "engine")

func TestArtifact(t *testing.T) {
	t.Parallel()
	s := open(t)
	a, err := s.Lookup(key)
	require.NoError(t, err)
	assert.Nil(t, a, "the store is empty")
	big := strings.Repeat("0123456789abcdef", 100_000)
	files := map[string]string{"module": big, "data/api.json": "{}", "data/none": ""}
	built, made, err := s.Artifact(t.Context(), key, writing(files))
	require.NoErrorf(t, err, "made is %v: %v", made, err)
	require.Truef(t, made, "made is %v: %v", made, err)
	again, made, err := s.Artifact(t.Context(), key, func(context.Context, string) error {
		t.Error("built twice")
		return nil
	})
	require.NoErrorf(t, err, "made is %v: %v", made, err)
	require.Falsef(t, made, "made is %v: %v", made, err)
	for _, a := range []*store.Artifact{built, again} {
		assert.Equalf(t, key, a.Key(), "artifact %s has %d bytes in %d files", a.Key(), a.Size(), len(a.Files()))
		assert.Equalf(t, int64(len(big)+2), a.Size(), "artifact %s has %d bytes in %d files", a.Key(), a.Size(), len(a.Files()))
		assert.Lenf(t, a.Files(), 3, "artifact %s has %d bytes in %d files", a.Key(), a.Size(), len(a.Files()))
		for name, want := range files {
			got, err := a.ReadFile(name)
			assert.NoErrorf(t, err, "%v %v", name, len(got))
			assert.Equalf(t, want, string(got), "%v %v", name, len(got))
		}
	}
	f, err := built.Open("module")
	require.NoError(t, err)
	defer f.Close()
	info, err := f.Stat()
	require.NoError(t, err)
	assert.Falsef(t, info.Mode() != 0o555 && runtime.GOOS != "windows", "the executable has mode %v, %v", info.Mode(), err)
	got, err := io.ReadAll(f)
	assert.NoErrorf(t, err, "%v", len(got))
	assert.Equalf(t, big, string(got), "%v", len(got))
	for _, name := range []string{"", "nope", "data", "../manifest", "/etc/passwd"} {
		_, err := built.Open(name)
		assert.ErrorIs(t, err, fs.ErrNotExist)
	}
	require.NoError(t, s.Evict(key))
	a, err = s.Lookup(key)
	assert.Nil(t, a)
	assert.NoError(t, err)
	assert.NoError(t, s.Evict(key))
}

func TestInvalidKey(t *testing.T) {
	t.Parallel()
	s := open(t)
	for _, key := range []string{"", "..", "../../x", strings.Repeat("A", 64), strings.Repeat("a", 63) + "/"} {
		_, err := s.Lookup(key)
		assert.Error(t, err)
		assert.Error(t, s.Evict(key))
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
				_, _, err := s.Artifact(t.Context(), key, build)
				require.NoError(t, err)
			}
			require.NoError(t, tt.damage(filepath.Join(s.Dir(), "obj", key)))
			a, err := s.Lookup(key)
			if a != nil {
				_, err = a.Open("module")
				require.NoError(t, s.Evict(key))
			}
			var damaged *store.DamagedError
			require.ErrorAs(t, err, &damaged)
			require.Equal(t, key, damaged.Key)
			assert.Equal(t, prefix+key[:12]+" is damaged: "+tt.want, err.Error())
			a, made, err := s.Artifact(t.Context(), key, build)
			require.NoErrorf(t, err, "rebuilt is %v: %v", made, err)
			require.Truef(t, made, "rebuilt is %v: %v", made, err)
			got, err := a.ReadFile("module")
			assert.NoError(t, err)
			assert.Equal(t, "contents", string(got))
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
		_, made, err := s.Artifact(tt.ctx, key, tt.build)
		assert.Falsef(t, made, "%s: made is %v, %v, want %s", name, made, err, tt.want)
		assert.EqualErrorf(t, err, tt.want, "%s: made is %v, %v, want %s", name, made, err, tt.want)
		a, err := s.Lookup(key)
		assert.Nil(t, a, name)
		assert.NoError(t, err, name)
	}
	left, err := os.ReadDir(filepath.Join(s.Dir(), "tmp"))
	assert.NoError(t, err)
	assert.Zero(t, len(left))
	_, made, err := s.Artifact(t.Context(), key, writing(nil))
	assert.Truef(t, made, "the next good build: %v, %v", made, err)
	assert.NoErrorf(t, err, "the next good build: %v, %v", made, err)
}

// BenchmarkOpenArtifact opens and verifies an executable of the size of a small module's.
func BenchmarkOpenArtifact(b *testing.B) {
	s := open(b)
	const size = 2_500_000
	_, _, err := s.Artifact(b.Context(), key, func(_ context.Context, dir string) error {
		return os.WriteFile(filepath.Join(dir, "module"), bytes.Repeat([]byte("0123456789"), size/10), 0o755)
	})
	require.NoError(b, err)
	b.SetBytes(size)
	for b.Loop() {
		a, err := s.Lookup(key)
		require.NoError(b, err)
		f, err := a.Open("module")
		require.NoError(b, err)
		f.Close()
	}
}

// TestArtifactSum: artifacts of one key with other files are told apart.
func TestArtifactSum(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	for name, files := range map[string]map[string]string{
		"one": {"module": "x"}, "other contents": {"module": "y"}, "another name": {"modules": "x"}, "more files": {"module": "x", "more": "x"}, "none": {},
	} {
		s := open(t)
		made, _, err := s.Artifact(t.Context(), key, writing(files))
		require.NoError(t, err)
		found, err := s.Lookup(key)
		require.NoError(t, err)
		require.Equal(t, made.Sum(), found.Sum())
		require.Empty(t, seen[made.Sum()], name)
		seen[made.Sum()] = name
		require.NotEqual(t, made.Sum(), store.NewArtifact(store.Key("another"), made.Files(), store.Contents{}).Sum())
	}
	elsewhere := func(digest string) string {
		return store.NewArtifact(key, []store.File{{Name: "module", Size: 1, Digest: digest}}, store.Contents{}).Sum()
	}
	require.NotEqual(t, elsewhere("sha256:1"), elsewhere("sha256:2"))
	require.Empty(t, elsewhere(""), "what it holds is not known")
}
