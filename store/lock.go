package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/gofrs/flock"

	"github.com/loadgo/load/internal/failpoint"
)

// poll is how often a lock that another process holds is tried again.
const poll = 5 * time.Millisecond

// Lock waits for the named lock, which one goroutine of one process holds at a time. Any string is
// a name. The lock ends with unlock, which may be called more than once, or with the process. Where
// ctx ends first, the error is a [*LockError] with its cause.
func (s *Store) Lock(ctx context.Context, name string) (unlock func(), err error) {
	release, err := s.locks.acquire(ctx, name)
	if err != nil {
		return nil, err
	}
	file, err := s.lockFile(ctx, name)
	if err != nil {
		release()
		return nil, err
	}
	_ = failpoint.Hit("store.locked")
	return sync.OnceFunc(func() {
		_ = file.Unlock() // closes the file, which ends the lock in any case
		release()
	}), nil
}

func (s *Store) lockFile(ctx context.Context, name string) (*flock.Flock, error) {
	dir := filepath.Join(s.dir, "lock")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, writeError(dir, err)
	}
	path := filepath.Join(dir, lockName(name))
	file := newFlock(path)
	ok, err := file.TryLock()
	if err == nil && !ok {
		over := s.hooks.wait(name)
		ok, err = file.TryLockContext(ctx, poll)
		over()
	}
	if ok && err == nil {
		return file, nil
	}
	_ = file.Close()
	if ctx.Err() != nil {
		return nil, &LockError{Name: name, Path: path, PID: holder(path), Err: context.Cause(ctx)}
	}
	return nil, writeError(path, err)
}

// newFlock is the lock of a file, which is made where it is not there. It does not wait for a pipe
// in its place.
func newFlock(path string) *flock.Flock {
	return flock.New(path, flock.SetFlag(os.O_CREATE|os.O_RDONLY|openFlags))
}

// lockName makes a file name of any string: what can be read of it, and a sum that tells it from
// others.
func lockName(name string) string {
	sum := sha256.Sum256([]byte(name))
	return fileName(name) + "-" + hex.EncodeToString(sum[:8])
}

// fileName keeps what is harmless in a file name on every system, up to a length.
func fileName(s string) string {
	return strings.Map(func(r rune) rune {
		if 'a' <= r && r <= 'z' || '0' <= r && r <= '9' || r == '.' || r == '_' {
			return r
		}
		return '-'
	}, s[:min(len(s), 80)])
}

// localLocks are named locks within the process. They come before the file locks: goroutines then
// queue here, in order and without polling, and one of them tries the file. The zero value is
// ready.
type localLocks struct {
	mu    sync.Mutex
	locks map[string]*localLock
}

type localLock struct {
	held  chan struct{} // holds an element while the lock is held
	users int           // who hold it or wait for it; guarded by localLocks.mu
}

func (l *localLocks) acquire(ctx context.Context, name string) (release func(), err error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	l.mu.Lock()
	lock := l.locks[name]
	if lock == nil {
		lock = &localLock{held: make(chan struct{}, 1)}
		if l.locks == nil {
			l.locks = make(map[string]*localLock)
		}
		l.locks[name] = lock
	}
	lock.users++
	l.mu.Unlock()

	leave := func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if lock.users--; lock.users == 0 {
			delete(l.locks, name)
		}
	}
	select {
	case lock.held <- struct{}{}:
		return func() { <-lock.held; leave() }, nil
	case <-ctx.Done():
		leave()
		return nil, context.Cause(ctx)
	}
}
