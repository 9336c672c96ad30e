package starlark_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load"
	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/engine/starlark"
)

const sharingScript = `
def lists():
    x = [1]
    for i in range(40): x = [x, x]
    return x
def dicts():
    x = {"n": 1}
    for i in range(40): x = {"a": x, "b": x}
    return x
def tuples():
    x = (1,)
    for i in range(20): x = (x, x)
    return [x]
def pair():
    x = [1]
    return [x, x]
def wide():
    x = [0] * 1000
    return [x] * 1000
def flat(n): return [[0] * 1000 for i in range(n)]
`

// What a script's values share, the host's values share.
func TestSharedResults(t *testing.T) {
	t.Parallel()
	w := newWorld(t, starlark.Config{Memory: 8 << 20}, map[string]string{"m.star": sharingScript})
	m := w.load(t, "m")
	for _, symbol := range []string{"lists", "dicts", "tuples", "wide"} {
		_, err := m.Call(t.Context(), symbol)
		assert.NoError(t, err, symbol)
	}
	pair, err := load.Func[func() ([][]int, error)](m, "pair")
	require.NoError(t, err)
	both, err := pair()
	require.NoError(t, err)
	both[0][0] = 2
	assert.Equal(t, 2, both[1][0])
	// An array cannot be shared: what it expands to is bounded.
	type four = [2][2][2][2][2]any
	arrays, err := load.Func[func() ([2][2][2][2]four, error)](m, "lists")
	require.NoError(t, err)
	_, err = arrays()
	assert.NoError(t, err)
	large, err := load.Func[func() ([]any, error)](m, "wide")
	require.NoError(t, err)
	_, err = large()
	assert.NoError(t, err)
	_, err = m.Call(t.Context(), "flat", 270)
	var limit *engine.LimitError
	require.ErrorAs(t, err, &limit)
	assert.Contains(t, limit.Fix, "starlark.Config.Memory")
}
