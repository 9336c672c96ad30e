//go:build unix

package wasmrun

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	wasys "github.com/tetratelabs/wazero/experimental/sys"
)

// swapping puts a link to a place outside where a file or directory was, between its look-up and
// the opening.
type swapping struct {
	wasys.FS
	swap func()
}

func (s swapping) OpenFile(path string, flag wasys.Oflag, perm fs.FileMode) (wasys.File, wasys.Errno) {
	s.swap()
	return s.FS.OpenFile(path, flag, perm)
}

func (s swapping) Utimens(path string, atim, mtim int64) wasys.Errno {
	s.swap()
	return s.FS.Utimens(path, atim, mtim)
}

// TestTimes: times are set of what lies within the directory, each by itself where the other is
// left, and of nothing outside, also when a link is put in the place meanwhile.
func TestTimes(t *testing.T) {
	t.Parallel()
	inside, outside := t.TempDir(), t.TempDir()
	own, secret, link := filepath.Join(inside, "file"), filepath.Join(outside, "file"), filepath.Join(inside, "link")
	then := time.Unix(1_000_000_000, 0)
	for _, file := range []string{own, secret} {
		require.NoError(t, os.WriteFile(file, nil, 0o600))
		require.NoError(t, os.Chtimes(file, then, then))
	}
	require.NoError(t, os.Symlink(secret, link))
	changed := func(file string) time.Time {
		info, err := os.Stat(file)
		require.NoError(t, err)
		return info.ModTime()
	}
	r := NewRooted(inside)
	require.Zero(t, r.Utimens("file", 5e9, wasys.UTIME_OMIT))
	require.Equal(t, then, changed(own))
	require.Zero(t, r.Utimens("./file", wasys.UTIME_OMIT, 5e9))
	require.Equal(t, int64(5), changed(own).Unix())
	require.Zero(t, r.Utimens("file", 0, 0))
	require.Equal(t, int64(0), changed(own).Unix())
	require.Equal(t, wasys.ENOENT, r.Utimens("none", 0, 0))
	require.Equal(t, wasys.EACCES, r.Utimens("link", 0, 0))
	r.FS = swapping{r.FS, func() { require.NoError(t, os.Rename(link, own)) }}
	require.Zero(t, r.Utimens("file", 7e9, 7e9))
	require.Equal(t, then, changed(secret))
}

// TestSwapped: what is opened is what was found within the directory, also when another renames
// links in it meanwhile; nothing outside is read, emptied, made, moved or removed.
func TestSwapped(t *testing.T) {
	t.Parallel()
	for name, flag := range map[string]wasys.Oflag{
		"read": wasys.O_RDONLY, "write": wasys.O_RDWR, "empty": wasys.O_WRONLY | wasys.O_TRUNC, "create": wasys.O_WRONLY | wasys.O_CREAT | wasys.O_TRUNC,
	} {
		for _, swapped := range []string{"file", "dir"} {
			t.Run(name+" "+swapped, func(t *testing.T) {
				t.Parallel()
				inside, outside := t.TempDir(), t.TempDir()
				secret := filepath.Join(outside, "file")
				require.NoError(t, os.WriteFile(secret, []byte("secret"), 0o600))
				require.NoError(t, os.Mkdir(filepath.Join(inside, "dir"), 0o700))
				require.NoError(t, os.WriteFile(filepath.Join(inside, "dir", "file"), []byte("own"), 0o600))
				place, target := filepath.Join(inside, "dir"), outside
				if swapped == "file" {
					place, target = filepath.Join(inside, "dir", "file"), secret
				}
				require.NoError(t, os.Symlink(target, filepath.Join(inside, "link")))
				r := NewRooted(inside)
				file, errno := r.OpenFile("dir/file", wasys.O_RDWR, 0)
				require.Zero(t, errno)
				require.Zero(t, file.Close())
				r.FS = swapping{r.FS, func() {
					require.NoError(t, os.Rename(place, filepath.Join(inside, "gone")))
					require.NoError(t, os.Rename(filepath.Join(inside, "link"), place))
				}}
				_, errno = r.OpenFile("dir/file", flag, 0o600)
				require.Equal(t, wasys.EACCES, errno)
				for _, errno := range []wasys.Errno{r.Mkdir("dir/made", 0o700), r.Rename("dir/file", "mine"), r.Unlink("dir/file"), r.Rmdir("dir/file")} {
					if swapped == "dir" {
						require.Equal(t, wasys.EACCES, errno)
					}
				}
				data, err := os.ReadFile(secret)
				require.NoError(t, err)
				require.Equal(t, "secret", string(data))
				entries, err := os.ReadDir(outside)
				require.NoError(t, err)
				require.Len(t, entries, 1)
			})
		}
	}
}

// TestRootedOpens: files are made, emptied and found as the flags say.
func TestRootedOpens(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r := NewRooted(dir)
	open := func(flag wasys.Oflag) wasys.Errno {
		file, errno := r.OpenFile("a", flag, 0o600)
		if errno == 0 {
			require.Zero(t, file.Close())
		}
		return errno
	}
	require.Equal(t, wasys.ENOENT, open(wasys.O_RDWR))
	require.Zero(t, open(wasys.O_RDWR|wasys.O_CREAT|wasys.O_EXCL))
	require.Equal(t, wasys.EEXIST, open(wasys.O_RDWR|wasys.O_CREAT|wasys.O_EXCL))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "a"), []byte("text"), 0o600))
	require.Zero(t, open(wasys.O_RDWR|wasys.O_CREAT))
	data, err := os.ReadFile(filepath.Join(dir, "a"))
	require.NoError(t, err)
	require.Equal(t, "text", string(data))
	require.Zero(t, open(wasys.O_RDWR|wasys.O_TRUNC))
	data, err = os.ReadFile(filepath.Join(dir, "a"))
	require.NoError(t, err)
	require.Empty(t, data)
	require.Zero(t, r.Mkdir("d", 0o700))
	require.Equal(t, wasys.EEXIST, r.Mkdir("d", 0o700))
	require.Equal(t, wasys.EISDIR, r.Unlink("d"))
	require.Equal(t, wasys.ENOTDIR, r.Rmdir("a"))
	require.Zero(t, r.Rename("a", "d/b"))
	require.Equal(t, wasys.ENOTEMPTY, r.Rmdir("d"))
	require.Zero(t, r.Unlink("d/b"))
	require.Zero(t, r.Rmdir("d"))
	require.Equal(t, wasys.ENOENT, r.Unlink("d"))
}
