// Package lock reads the lock file of a loader as it is on disk, and changes it while no other
// process does.
package lock

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/lockfile"
	"github.com/loadgo/load/store"
)

// File is the lock file of a loader. The zero File is none.
type File struct {
	Path string // absolute, "" for none
	Base string // its name, for messages

	mu   sync.Mutex
	file *lockfile.File
	info fs.FileInfo // of the file that was read, nil where there was none
}

// Init names the file; "" leaves it none.
func (k *File) Init(path string) (err error) {
	if path == "" {
		return nil
	}
	k.Base = filepath.Base(path)
	k.Path, err = filepath.Abs(path)
	return err
}

// Read returns the contents of the lock file, which the caller does not change. It is read again
// when it was changed on disk.
func (k *File) Read() (*lockfile.File, error) {
	if k.Path == "" {
		return &lockfile.File{}, nil
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	info, err := os.Stat(k.Path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		k.file, k.info = &lockfile.File{}, nil
		return k.file, nil
	case err != nil:
		return nil, unreadable(err)
	case k.info != nil && os.SameFile(info, k.info) && info.ModTime().Equal(k.info.ModTime()) && info.Size() == k.info.Size():
		return k.file, nil
	}
	file, err := lockfile.Read(k.Path)
	if err != nil {
		return nil, unreadable(err)
	}
	k.file, k.info = file, info
	return file, nil
}

// unreadable says which setting names a file that cannot be read. One that can be read and is no
// lock file says so itself.
func unreadable(err error) error {
	var path *fs.PathError
	if !errors.As(err, &path) {
		return err
	}
	return &engine.ConfigError{Setting: "Config.LockFile", Reason: err.Error(), Err: err}
}

// Change reads the lock file as it is now, lets f change a copy of it, and writes that, while no
// other process with the same store does. f returns false to leave the file as it is.
func (k *File) Change(ctx context.Context, s *store.Store, f func(*lockfile.File) (bool, error)) error {
	if s != nil {
		unlock, err := s.Lock(ctx, "lock file "+k.Path)
		if err != nil {
			return err
		}
		defer unlock()
	}
	file, err := k.Read()
	if err != nil {
		return err
	}
	file = file.Clone()
	if changed, err := f(file); !changed || err != nil {
		return err
	}
	if err := file.Write(k.Path); err != nil {
		return k.notWritten(err)
	}
	return nil
}

func (k *File) notWritten(err error) error {
	cause, fix := err, "set Config.Frozen where it is not to be changed"
	var file *fs.PathError // of one that is gone again
	if errors.As(err, &file) {
		cause = file.Err
	}
	if store.Full(err) {
		fix = "free space on its disk; it is as it was"
	}
	return &WriteError{Reason: fmt.Sprintf("%s cannot be written: %v\n\t%s", k.Path, cause, fix), Err: err}
}

// WriteError reports a lock file that cannot be written.
type WriteError struct {
	Reason string // with the remedy
	Err    error
}

func (e *WriteError) Error() string { return e.Reason }
func (e *WriteError) Unwrap() error { return e.Err }
