package store_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"

	"github.com/loadgo/load/store"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestReadOnly uses a store as a user who may read it and not write to it.
func TestReadOnly(t *testing.T) {
	t.Parallel()
	s := open(t)
	_, _, err := s.Artifact(t.Context(), key, writing(map[string]string{"module": "contents"}))
	require.NoError(t, err)
	put(t, s, record("example.com/a", "v1.0.0"))
	makeReadOnly(t, s.Dir())

	done := make(chan struct{})
	go func() {
		defer close(done)
		becomeOrdinary(t)
		s, err := store.Open(s.Dir())
		if !assert.NoError(t, err) {
			return
		}
		a, made, err := s.Artifact(t.Context(), key, writing(nil))
		if err != nil || made {
			t.Errorf("made is %v: %v", made, err)
			return
		}
		data, err := a.ReadFile("module")
		assert.NoError(t, err)
		assert.Equal(t, "contents", string(data))
		assert.Equal(t, "v1.0.0", versions(t, s, target, "example.com/a"))
		_, _, artifactErr := s.Artifact(t.Context(), store.Key("other"), writing(nil))
		_, _, tempErr := s.Temp("x")
		for what, err := range map[string]error{
			"artifact": artifactErr,
			"temp":     tempErr,
			"evict":    s.Evict(key),
			"record":   s.PutRecord(record("example.com/a", "v2.0.0")),
			"remove":   s.RemoveRecord(target, "example.com/a", "v1.0.0"),
		} {
			var refused *store.WriteError
			assert.ErrorAs(t, err, &refused, what)
			assert.ErrorIs(t, err, fs.ErrPermission, what)
		}
	}()
	<-done
}

// makeReadOnly takes the right to write from a tree for the time of the test. The tree lies in
// directories that only their owner can enter, so that they have to be opened as well.
func makeReadOnly(t *testing.T, dir string) {
	t.Helper()
	for outer := filepath.Dir(dir); outer != filepath.Clean(os.TempDir()) && os.Geteuid() == 0; outer = filepath.Dir(outer) {
		require.NoError(t, os.Chmod(outer, 0o755))
	}
	set := func(write fs.FileMode) {
		_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err == nil && d.IsDir() {
				return os.Chmod(path, 0o555|write)
			}
			return os.Chmod(path, 0o444|write)
		})
	}
	set(0)
	t.Cleanup(func() { set(0o200) })
}

// becomeOrdinary takes the superuser's file access from the calling goroutine, by its thread, which
// ends with it.
func becomeOrdinary(t *testing.T) {
	if os.Geteuid() != 0 {
		return
	}
	runtime.LockOSThread()
	const nobody = 65534
	_, _, errno := syscall.RawSyscall(syscall.SYS_SETFSUID, nobody, 0, 0)
	assert.Zero(t, errno)
}
