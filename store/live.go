package store

import (
	"bytes"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gofrs/flock"

	"github.com/loadgo/load/internal/failpoint"
)

// live tells other processes what this one uses. Each has a file below live/, whose lock says that
// it lives, and adds a line before it looks a thing up. The files are numbered, and those of
// processes that ended are taken again: what the new one uses stands before a last line, and behind
// that what the old one left, because cutting it off would take as long as the rest of a look-up.
// The zero live is ready.
type live struct {
	mu   sync.Mutex
	held int // times that Hold was called and not released
	lock *flock.Flock
	file *os.File // nil where the store cannot be written to
	size int64    // of the lines before the last
	used map[string]bool
}

// lastLine ends what a process uses.
const lastLine = "end"

// touchAfter is how old the time of last use may be before it is written again.
const touchAfter = time.Hour

func (s *Store) liveDir() string { return filepath.Join(s.dir, "live") }

// use says that this process uses things from now on, before it looks whether they are there; the
// time of each path tells when the thing was used last. A store that cannot be written to has
// nobody to remove things.
func (s *Store) use(things, paths []string) {
	s.live.mu.Lock()
	defer s.live.mu.Unlock()
	if s.live.used == nil {
		s.live.used = make(map[string]bool)
		s.live.start(s.liveDir())
		_ = failpoint.Hit("store.live.started")
	}
	var lines strings.Builder
	for i, thing := range things {
		if s.live.used[thing] {
			continue
		}
		s.live.used[thing] = true
		lines.WriteString(thing + "\n")
		// A time in the future is that of a clock that was wrong: left alone, it would keep the
		// thing for as long.
		if info, err := os.Stat(paths[i]); err == nil && time.Since(info.ModTime()).Abs() > touchAfter {
			now := time.Now()
			_ = os.Chtimes(paths[i], now, now)
		}
	}
	if s.live.file != nil && lines.Len() > 0 {
		_, _ = s.live.file.WriteAt([]byte(lines.String()+lastLine+"\n"), s.live.size)
		s.live.size += int64(lines.Len())
		_ = failpoint.Hit("store.live.told")
	}
}

// Hold keeps what is used from now on from being collected until release is called, which may be
// done any number of times. Each loader holds its store. When nothing holds it any more, what was
// used may be collected. Without a Hold, that is when the process ends.
func (s *Store) Hold() (release func()) {
	l := &s.live
	l.mu.Lock()
	defer l.mu.Unlock()
	l.held++
	return sync.OnceFunc(func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.held--; l.held == 0 {
			l.end()
		}
	})
}

// end gives the file back. It is called with mu held.
func (l *live) end() {
	if l.file != nil {
		_ = l.file.Close()
		_ = l.lock.Close() // unlocks
	}
	l.file, l.lock, l.size, l.used = nil, nil, 0, nil
}

// start takes a file that no living process has.
func (l *live) start(dir string) {
	for try := range liveTries {
		path := filepath.Join(dir, strconv.Itoa(livePlace(try)))
		lock := newFlock(path)
		ok, err := lock.TryLock()
		if errors.Is(err, fs.ErrNotExist) && os.Mkdir(dir, 0o700) == nil {
			ok, err = lock.TryLock()
		}
		if err != nil {
			return
		}
		if ok {
			if l.file, err = os.OpenFile(path, os.O_WRONLY|openFlags, 0o600); err != nil {
				_ = lock.Close()
				l.file = nil
				return
			}
			l.lock = lock
			return
		}
		_ = lock.Close()
	}
}

// liveTries is how many places are tried: in the end among a million, so that one is free.
const liveTries = 80

// livePlace returns the place to try: those of a few processes in order, and then any among ever
// more, so that of a thousand processes each finds one in a few tries.
func livePlace(try int) int {
	const inOrder = 4
	if try < inOrder {
		return try
	}
	return rand.IntN(inOrder << (try / inOrder))
}

// inUse returns what living processes use.
func (s *Store) inUse() (map[string]bool, error) {
	used := make(map[string]bool)
	err := s.living("", func(lines []byte) {
		for line := range bytes.Lines(lines) {
			used[string(bytes.TrimSuffix(line, []byte("\n")))] = true
		}
	})
	return used, err
}

// uses reports whether a living process uses a thing. It only looks for that, and knows what this
// process uses: of ten thousand things that are removed, each is looked for among what may be as
// many.
func (s *Store) uses(thing string) (used bool, err error) {
	s.live.mu.Lock()
	used, own := s.live.used[thing], ""
	if s.live.lock != nil {
		own = s.live.lock.Path()
	}
	s.live.mu.Unlock()
	if used {
		return true, nil
	}
	line := []byte(thing + "\n")
	err = s.living(own, func(lines []byte) {
		used = used || bytes.HasPrefix(lines, line) || bytes.Contains(lines, append([]byte("\n"), line...))
	})
	return used, err
}

// living calls f with the lines of each file but one in which a living process tells what it uses.
func (s *Store) living(but string, f func(lines []byte)) error {
	entries, err := os.ReadDir(s.liveDir())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, entry := range entries {
		name := filepath.Join(s.liveDir(), entry.Name())
		if name == but {
			continue
		}
		lock := newFlock(name)
		ok, err := lock.TryLock()
		_ = lock.Close() // unlocks
		if err == nil && ok {
			continue
		}
		data, err := ReadFile(name, maxRecord)
		if isBad(err) {
			continue // not made by a process that uses the store
		}
		if err != nil {
			return err
		}
		end := []byte(lastLine + "\n")
		if bytes.HasPrefix(data, end) {
			continue
		}
		if before, _, ok := bytes.Cut(data, append([]byte("\n"), end...)); ok {
			data = data[:len(before)+1]
		}
		f(data)
	}
	return nil
}
