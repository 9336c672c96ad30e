//go:build unix

package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// checkOwner refuses a directory that anybody but the user or the superuser can write to.
func checkOwner(dir string, info fs.FileInfo) error {
	err := foreign(info)
	if err == nil {
		return nil
	}
	fix := setDir
	if st, ok := info.Sys().(*syscall.Stat_t); ok && trusted(st) {
		fix = "run chmod go-w " + dir + ", or " + setDir
	}
	return &DirError{Dir: dir, Reason: err.Error(), Fix: fix}
}

// foreign tells, by a [fileError], of a file or directory that anybody but the user or the
// superuser can write to.
func foreign(info fs.FileInfo) error {
	if st, ok := info.Sys().(*syscall.Stat_t); ok && !trusted(st) {
		return fileError(fmt.Sprintf("it is owned by another user (uid %d)", st.Uid))
	}
	if info.Mode().Perm()&0o022 != 0 {
		return fileError(fmt.Sprintf("other users can write to it (mode %#o)", info.Mode().Perm()))
	}
	return nil
}

func trusted(st *syscall.Stat_t) bool { return st.Uid == 0 || int(st.Uid) == os.Geteuid() }

// Full reports whether an error is that of a disk, or of a user's share of it, that has no room
// left.
func Full(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}

// openFlags keep a link from being followed, and a pipe from being waited for.
const openFlags = syscall.O_NOFOLLOW | syscall.O_NONBLOCK

// syncFile brings a file or a directory to the disk.
func syncFile(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	// Some file systems cannot sync a directory and need not.
	if err := f.Sync(); err != nil && !errors.Is(err, syscall.EINVAL) && !errors.Is(err, syscall.ENOTSUP) {
		return err
	}
	return nil
}

// enterable reports whether every user may enter a directory.
func enterable(info fs.FileInfo) bool { return info.Mode().Perm()&0o001 != 0 }
