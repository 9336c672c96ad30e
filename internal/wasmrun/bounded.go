package wasmrun

import (
	"io/fs"
	"slices"
	"sync/atomic"

	wasys "github.com/tetratelabs/wazero/experimental/sys"
	"github.com/tetratelabs/wazero/sys"
)

// bounded is a place whose open files are counted, and whose paths are no longer than a system's:
// a module's may have the length of its memory, and parts without number, each of which is looked
// up.
type bounded struct {
	wasys.FS
	open *atomic.Int32
}

// maxPath is the length of the longest path, in bytes.
const maxPath = 4096

func tooLong(paths ...string) bool {
	return slices.ContainsFunc(paths, func(path string) bool { return len(path) > maxPath })
}

// OpenFile implements [wasys.FS].
func (b bounded) OpenFile(path string, flag wasys.Oflag, perm fs.FileMode) (wasys.File, wasys.Errno) {
	if tooLong(path) {
		return nil, wasys.ENAMETOOLONG
	}
	if b.open.Add(1) > MaxOpen {
		b.open.Add(-1)
		return nil, wasys.EAGAIN // wazero knows nothing that is nearer
	}
	file, errno := b.FS.OpenFile(path, flag, perm)
	if errno != 0 {
		b.open.Add(-1)
		return nil, errno
	}
	one := &counted{File: file, open: b.open}
	if p, ok := file.(wasys.PollableFile); ok {
		return &countedPollable{one, p}, 0
	}
	return one, 0
}

// Lstat implements [wasys.FS].
func (b bounded) Lstat(path string) (sys.Stat_t, wasys.Errno) {
	if tooLong(path) {
		return sys.Stat_t{}, wasys.ENAMETOOLONG
	}
	return b.FS.Lstat(path)
}

// Stat implements [wasys.FS].
func (b bounded) Stat(path string) (sys.Stat_t, wasys.Errno) {
	if tooLong(path) {
		return sys.Stat_t{}, wasys.ENAMETOOLONG
	}
	return b.FS.Stat(path)
}

// Mkdir implements [wasys.FS].
func (b bounded) Mkdir(path string, perm fs.FileMode) wasys.Errno {
	if tooLong(path) {
		return wasys.ENAMETOOLONG
	}
	return b.FS.Mkdir(path, perm)
}

// Chmod implements [wasys.FS].
func (b bounded) Chmod(path string, perm fs.FileMode) wasys.Errno {
	if tooLong(path) {
		return wasys.ENAMETOOLONG
	}
	return b.FS.Chmod(path, perm)
}

// Rename implements [wasys.FS].
func (b bounded) Rename(from, to string) wasys.Errno {
	if tooLong(from, to) {
		return wasys.ENAMETOOLONG
	}
	return b.FS.Rename(from, to)
}

// Rmdir implements [wasys.FS].
func (b bounded) Rmdir(path string) wasys.Errno {
	if tooLong(path) {
		return wasys.ENAMETOOLONG
	}
	return b.FS.Rmdir(path)
}

// Unlink implements [wasys.FS].
func (b bounded) Unlink(path string) wasys.Errno {
	if tooLong(path) {
		return wasys.ENAMETOOLONG
	}
	return b.FS.Unlink(path)
}

// Link implements [wasys.FS].
func (b bounded) Link(from, to string) wasys.Errno {
	if tooLong(from, to) {
		return wasys.ENAMETOOLONG
	}
	return b.FS.Link(from, to)
}

// Symlink implements [wasys.FS].
func (b bounded) Symlink(from, name string) wasys.Errno {
	if tooLong(from, name) {
		return wasys.ENAMETOOLONG
	}
	return b.FS.Symlink(from, name)
}

// Readlink implements [wasys.FS].
func (b bounded) Readlink(path string) (string, wasys.Errno) {
	if tooLong(path) {
		return "", wasys.ENAMETOOLONG
	}
	return b.FS.Readlink(path)
}

// Utimens implements [wasys.FS].
func (b bounded) Utimens(path string, atim, mtim int64) wasys.Errno {
	if tooLong(path) {
		return wasys.ENAMETOOLONG
	}
	return b.FS.Utimens(path, atim, mtim)
}

// counted is an open file.
type counted struct {
	wasys.File
	open   *atomic.Int32
	closed atomic.Bool
}

// Close implements [wasys.File].
func (c *counted) Close() wasys.Errno {
	if c.closed.CompareAndSwap(false, true) {
		c.open.Add(-1)
	}
	return c.File.Close()
}

// countedPollable is an open file that one can wait for.
type countedPollable struct {
	*counted
	pollable
}

type pollable interface {
	wasys.Pollable
	IsNonblock() bool
	SetNonblock(enable bool) wasys.Errno
}
