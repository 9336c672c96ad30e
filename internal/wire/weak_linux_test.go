package wire

import (
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestWeakMapped: what is mapped exists as long as it can be read.
func TestWeakMapped(t *testing.T) {
	t.Parallel()
	const page = 64 << 10 // of any system
	room, err := syscall.Mmap(-1, 0, 3*page, syscall.PROT_READ, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	require.NoError(t, err)
	all, first := MakeWeak(&room[0], 3*page), MakeWeak(&room[5], 1)
	assert.Equal(t, &room[0], all.Value())
	assert.Equal(t, &room[5], first.Value())
	require.NoError(t, syscall.Mprotect(room[page:2*page], syscall.PROT_NONE))
	assert.Nil(t, all.Value())
	assert.Equal(t, &room[5], first.Value())
	require.NoError(t, syscall.Mprotect(room, syscall.PROT_NONE)) // unmapped, it could be somebody else's
	assert.Nil(t, first.Value())
	require.NoError(t, syscall.Munmap(room))
}
