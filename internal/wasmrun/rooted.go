package wasmrun

import (
	"io/fs"
	"os"
	"path"
	"strings"
	"time"

	wasys "github.com/tetratelabs/wazero/experimental/sys"
	"github.com/tetratelabs/wazero/experimental/sysfs"
	"github.com/tetratelabs/wazero/sys"

	"github.com/loadgo/load/internal/kernelfs"
)

// Rooted is a directory that symbolic links do not lead out of: wazero's own follows them
// everywhere. What changes something is done within an [os.Root]. Files are opened by wazero, and
// have to be those that were found within the root: somebody else, or another instance of the
// module, may put a link in the place of what was looked up.
//
// Files of the kernel's, which may be mounted below the directory later, are not in it: modules run
// in the host's process, whose memory is one of these files.
type Rooted struct {
	wasys.FS
	dir    string
	device uint64 // that it lies on
}

// NewRooted returns a directory by its path.
func NewRooted(dir string) Rooted {
	r := Rooted{FS: sysfs.DirFS(dir), dir: dir}
	if info, err := os.Stat(dir); err == nil {
		r.device = sys.NewStat_t(info).Dev
	}
	return r
}

// within does something in the directory.
func (r Rooted) within(path string, do func(root *os.Root, path string) error) wasys.Errno {
	root, err := os.OpenRoot(r.dir)
	if err != nil {
		return wasys.UnwrapOSError(err)
	}
	defer root.Close()
	if path = strings.TrimSuffix(path, "/"); path == "" {
		path = "."
	}
	err = do(root, path)
	if errno := wasys.UnwrapOSError(err); errno != wasys.EIO {
		return errno
	}
	return wasys.EACCES // it leads outside; the system would say something of its own
}

// find looks up a path within the directory; links in its last element are followed where follow is
// set.
func (r Rooted) find(path string, follow bool) (info fs.FileInfo, errno wasys.Errno) {
	errno = r.within(path, func(root *os.Root, path string) (err error) {
		look := root.Lstat
		if follow {
			look = root.Stat
		}
		info, err = look(path)
		return err
	})
	if errno != 0 {
		return nil, errno
	}
	if device := sys.NewStat_t(info).Dev; device != r.device && kernelfs.Has(device) {
		return nil, wasys.EACCES
	}
	return info, 0
}

// change is within for what makes something at a path, or changes or removes what is there.
func (r Rooted) change(name string, do func(root *os.Root, path string) error) wasys.Errno {
	if _, errno := r.find(path.Dir(strings.TrimSuffix(name, "/")), true); errno != 0 {
		return errno
	}
	return r.within(name, do)
}

// check reports whether a path stays within the directory. It need not exist.
func (r Rooted) check(path string, follow bool) wasys.Errno {
	_, errno := r.find(path, follow)
	if errno == wasys.ENOENT {
		return 0
	}
	return errno
}

// OpenFile implements [wasys.FS].
func (r Rooted) OpenFile(path string, flag wasys.Oflag, perm fs.FileMode) (wasys.File, wasys.Errno) {
	follow := flag&wasys.O_NOFOLLOW == 0
	found, errno := r.find(path, follow)
	if errno == wasys.ENOENT && flag&wasys.O_CREAT != 0 {
		errno = r.change(path, func(root *os.Root, path string) error {
			create := os.O_CREATE | os.O_WRONLY
			if flag&wasys.O_EXCL != 0 {
				create |= os.O_EXCL
			}
			file, err := root.OpenFile(path, create, perm)
			if err == nil {
				found, err = file.Stat()
				_ = file.Close()
			}
			return err
		})
		flag &^= wasys.O_EXCL
	}
	if errno != 0 {
		return nil, errno
	}
	truncate := flag&wasys.O_TRUNC != 0
	if flag&wasys.O_EXCL == 0 { // else it is there, which is an error
		flag &^= wasys.O_CREAT | wasys.O_TRUNC
	}
	file, errno := r.FS.OpenFile(path, flag, perm)
	if errno != 0 {
		return nil, errno
	}
	if errno = isSame(file, found); errno == 0 && truncate {
		errno = file.Truncate(0)
	}
	if errno != 0 {
		_ = file.Close()
		return nil, errno
	}
	return file, 0
}

// isSame refuses an open file that is another one than was found.
func isSame(file wasys.File, found fs.FileInfo) wasys.Errno {
	opened, errno := file.Stat()
	want := sys.NewStat_t(found)
	if errno == 0 && (opened.Dev != want.Dev || opened.Ino != want.Ino) && want.Ino != 0 { // some systems know none by the name
		return wasys.EACCES
	}
	return errno
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
	return r.change(path, func(root *os.Root, path string) error { return root.Mkdir(path, perm) })
}

// Chmod implements [wasys.FS].
func (r Rooted) Chmod(path string, perm fs.FileMode) wasys.Errno {
	if errno := r.check(path, true); errno != 0 {
		return errno
	}
	return r.change(path, func(root *os.Root, path string) error { return root.Chmod(path, perm) })
}

// Rename implements [wasys.FS].
func (r Rooted) Rename(from, to string) wasys.Errno {
	return r.change(from, func(root *os.Root, from string) error { return root.Rename(from, strings.TrimSuffix(to, "/")) })
}

// Rmdir implements [wasys.FS].
func (r Rooted) Rmdir(path string) wasys.Errno { return r.remove(path, true, wasys.ENOTDIR) }

// Unlink implements [wasys.FS].
func (r Rooted) Unlink(path string) wasys.Errno { return r.remove(path, false, wasys.EISDIR) }

// remove removes a directory, or what is none.
func (r Rooted) remove(path string, isDir bool, other wasys.Errno) wasys.Errno {
	info, errno := r.find(path, false)
	switch {
	case errno != 0:
		return errno
	case info.IsDir() != isDir:
		return other
	}
	return r.within(path, func(root *os.Root, path string) error { return root.Remove(path) })
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
	at := func(nanoseconds int64) time.Time {
		if nanoseconds == wasys.UTIME_OMIT {
			return time.Time{} // which leaves it
		}
		return time.Unix(0, nanoseconds)
	}
	if errno := r.check(path, true); errno != 0 {
		return errno
	}
	return r.change(path, func(root *os.Root, path string) error { return root.Chtimes(path, at(atim), at(mtim)) })
}
