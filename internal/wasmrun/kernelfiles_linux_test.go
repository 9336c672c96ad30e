package wasmrun

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	wasys "github.com/tetratelabs/wazero/experimental/sys"
)

// TestKernelFilesRefused: modules run in the host's process, so that files of procfs are the host's
// own memory, environment and descriptors. No place that is, or holds, such a file system can be
// granted, whatever leads there.
func TestKernelFilesRefused(t *testing.T) {
	t.Parallel()
	link := filepath.Join(t.TempDir(), "link")
	require.NoError(t, os.Symlink("/proc/self", link))
	for dir, mounted := range map[string]string{
		"/": "", "/proc": "proc", "/proc/self": "proc", "/proc/self/task": "proc", link: "proc", link + "/fd": "proc", "/proc/../proc": "proc",
	} {
		field, reason := BadDirectory(nil, []string{dir})
		assert.Equal(t, "ReadWrite", field, dir)
		assert.Contains(t, reason, dir+" cannot be granted: "+mounted, dir)
		assert.Contains(t, reason, " is mounted at /", dir)
		assert.Contains(t, reason, "whose files are the kernel's; grant the directories that are needed", dir)
		field, _ = BadDirectory([]string{dir}, nil)
		assert.Equal(t, "ReadOnly", field, dir)
	}
	dir := t.TempDir()
	_, reason := BadDirectory([]string{dir}, []string{dir})
	assert.Empty(t, reason)
}

// TestLaterKernelFiles: what is mounted below a granted directory later is out of reach, too. Here
// the directory is one that cannot be granted, as it would be after the mount.
func TestLaterKernelFiles(t *testing.T) {
	t.Parallel()
	r := NewRooted("/")
	for _, path := range []string{"proc/self/environ", "proc/self/mem", "proc/self/fd", "proc", "proc/./self/../self/maps", "dev/../proc/self/stat"} {
		for _, flag := range []wasys.Oflag{wasys.O_RDONLY, wasys.O_RDWR, wasys.O_RDONLY | wasys.O_NOFOLLOW, wasys.O_WRONLY | wasys.O_TRUNC, wasys.O_RDWR | wasys.O_CREAT} {
			_, errno := r.OpenFile(path, flag, 0o600)
			assert.Equal(t, wasys.EACCES, errno, "%s %#x", path, flag)
		}
		_, errno := r.Stat(path)
		assert.Equal(t, wasys.EACCES, errno, path)
		assert.Equal(t, wasys.EACCES, r.Utimens(path, 0, 0), path)
		assert.Equal(t, wasys.EACCES, r.Chmod(path, 0o600), path)
		assert.NotZero(t, r.Unlink(path), path)
	}
	_, errno := r.Readlink("proc/self/exe")
	assert.Equal(t, wasys.EACCES, errno)
	_, errno = r.OpenFile("proc/none", wasys.O_RDWR|wasys.O_CREAT, 0o600)
	assert.Equal(t, wasys.EACCES, errno)
	assert.Equal(t, wasys.EACCES, r.Mkdir("proc/none", 0o700))
	assert.Equal(t, wasys.EACCES, r.Rename("proc/self/comm", "tmp/comm"))
	assert.Equal(t, wasys.EACCES, r.Rmdir("proc/self"))
	file, errno := r.OpenFile("etc", wasys.O_RDONLY, 0)
	require.Zero(t, errno)
	require.Zero(t, file.Close())
}
