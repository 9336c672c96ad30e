// Package store keeps installed sources, what is known about them, and compiled artifacts in a
// directory that many processes share:
//
//	mod/        Go modules, in the layout of the go command's module cache
//	installed/  a record of each installed package, version and build target, by the records' format
//	src/        trees of other sources, each under its sum
//	sources/    a record of each of their names, by the records' format
//	obj/        artifacts, each under the key of what it was made from
//	releases.json  the releases of toolchains that made them
//	direct/     repositories that Go modules were brought from directly
//	lock/       file locks
//	live/       what living processes use
//	tmp/        work in progress; what dead processes left is swept
//	empty/      a directory that stays empty
//
// Everything appears in it as a whole or not at all, however a process ends, and is verified when
// it is read back.
//
//	s, err := store.Open("/var/cache/modules")
//	l, err := standard.New(load.Config{Store: s})
package store

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// Store is an open store. It is safe for concurrent use, also by several processes on one
// directory, and holds nothing that would have to be closed.
type Store struct {
	*opened
	hooks Hooks
}

// opened is what all views of one store share.
type opened struct {
	dir   string
	locks localLocks
	sweep sync.Once
	live  live
}

// Hooks hear what happens in a store. What is nil hears nothing.
type Hooks struct {
	// Waiting hears the name of a lock that another process holds, before the store waits for it.
	Waiting func(lock string)
	// Waited hears how long the store waited for it, once that is over.
	Waited func(lock string, took time.Duration)
	// Evicted hears what was wrong with an artifact that is taken out to be made again.
	Evicted func(damaged *DamagedError)
}

// Telling returns the same store, of which everything that is done through the result tells hooks;
// what hooks leave nil goes on to tell those of s.
func (s *Store) Telling(hooks Hooks) *Store {
	if hooks.Waiting == nil {
		hooks.Waiting = s.hooks.Waiting
	}
	if hooks.Waited == nil {
		hooks.Waited = s.hooks.Waited
	}
	if hooks.Evicted == nil {
		hooks.Evicted = s.hooks.Evicted
	}
	return &Store{opened: s.opened, hooks: hooks}
}

// wait tells the hooks of a wait that begins, and returns what is called when it is over.
func (h Hooks) wait(lock string) (over func()) {
	if h.Waiting != nil {
		h.Waiting(lock)
	}
	if h.Waited == nil {
		return func() {}
	}
	began := time.Now()
	return func() { h.Waited(lock, time.Since(began)) }
}

// DefaultDir returns the directory of the user's own store, "load" in [os.UserCacheDir]. The error
// is a [*DirError].
func DefaultDir() (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", &DirError{Reason: "there is no default place for the store: " + err.Error(), Fix: setDir, Err: err}
	}
	return filepath.Join(cache, "load"), nil
}

// Open opens the store in a directory, or in [DefaultDir] where dir is "". A directory that does
// not exist is made, for its owner only. One that somebody else could write to, as a whole or in
// one of the directories that are listed above, is refused with a [*DirError]: what is in the store
// gets executed. An existing store that cannot be written to opens all the same, and serves what is
// in it.
func Open(dir string) (*Store, error) {
	if dir == "" {
		var err error
		if dir, err = DefaultDir(); err != nil {
			return nil, err
		}
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, &DirError{Dir: dir, Reason: err.Error(), Fix: setDir, Err: err}
	}
	info, err := os.Stat(dir)
	if errors.Is(err, fs.ErrNotExist) {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, writeError(dir, err)
		}
		info, err = os.Stat(dir)
	}
	if err != nil {
		return nil, &DirError{Dir: dir, Reason: errors.Unwrap(err).Error(), Fix: setDir, Err: err}
	}
	if !info.IsDir() {
		return nil, &DirError{Dir: dir, Reason: "it is not a directory", Fix: setDir}
	}
	if err := checkOwner(dir, info); err != nil {
		return nil, err
	}
	s := &Store{opened: &opened{dir: dir}}
	for _, name := range dirs {
		inner := filepath.Join(dir, name)
		info, err := os.Stat(inner)
		if err == nil {
			err = checkOwner(inner, info)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, unreadable(s.dir, err)
		}
	}
	for _, inner := range []string{s.ModDir(), s.recordsDir(), s.srcDir(), s.sourceRecordDir(), s.objDir()} {
		if opened, err := os.Open(inner); err == nil {
			info, err := opened.Stat()
			_ = opened.Close()
			if err == nil {
				err = checkOwner(inner, info)
			}
			if err != nil {
				return nil, unreadable(s.dir, err)
			}
		} else if errors.Is(err, fs.ErrPermission) {
			return nil, unreadable(s.dir, err)
		}
	}
	// A read-only store may lack the directory; the code that needs it finds that out.
	_ = os.Mkdir(s.EmptyDir(), 0o555)
	return s, nil
}

// dirs are the directories in a store.
var dirs = []string{"mod", "installed", "src", "sources", "obj", "lock", "live", "tmp", "empty", "sumdb", "direct"}

// Dir returns the store's absolute directory.
func (s *Store) Dir() string { return s.dir }

// ModDir returns the directory that holds Go modules in the layout of the go command's module
// cache. It may not exist yet.
func (s *Store) ModDir() string { return filepath.Join(s.dir, "mod") }

// DirectDir returns the directory for the repositories that Go modules are brought from directly.
// Its users set its time then; it is removed when nobody did for long. It may not exist yet.
func (s *Store) DirectDir() string { return filepath.Join(s.dir, "direct") }

// EmptyDir returns a directory that is always empty and that nobody may write to: a working
// directory for what needs none.
func (s *Store) EmptyDir() string { return filepath.Join(s.dir, "empty") }

func (s *Store) objDir() string { return filepath.Join(s.dir, "obj") }
func (s *Store) tmpDir() string { return filepath.Join(s.dir, "tmp") }

// Key returns the key of the artifact that is made from the parts: a sum over them and their
// lengths, so that no two lists of parts share a key.
func Key(parts ...string) string {
	h := sha256.New()
	var length [8]byte
	for _, part := range parts {
		binary.BigEndian.PutUint64(length[:], uint64(len(part)))
		h.Write(length[:])
		h.Write([]byte(part))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// checkKey keeps a key that did not come from [Key] from leading anywhere else.
func checkKey(key string) error {
	if len(key) != 2*sha256.Size {
		return fmt.Errorf("invalid artifact key %q", key)
	}
	for _, c := range []byte(key) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return fmt.Errorf("invalid artifact key %q", key)
		}
	}
	return nil
}
