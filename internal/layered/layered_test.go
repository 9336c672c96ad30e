package layered

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// check checks what holds of every layout.
func check(t *testing.T, n int, edges [][2]int, circles bool) *Layout {
	t.Helper()
	l := Of(n, edges)
	require.Len(t, l.Row, n)
	byLayer := make(map[int][]float64)
	for v, row := range l.Row {
		assert.GreaterOrEqual(t, row, 0.0)
		assert.LessOrEqual(t, row, l.Rows-1+1e-9)
		byLayer[l.Layer[v]] = append(byLayer[l.Layer[v]], row)
	}
	for i, e := range edges {
		between := l.Layer[e[1]] - l.Layer[e[0]]
		if e[0] == e[1] {
			continue
		}
		assert.NotZero(t, between)
		if !circles {
			assert.Positive(t, between)
		}
		assert.Len(t, l.Bends[i], max(between, -between)-1)
		for j, row := range l.Bends[i] {
			layer := l.Layer[e[0]] + j + 1
			if between < 0 {
				layer = l.Layer[e[0]] - j - 1
			}
			byLayer[layer] = append(byLayer[layer], row)
		}
	}
	for _, rows := range byLayer {
		slices.Sort(rows)
		for i := range len(rows) - 1 {
			assert.GreaterOrEqual(t, rows[i+1]-rows[i], 1-1e-9, "nothing lies upon another thing")
		}
	}
	return l
}

func TestOf(t *testing.T) {
	t.Parallel()
	l := check(t, 4, [][2]int{{0, 1}, {1, 2}, {0, 2}, {3, 3}}, false)
	assert.Equal(t, []int{0, 1, 2, 0}, l.Layer)
	assert.Equal(t, 3, l.Layers)
	check(t, 3, [][2]int{{0, 1}, {1, 2}, {2, 0}}, true)
	check(t, 0, nil, false)
	check(t, 1, nil, false)
}

// TestCrossings: what need not cross does not.
func TestCrossings(t *testing.T) {
	t.Parallel()
	l := check(t, 6, [][2]int{{0, 5}, {1, 4}, {2, 3}}, false)
	for _, e := range [][2]int{{0, 5}, {1, 4}, {2, 3}} {
		assert.InDelta(t, l.Row[e[0]], l.Row[e[1]], 1e-9, "straight")
	}
}

// TestLarge: graphs of 100 nodes and more keep all that, and take no time.
func TestLarge(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{100, 500} {
		var edges [][2]int
		for v := 1; v < n; v++ {
			for range 1 + random.IntN(3) {
				edges = append(edges, [2]int{random.IntN(v), v})
			}
		}
		started := time.Now()
		check(t, n, edges, false)
		t.Logf("%d nodes, %d edges: %v", n, len(edges), time.Since(started))
	}
}
