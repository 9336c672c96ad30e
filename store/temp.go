package store

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"github.com/loadgo/load/internal/failpoint"
)

// Temp makes an empty private directory on the store's own file system, from which a finished piece
// of work can be renamed to its place. What is a word for messages and names. The caller calls
// remove when done, also after the directory was renamed away; directories of processes that died
// are swept by the next process that needs one.
func (s *Store) Temp(what string) (dir string, remove func(), err error) {
	s.sweep.Do(s.sweepTemp)
	if err := os.MkdirAll(s.tmpDir(), 0o700); err != nil {
		return "", nil, writeError(s.tmpDir(), err)
	}
	// A sweeper can meet the directory before it is locked, and take it: then try another.
	for range 100 {
		var gone bool
		dir, remove, gone, err = s.tryTemp(what)
		if !gone {
			break
		}
	}
	return dir, remove, writeError(s.tmpDir(), err)
}

// tryTemp makes <parent>/dir beside <parent>/lock, whose lock says that its owner lives.
func (s *Store) tryTemp(what string) (dir string, remove func(), gone bool, err error) {
	parent, err := os.MkdirTemp(s.tmpDir(), fileName(what)+"-")
	if err != nil {
		return "", nil, false, err
	}
	_ = failpoint.Hit("store.temp.made")
	lock := newFlock(filepath.Join(parent, "lock"))
	ok, err := lock.TryLock()
	if err == nil && ok {
		dir = filepath.Join(parent, "dir")
		err = errors.Join(os.Mkdir(dir, 0o700), failpoint.Hit("store.temp.locked"))
	}
	if err != nil || !ok {
		_ = lock.Close()
		_ = os.RemoveAll(parent)
		return "", nil, err == nil || errors.Is(err, fs.ErrNotExist), err
	}
	return dir, sync.OnceFunc(func() {
		removeAll(dir)
		_ = failpoint.Hit("store.temp.emptied")
		_ = lock.Unlock()
		removeAll(parent)
	}), false, nil
}

// sweepTemp removes the temporary directories that no living process holds.
func (s *Store) sweepTemp() {
	entries, err := os.ReadDir(s.tmpDir())
	if err != nil {
		return
	}
	for _, entry := range entries {
		if !entry.IsDir() {
			continue // nothing that Temp made
		}
		parent := filepath.Join(s.tmpDir(), entry.Name())
		lock := newFlock(filepath.Join(parent, "lock"))
		if ok, err := lock.TryLock(); err != nil || !ok {
			_ = lock.Close()
			continue
		}
		// Under its new name nobody who is just making the directory can put anything into it.
		dead := parent + ".dead"
		if os.Rename(parent, dead) == nil {
			_ = failpoint.Hit("store.temp.dead")
			removeAll(dead)
		}
		_ = lock.Unlock()
	}
}

// removeAll removes a tree, also one with read-only directories. What stays is swept later.
func removeAll(dir string) {
	if os.RemoveAll(dir) == nil {
		return
	}
	_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			_ = os.Chmod(path, 0o700)
		}
		return nil
	})
	_ = os.RemoveAll(dir)
}
