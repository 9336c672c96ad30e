//go:build (linux || darwin) && (amd64 || arm64)

package wasmrun

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestMemories: a memory keeps what it holds when it grows, is zero where it is new, and has its
// bound; one that is reserved stays where it is.
func TestMemories(t *testing.T) {
	const page = 64 << 10
	var m Memories
	defer m.Release()
	kept := m.Allocate(page, 1<<30)
	for _, memory := range []interface{ Reallocate(uint64) []byte }{kept, new(copied)} {
		data := memory.Reallocate(page)
		require.Len(t, data, page)
		data[7], data[page-1] = 1, 2
		grown := memory.Reallocate(1 << 20)
		require.Len(t, grown, 1<<20)
		assert.Equal(t, []byte{1, 2, 0, 0}, []byte{grown[7], grown[page-1], grown[page], grown[1<<20-1]})
		assert.Len(t, memory.Reallocate(1<<20), 1<<20)
		if _, moves := memory.(*copied); !moves {
			assert.Same(t, &data[0], &grown[0])
			assert.Nil(t, memory.Reallocate(1<<30+page))
			assert.Len(t, memory.Reallocate(1<<30), 1<<30)
		}
	}
	assert.NotNil(t, m.Allocate(0, 0).Reallocate(0))
	assert.IsType(t, new(copied), m.Allocate(page, math.MaxInt64), "there is no such room")
	before := reservations.Load()
	reservations.Add(maxReserved)
	assert.IsType(t, new(copied), m.Allocate(page, page), "there are too many")
	reservations.Add(-maxReserved)
	m.Release()
	assert.Equal(t, before-2, reservations.Load())
}
