package wire

import (
	"bytes"
	"encoding/binary"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
)

// One byte that differs is seen wherever it is: in a block, at its edges, and in the rest after the
// last one.
func TestEqualBlocks(t *testing.T) {
	for _, size := range []int{0, 1, 7, 8, 63, 64, 65, 127, 128, 129, 200} {
		a := bytes.Repeat([]byte{0xA5}, size)
		b := bytes.Clone(a)
		require.True(t, equalBlocks(a, b), "%d bytes", size)
		for i := range b {
			for _, bit := range []byte{1, 0x80} {
				b[i] ^= bit
				require.False(t, equalBlocks(a, b), "byte %d of %d", i, size)
				b[i] ^= bit
			}
		}
	}
}

// The runs of what differs are exact, for elements of any size.
func TestRuns(t *testing.T) {
	const count = 9000
	for name, c := range map[string]struct{ first, last int }{
		"one element":       {4500, 4500},
		"first element":     {0, 0},
		"last element":      {count - 1, count - 1},
		"both ends":         {0, count - 1},
		"across a step":     {4095, 4096},
		"within two blocks": {63, 130},
	} {
		t.Run(name, func(t *testing.T) {
			for _, size := range []int{1, 2, 8, 24} {
				was := make([]byte, count*size)
				for i := 0; i+8 <= len(was); i += 8 {
					binary.LittleEndian.PutUint64(was[i:], uint64(i))
				}
				now := bytes.Clone(was)
				now[c.first*size] ^= 1
				if c.last != c.first {
					now[c.last*size+size-1] ^= 1
				}
				want := []int{c.first, c.first + 1}
				if c.last != c.first {
					want = append(want, c.last, c.last+1)
				}
				if c.last == c.first+1 {
					want = []int{c.first, c.last + 1}
				}
				require.Equal(t, want, Runs(nil, unsafe.Pointer(&now[0]), unsafe.Pointer(&was[0]), count, uintptr(size)), "elements of %d bytes", size)
			}
		})
	}
}

// Runs of changed bytes of every length are exact wherever they begin.
func TestRunsOfBytes(t *testing.T) {
	for from := range 20 {
		for length := 1; from+length <= 40; length++ {
			was := make([]byte, 41)
			now := bytes.Clone(was)
			for i := range length {
				now[from+i] = byte(1 + i*37%255)
			}
			require.Equal(t, []int{from, from + length}, Runs(nil, unsafe.Pointer(&now[0]), unsafe.Pointer(&was[0]), len(was), 1))
		}
	}
}
