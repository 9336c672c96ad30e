package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

const (
	setDir    = "set LOAD_DIR (or Config.Store) to a directory of your own"
	freeSpace = "run `load gc`, free space on the disk, or set LOAD_DIR (or Config.Store) to a directory on another disk"
)

// DirError reports a directory that is no place for a store.
type DirError struct {
	Dir    string // "" if there is no directory to name
	Reason string
	Fix    string // what the user can do
	Err    error  // the cause below, or nil
}

func (e *DirError) Error() string {
	s := e.Reason
	if e.Dir != "" {
		s = "store " + e.Dir + ": " + s
	}
	return s + "\n\t" + e.Fix
}

func (e *DirError) Unwrap() error { return e.Err }

// WriteError reports a store that something cannot be added to or removed from: it is read-only, or
// its disk is full. What was in it before is still good.
type WriteError struct {
	Path string
	Fix  string // what the user can do
	Err  error  // the system's error
}

func (e *WriteError) Error() string {
	return fmt.Sprintf("store: write %s: %v\n\t%s", e.Path, e.Err, e.Fix)
}

func (e *WriteError) Unwrap() error { return e.Err }

// NewWriteError makes a [*WriteError] of an error of the file system, for those who write into the
// store by themselves; path counts where the error names none. A nil error stays nil.
func NewWriteError(path string, err error) error { return writeError(path, err) }

// LockError reports a lock that another process held for longer than the caller wanted to wait.
type LockError struct {
	Name string // of the lock
	Path string // of its file
	PID  int    // of the process that held it, 0 where that is not known
	Err  error  // why the caller waits no longer: the context's cause
}

func (e *LockError) Error() string {
	who := "another process"
	if e.PID != 0 {
		who = fmt.Sprintf("process %d", e.PID)
	}
	return fmt.Sprintf("%s holds the lock %s: %v", who, e.Path, e.Err)
}

func (e *LockError) Unwrap() error { return e.Err }

// writeError gives an error of writing to path its remedy, where it has one.
func writeError(path string, err error) error {
	var known *WriteError
	if err == nil || errors.As(err, &known) {
		return err
	}
	cause := err
	var pathErr *fs.PathError
	var linkErr *os.LinkError
	switch {
	case errors.As(err, &pathErr):
		path, cause = pathErr.Path, pathErr.Err
	case errors.As(err, &linkErr):
		path, cause = linkErr.New, linkErr.Err
	}
	fix := setDir
	switch {
	case Full(err):
		fix = freeSpace
	case errors.Is(err, fs.ErrPermission):
		fix = setDir + ", or let the user who owns it run `load get`"
	}
	return &WriteError{Path: path, Fix: fix, Err: cause}
}

// unreadable says of an error that it is the store in a directory that this user cannot read;
// another error stays as it is.
func unreadable(dir string, err error) error {
	var known *DirError
	if !errors.Is(err, fs.ErrPermission) || errors.As(err, &known) {
		return err
	}
	return &DirError{Dir: dir, Reason: "it cannot be read by this user: " + err.Error(), Fix: "let its owner run chmod -R a+rX " + dir + ", or " + setDir, Err: err}
}

// DamagedError reports an artifact that is not what was put into the store. [Store.Evict] makes
// room to build it again.
type DamagedError struct {
	Key    string
	File   string // the file within the artifact; "" for the artifact as a whole
	Reason string
}

func (e *DamagedError) Error() string {
	s := "artifact " + e.Key[:min(12, len(e.Key))] + " is damaged: "
	if e.File != "" {
		s += e.File + ": "
	}
	return s + e.Reason
}

// MemoryError reports that the system keeps no program in memory, where one is to start without
// lying in a directory.
type MemoryError struct {
	Fix string // what the user can do
	Err error  // the system's error
}

func (e *MemoryError) Error() string {
	return fmt.Sprintf("a program cannot be kept in memory: %v\n\t%s", e.Err, e.Fix)
}

func (e *MemoryError) Unwrap() error { return e.Err }
