package gowasm_test

import (
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/engine/gowasm"
)

const diving = `package sample

func Dive(depth int, f func() error) error {
	if depth == 0 {
		return f()
	}
	err := Dive(depth-1, f)
	sink++
	return err
}

func A(depth int) int { if depth == 0 { return 0 }; return A(depth-1) + 1 }
func B(depth int) int { if depth == 0 { return 0 }; return B(depth-1) + 1 }
func C(depth int) int { if depth == 0 { return 0 }; return C(depth-1) + 1 }

var sink int
`

// TestStacks: what the machine stacks of calls take that lie within each other, or that have ended,
// is bounded.
func TestStacks(t *testing.T) {
	t.Parallel()
	if runtime.GOARCH != "amd64" && runtime.GOARCH != "arm64" {
		return // wazero interprets
	}
	m := openFiles(t.Context(), t, gowasm.Config{}, map[string]string{"sample.go": diving})
	dive := bound[func(int, func() error) error](t, m, "Dive")
	deepest := 0
	var within func() error
	within = func() error {
		if deepest++; deepest > 40 {
			return nil
		}
		return dive(100_000, within)
	}
	err := within()
	require.ErrorContains(t, err, "the machine stacks of the calls that wait take more than 128MiB")
	assert.Greater(t, deepest, 2)

	deepest = 0
	within = func() error {
		if deepest++; deepest > 40 {
			return nil
		}
		return dive(1000, within)
	}
	require.NoError(t, within(), "calls that need little, and the module goes on")

	for _, name := range []string{"A", "B", "C"} {
		n, err := bound[func(int) (int, error)](t, m, name)(30_000)
		require.NoError(t, err)
		require.Equal(t, 30_000, n)
	}
	assert.LessOrEqual(t, gowasm.KeptStacks(m), 16<<20)
	assert.Positive(t, gowasm.KeptStacks(m), "nothing is counted")
}

// TestGrowthStays: memory grows where it is, whatever it holds: a copy of all of it at once would
// hold up the host's garbage collector.
func TestGrowthStays(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" && runtime.GOOS != "darwin" || runtime.GOARCH != "amd64" && runtime.GOARCH != "arm64" {
		return // no room is reserved
	}
	m := openFiles(t.Context(), t, gowasm.Config{Memory: 128 << 20}, map[string]string{"sample.go": `package sample

var kept [][]byte

func Grow(n int) { for range n { b := make([]byte, 1<<20); b[1] = 1; kept = append(kept, b) } }

func Sum() (sum int) { for _, b := range kept { sum += int(b[1]) }; return sum }
`})
	at := gowasm.MemoryAddress(m)
	require.NoError(t, bound[func(int) error](t, m, "Grow")(40))
	assert.Same(t, at, gowasm.MemoryAddress(m))
	n, err := bound[func() (int, error)](t, m, "Sum")()
	require.NoError(t, err)
	assert.Equal(t, 40, n)
	require.ErrorIs(t, bound[func(int) error](t, m, "Grow")(200), engine.ErrCrashed, "there is a limit")
	require.NoError(t, m.Close(t.Context()))
	_, err = bound[func() (int, error)](t, m, "Sum")()
	require.Error(t, err, "its memory is given back")
}
