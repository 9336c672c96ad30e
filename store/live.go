package store

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/gofrs/flock"
)

// live tells other processes what this one uses. Each has a file below live/, whose lock says that it lives, and
// adds a line before it looks a thing up. The zero live is ready.
type live struct {
	mu   sync.Mutex
	lock *flock.Flock
	file *os.File
	used map[string]bool
}

// touchAfter is how old the time of last use may be before it is written again.
const touchAfter = time.Hour

func (s *Store) liveDir() string { return filepath.Join(s.dir, "live") }

// use says that this process uses something from now on, before it looks whether it is there; path is the file or
// directory whose time tells when it was used last. A store that cannot be written to has nobody to remove things.
func (s *Store) use(what, path string) {
	s.live.mu.Lock()
	defer s.live.mu.Unlock()
	if s.live.used[what] {
		return
	}
	if s.live.used == nil {
		s.live.used = make(map[string]bool)
		s.live.start(s.liveDir())
	}
	s.live.used[what] = true
	if s.live.file != nil {
		_, _ = s.live.file.WriteString(what + "\n")
	}
	if info, err := os.Stat(path); err == nil && time.Since(info.ModTime()) > touchAfter {
		now := time.Now()
		_ = os.Chtimes(path, now, now)
	}
}

// start makes the process's file. It gets its name once it is locked, so that nobody takes it for a dead one's.
func (l *live) start(dir string) {
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return
	}
	f, err := os.CreateTemp(dir, ".new-")
	if err != nil {
		return
	}
	lock := flock.New(f.Name())
	if ok, err := lock.TryLock(); err != nil || !ok {
		_ = f.Close()
		return
	}
	if err := os.Rename(f.Name(), filepath.Join(dir, strings.TrimPrefix(filepath.Base(f.Name()), ".new-"))); err != nil {
		_ = f.Close()
		_ = lock.Close()
		return
	}
	l.file, l.lock = f, lock
}

// inUse returns what living processes use, and removes the files of dead ones.
func (s *Store) inUse() (map[string]bool, error) {
	used := make(map[string]bool)
	entries, err := os.ReadDir(s.liveDir())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for _, entry := range entries {
		name := filepath.Join(s.liveDir(), entry.Name())
		lock := flock.New(name)
		ok, err := lock.TryLock()
		if err == nil && ok {
			info, err := entry.Info()
			if err == nil && (!strings.HasPrefix(entry.Name(), ".") || time.Since(info.ModTime()) > touchAfter) {
				_ = os.Remove(name)
			}
			_ = lock.Unlock()
			continue
		}
		_ = lock.Close()
		data, err := os.ReadFile(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		for line := range strings.Lines(string(data)) {
			used[strings.TrimSuffix(line, "\n")] = true
		}
	}
	return used, nil
}
