package goroutine

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestID: each goroutine has a number of its own, the one that the runtime prints, also where the
// runtime uses the memory of one that has ended for the next.
func TestID(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	seen := map[uint64]bool{}
	for range 50 {
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				id := ID()
				assert.Equal(t, parsed(), id)
				mu.Lock()
				defer mu.Unlock()
				assert.False(t, seen[id])
				seen[id] = true
			})
		}
		wg.Wait()
	}
	assert.Len(t, seen, 1000)
}

// TestPlace: the number is read where the runtime has it, which costs next to nothing.
func TestPlace(t *testing.T) {
	assert.Zero(t, testing.AllocsPerRun(100, func() { ID() }))
}

func BenchmarkID(b *testing.B) {
	for b.Loop() {
		ID()
	}
}
