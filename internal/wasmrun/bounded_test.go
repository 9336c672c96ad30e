package wasmrun

import (
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	wasys "github.com/tetratelabs/wazero/experimental/sys"
)

// TestLongPaths: no path of a module is looked at that is longer than a system's.
func TestLongPaths(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "file"), nil, 0o600))
	b := bounded{NewRooted(dir), new(atomic.Int32)}
	long := strings.Repeat("./", maxPath) + "file"
	_, open := b.OpenFile(long, wasys.O_RDONLY, 0)
	_, made := b.OpenFile(long+"2", wasys.O_CREAT|wasys.O_RDWR, 0o600)
	_, stat := b.Stat(long)
	_, lstat := b.Lstat(long)
	_, link := b.Readlink(long)
	for what, errno := range map[string]wasys.Errno{
		"open": open, "make": made, "stat": stat, "lstat": lstat, "readlink": link,
		"mkdir": b.Mkdir(long+"2", 0o700), "chmod": b.Chmod(long, 0o600), "times": b.Utimens(long, 0, 0), "rmdir": b.Rmdir(long), "unlink": b.Unlink(long),
		"rename from": b.Rename(long, "other"), "rename to": b.Rename("file", long), "link": b.Link("file", long), "symlink": b.Symlink(long, "other"),
	} {
		assert.Equal(t, wasys.ENAMETOOLONG, errno, what)
	}
	assert.Zero(t, b.open.Load())
	short := strings.Repeat("./", maxPath/8) + "file"
	_, errno := b.Stat(short)
	assert.Zero(t, errno)
}
