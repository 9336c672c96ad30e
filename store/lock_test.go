package store_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/loadgo/load/store"
)

// TestLockHammer locks from many goroutines through two stores on one directory, as two processes would.
func TestLockHammer(t *testing.T) {
	t.Parallel()
	first := open(t)
	second := openDir(t, first.Dir())
	names := []string{"a", "A", "../../etc", strings.Repeat("long/", 100), ""}
	inside := make([]atomic.Int32, len(names))
	var wg sync.WaitGroup
	for i := range 20 {
		s := first
		if i%2 == 1 {
			s = second
		}
		wg.Go(func() {
			for n := range 10 {
				which := (i + n) % len(names)
				unlock, err := s.Lock(t.Context(), names[which])
				if err != nil {
					t.Error(err)
					return
				}
				if n := inside[which].Add(1); n != 1 {
					t.Errorf("%d hold the lock %.10q", n, names[which])
				}
				inside[which].Add(-1)
				unlock()
				unlock()
			}
		})
	}
	wg.Wait()
}

func TestLockWaits(t *testing.T) {
	t.Parallel()
	mine := open(t)
	theirs := openDir(t, mine.Dir())
	unlock, err := theirs.Lock(t.Context(), "work")
	if err != nil {
		t.Fatal(err)
	}
	cause := errors.New("changed my mind")
	ctx, cancel := context.WithCancelCause(t.Context())
	var waited []string
	mine = mine.Telling(store.Hooks{Waiting: func(lock string) { waited = append(waited, lock); cancel(cause) }})
	_, err = mine.Lock(ctx, "work")
	var held *store.LockError
	if !errors.As(err, &held) || !errors.Is(err, cause) {
		t.Fatalf("got %v, want the context's cause", err)
	}
	who := "another process"
	if runtime.GOOS == "linux" {
		who = fmt.Sprintf("process %d", os.Getpid())
	}
	if want := who + " holds the lock " + held.Path + ": changed my mind"; err.Error() != want || filepath.Dir(held.Path) != filepath.Join(mine.Dir(), "lock") {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	if len(waited) != 1 || waited[0] != "work" {
		t.Errorf("told to wait for %q", waited)
	}
	if _, err := theirs.Lock(ctx, "work"); err != cause {
		t.Errorf("within the process: got %v, want the context's cause", err)
	}
	mine = mine.Telling(store.Hooks{Waiting: func(string) { unlock() }})
	unlock, err = mine.Lock(t.Context(), "work")
	if err != nil {
		t.Fatal(err)
	}
	unlock()
}
