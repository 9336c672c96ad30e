package wasmrun

import (
	"errors"
	"io/fs"
	"os"
	"strings"

	wasys "github.com/tetratelabs/wazero/experimental/sys"
	"github.com/tetratelabs/wazero/experimental/sysfs"
	"github.com/tetratelabs/wazero/sys"
)

// Rooted is a directory that symbolic links do not lead out of: wazero's own follows them
// everywhere. Each
// path is looked up within an [os.Root] first. A module cannot make links, so what was looked up
// stays
// what it is while wazero opens it, but for what others change in the directory.
type Rooted struct {
	wasys.FS
	dir string
}

// NewRooted returns a directory by its path.
func NewRooted(dir string) Rooted { return Rooted{FS: sysfs.DirFS(dir), dir: dir} }

// check reports whether a path stays within the directory; links in its last element are followed
// where
// follow is set.
func (r Rooted) check(path string, follow bool) wasys.Errno {
	root, err := os.OpenRoot(r.dir)
	if err != nil {
		return wasys.UnwrapOSError(err)
	}
	defer root.Close()
	if path = strings.TrimSuffix(path, "/"); path == "" {
		path = "."
	}
	if follow {
		_, err = root.Stat(path)
	} else {
		_, err = root.Lstat(path)
	}
	switch {
	case err == nil || errors.Is(err, fs.ErrNotExist):
		return 0
	case wasys.UnwrapOSError(err) == wasys.EIO: // it leads outside; the system would say something of its own
		return wasys.EACCES
	}
	return wasys.UnwrapOSError(err)
}

// OpenFile implements [wasys.FS].
func (r Rooted) OpenFile(path string, flag wasys.Oflag, perm fs.FileMode) (wasys.File, wasys.Errno) {
	if errno := r.check(path, flag&wasys.O_NOFOLLOW == 0); errno != 0 {
		return nil, errno
	}
	return r.FS.OpenFile(path, flag, perm)
}

// Lstat implements [wasys.FS].
func (r Rooted) Lstat(path string) (sys.Stat_t, wasys.Errno) {
	if errno := r.check(path, false); errno != 0 {
		return sys.Stat_t{}, errno
	}
	return r.FS.Lstat(path)
}

// Stat implements [wasys.FS].
func (r Rooted) Stat(path string) (sys.Stat_t, wasys.Errno) {
	if errno := r.check(path, true); errno != 0 {
		return sys.Stat_t{}, errno
	}
	return r.FS.Stat(path)
}

// Mkdir implements [wasys.FS].
func (r Rooted) Mkdir(path string, perm fs.FileMode) wasys.Errno {
	if errno := r.check(path, false); errno != 0 {
		return errno
	}
	return r.FS.Mkdir(path, perm)
}

// Chmod implements [wasys.FS].
func (r Rooted) Chmod(path string, perm fs.FileMode) wasys.Errno {
	if errno := r.check(path, true); errno != 0 {
		return errno
	}
	return r.FS.Chmod(path, perm)
}

// Rename implements [wasys.FS].
func (r Rooted) Rename(from, to string) wasys.Errno {
	for _, path := range []string{from, to} {
		if errno := r.check(path, false); errno != 0 {
			return errno
		}
	}
	return r.FS.Rename(from, to)
}

// Rmdir implements [wasys.FS].
func (r Rooted) Rmdir(path string) wasys.Errno {
	if errno := r.check(path, false); errno != 0 {
		return errno
	}
	return r.FS.Rmdir(path)
}

// Unlink implements [wasys.FS].
func (r Rooted) Unlink(path string) wasys.Errno {
	if errno := r.check(path, false); errno != 0 {
		return errno
	}
	return r.FS.Unlink(path)
}

// Link implements [wasys.FS]: a module cannot make links.
func (Rooted) Link(string, string) wasys.Errno { return wasys.EPERM }

// Symlink implements [wasys.FS]: a module cannot make links.
func (Rooted) Symlink(string, string) wasys.Errno { return wasys.EPERM }

// Readlink implements [wasys.FS].
func (r Rooted) Readlink(path string) (string, wasys.Errno) {
	if errno := r.check(path, false); errno != 0 {
		return "", errno
	}
	return r.FS.Readlink(path)
}

// Utimens implements [wasys.FS].
func (r Rooted) Utimens(path string, atim, mtim int64) wasys.Errno {
	if errno := r.check(path, true); errno != 0 {
		return errno
	}
	return r.FS.Utimens(path, atim, mtim)
}
