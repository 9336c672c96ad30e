package store_test

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/loadtest"
	"github.com/loadgo/load/store"
)

// TestSlot: however many ask through however many stores of one directory, no more than there are
// processors work at a time, and each gets its turn.
func TestSlot(t *testing.T) {
	t.Parallel()
	dir := loadtest.TempDir(t)
	var now, most, done atomic.Int32
	var wg sync.WaitGroup
	for range 3 {
		s, err := store.Open(dir)
		require.NoError(t, err)
		for range 4 * runtime.GOMAXPROCS(0) {
			wg.Go(func() {
				_, release, err := s.Slot(t.Context(), "work")
				if !assert.NoError(t, err) {
					return
				}
				n := now.Add(1)
				for old := most.Load(); n > old && !most.CompareAndSwap(old, n); old = most.Load() {
				}
				runtime.Gosched()
				done.Add(1)
				now.Add(-1)
				release()
			})
		}
	}
	wg.Wait()
	assert.LessOrEqual(t, int(most.Load()), runtime.GOMAXPROCS(0))
	assert.Equal(t, 12*runtime.GOMAXPROCS(0), int(done.Load()))
}

// TestSlotWait: who waits for a slot says so once, and gives up with its context; kinds do not wait
// for each other. All together get not many more processors than there are.
func TestSlotWait(t *testing.T) {
	t.Parallel()
	s, err := store.Open(loadtest.TempDir(t))
	require.NoError(t, err)
	all := 0
	for range runtime.GOMAXPROCS(0) {
		processors, release, err := s.Slot(t.Context(), "work")
		require.NoError(t, err)
		defer release()
		if all == 0 {
			assert.Equal(t, runtime.GOMAXPROCS(0), processors, "nobody else works")
		}
		assert.Positive(t, processors)
		all += processors
	}
	assert.Less(t, all, 3*runtime.GOMAXPROCS(0))
	ctx, cancel := context.WithCancelCause(t.Context())
	var told []string
	_, _, err = s.Telling(store.Hooks{
		Waiting: func(lock string) {
			told = append(told, lock)
			cancel(assert.AnError)
		},
		Waited: func(lock string, _ time.Duration) { told = append(told, lock) },
	}).Slot(ctx, "work")
	assert.Equal(t, assert.AnError, err)
	assert.Equal(t, []string{"a processor to work", "a processor to work"}, told, "before and after")
	_, release, err := s.Slot(t.Context(), "play")
	require.NoError(t, err)
	release()
}

// TestSlotShare: a process that uses fewer processors than the machine has, as in a container,
// works on no more than these.
func TestSlotShare(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1 + runtime.NumCPU()))
	s, err := store.Open(loadtest.TempDir(t))
	require.NoError(t, err)
	for _, share := range []int{1, 2, 1 + runtime.NumCPU()} {
		runtime.GOMAXPROCS(share)
		var releases []func()
		for n := range share {
			processors, release, err := s.Slot(t.Context(), "work")
			require.NoError(t, err)
			assert.Equal(t, max(1, share>>n), processors)
			releases = append(releases, release)
		}
		ctx, cancel := context.WithCancelCause(t.Context())
		_, _, err = s.Telling(store.Hooks{Waiting: func(string) { cancel(assert.AnError) }}).Slot(ctx, "work")
		assert.Equal(t, assert.AnError, err)
		for _, release := range releases {
			release()
		}
	}
}
