package wire

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestArrays: arrays are found where they are, in whatever order they came, and one more moves no
// more than a piece of the others.
func TestArrays(t *testing.T) {
	t.Parallel()
	const count, size = 20_000, 8
	for name, order := range map[string][]int{"ascending": inOrder(count, 1), "descending": inOrder(count, -1), "mixed": rand.New(rand.NewPCG(1, 2)).Perm(count)} {
		t.Run(name, func(t *testing.T) {
			var all arrays
			for n, at := range order {
				all.insert(array{start: uintptr(at) * 2 * size, end: uintptr(at)*2*size + size, n: n})
			}
			for _, p := range all.pieces {
				require.NotEmpty(t, p)
				require.LessOrEqual(t, len(p), longestPiece)
			}
			require.Equal(t, count, walk(t, &all))
			for _, at := range []uintptr{0, 1, size - 1, size, 2*size + 1, count * size, 2*size*count - size - 1} {
				c := all.after(at)
				found := c.next()
				require.NotNil(t, found, "%d", at)
				assert.Equal(t, (at+size)/(2*size)*2*size, found.start, "%d", at)
			}
			c := all.after(2 * size * count)
			assert.Nil(t, c.next())
			all.deleteFrom(count / 10)
			assert.Equal(t, count/10, walk(t, &all))
			all.deleteFrom(0)
			assert.Zero(t, walk(t, &all))
			all.insert(array{end: 1})
			assert.Equal(t, 1, walk(t, &all))
		})
	}
}

func inOrder(count, step int) []int {
	var all []int
	for at := range count {
		all = append(all, at)
	}
	if step < 0 {
		slices.Reverse(all)
	}
	return all
}

// walk counts the arrays, which have to be in order.
func walk(t *testing.T, all *arrays) (count int) {
	last := uintptr(0)
	c := all.after(0)
	for a := c.next(); a != nil; a = c.next() {
		require.GreaterOrEqual(t, a.start, last)
		last = a.start
		count++
	}
	return count
}
