package store

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"
)

// Slot waits until fewer pieces of work of a kind are under way in all processes that use the store
// than this one uses processors (GOMAXPROCS, which knows the share of a container), and counts as
// one of them until release is called. Where ctx ends first, the error is its cause.
//
// processors is how many of them the work should use: all for the first piece, half for the second,
// and so on, so that what is under way uses less than three times as many as there are.
func (s *Store) Slot(ctx context.Context, kind string) (processors int, release func(), err error) {
	leave, err := s.locks.acquire(ctx, "slots "+kind) // one goroutine looks for a slot, the others queue
	if err != nil {
		return 0, nil, err
	}
	defer leave()
	dir := filepath.Join(s.dir, "lock")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return 0, nil, writeError(dir, err)
	}
	all := runtime.GOMAXPROCS(0)
	var over func()
	defer func() {
		if over != nil {
			over()
		}
	}()
	for {
		for i := range all {
			file := newFlock(filepath.Join(dir, fmt.Sprintf("%s-%d", fileName(kind), i)))
			if ok, err := file.TryLock(); err != nil {
				return 0, nil, writeError(file.Path(), err)
			} else if ok {
				return max(1, all>>i), func() { _ = file.Unlock() }, nil
			}
			_ = file.Close()
		}
		if over == nil {
			over = s.hooks.wait("a processor to " + kind)
		}
		select {
		case <-time.After(poll):
		case <-ctx.Done():
			return 0, nil, context.Cause(ctx)
		}
	}
}
