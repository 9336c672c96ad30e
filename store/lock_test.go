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
	"time"

	"github.com/loadgo/load/store"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestLockHammer locks from many goroutines through two stores on one directory, as two processes
// would.
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
				if !assert.NoError(t, err) {
					return
				}
				n := inside[which].Add(1)
				assert.Equal(t, int32(1), n, names[which])
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
	require.NoError(t, err)
	cause := errors.New("changed my mind")
	ctx, cancel := context.WithCancelCause(t.Context())
	var waited []string
	mine = mine.Telling(store.Hooks{Waiting: func(lock string) { waited = append(waited, lock); cancel(cause) }})
	_, err = mine.Lock(ctx, "work")
	var held *store.LockError
	require.ErrorAs(t, err, &held)
	require.ErrorIs(t, err, cause)
	who := "another process"
	if runtime.GOOS == "linux" {
		who = fmt.Sprintf("process %d", os.Getpid())
	}
	want := who + " holds the lock " + held.Path + ": changed my mind"
	assert.Equal(t, want, err.Error())
	assert.Equal(t, filepath.Join(mine.Dir(), "lock"), filepath.Dir(held.Path))
	require.Len(t, waited, 1)
	assert.Equal(t, "work", waited[0])
	_, err = theirs.Lock(ctx, "work")
	assert.ErrorIsf(t, err, cause, "within the process: got %v, want the context's cause", err)
	waited = nil
	mine = mine.Telling(store.Hooks{Waiting: func(string) { unlock() }, Waited: func(lock string, took time.Duration) {
		assert.Positive(t, took)
		waited = append(waited, lock)
	}})
	unlock, err = mine.Lock(t.Context(), "work")
	require.NoError(t, err)
	assert.Equal(t, []string{"work"}, waited)
	unlock()
}
