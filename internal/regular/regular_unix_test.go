//go:build unix

package regular_test

import (
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/internal/regular"
)

// TestIrregular: nobody waits for who would write into a pipe, or reads a device without end.
func TestIrregular(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("", "r") // a socket's name is short
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	require.NoError(t, syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o600))
	require.NoError(t, os.Symlink("pipe", filepath.Join(dir, "link")))
	require.NoError(t, os.Symlink("/dev/zero", filepath.Join(dir, "device")))
	require.NoError(t, os.Mkdir(filepath.Join(dir, "directory"), 0o700))
	l, err := net.Listen("unix", filepath.Join(dir, "socket"))
	require.NoError(t, err)
	defer l.Close()
	for way, read := range readers(t, dir) {
		for _, name := range []string{"pipe", "link", "device", "directory", "socket"} {
			_, err := read(name)
			switch {
			case name == "device" && way == "ReadIn": // a root lets nothing out
				assert.ErrorContains(t, err, "path escapes from parent")
			case name == "directory" && way == "DirFS.Open":
				assert.ErrorIs(t, err, syscall.EISDIR)
			default:
				assert.ErrorIs(t, err, regular.Err, "%s %s", way, name)
			}
		}
	}
}

// TestIrregularMeanwhile: what becomes a pipe between the look and the opening is not waited for.
func TestIrregularMeanwhile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file, pipe, name := filepath.Join(dir, "file"), filepath.Join(dir, "pipe"), filepath.Join(dir, "name")
	require.NoError(t, os.WriteFile(file, []byte("text"), 0o600))
	require.NoError(t, syscall.Mkfifo(pipe, 0o600))
	for i := range 2000 {
		to := file
		if i%2 == 1 {
			to = pipe
		}
		done := make(chan error, 1)
		go func() {
			_ = os.Remove(name)
			done <- os.Symlink(to, name)
		}()
		if data, err := regular.Read(name, 1<<20); err == nil {
			require.Equal(t, "text", string(data))
		}
		require.NoError(t, <-done)
	}
}
