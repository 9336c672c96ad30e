package starlark_test

import (
	"context"
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

// What the host's values share, a script's values share; what they expand to is bounded, and ends
// with the context.
func TestSharedArguments(t *testing.T) {
	t.Parallel()
	w := newWorld(t, starlark.Config{Memory: 8 << 20}, map[string]string{"m.star": `
load("host", "twice", "many", "text")
def size(x): return len(x)
def pair(x):
    x[0].append(2)
    return x[1]
def named(x = 0): return len(x)
def result(): return len(twice())
def large(): return len(many())
def given():
    x = [0] * 10
    for i in range(40): x = [x, x]
    return text(x)
def bytes_of(): return [b"a" * 1000000] * 1000
def numbers(): return [1 << 500] * 1000000
def closures():
    t = ()
    for i in range(20): t = (t, t)
    return [lambda: t for i in range(100)]
`})
	var nested any = []any{1}
	for range 40 {
		nested = []any{nested, nested}
	}
	dicts := map[string]any{}
	for range 40 {
		dicts = map[string]any{"a": dicts, "b": dicts}
	}
	require.NoError(t, w.Loader.Register("host", map[string]any{
		"twice": func() any { return nested },
		"many":  func() []int { return make([]int, 10_000_000) },
		"text":  func(x []any) int { return len(x) },
	}))
	m := w.load(t, "m")
	for name, arg := range map[string]any{"slices": nested, "maps": dicts, "pointer": &nested, "spread": load.Spread{Slice: []any{nested}}} {
		results, err := m.Call(t.Context(), "size", arg)
		require.NoError(t, err, name)
		assert.Equal(t, []any{2}, results, name)
	}
	type options struct {
		X any `load:"x"`
	}
	named, err := load.Func[func(options) (int, error)](m, "named")
	require.NoError(t, err)
	n, err := named(options{nested})
	require.NoError(t, err)
	assert.Equal(t, 2, n)
	row := []int{1}
	results, err := m.Call(t.Context(), "pair", [][]int{row, row})
	require.NoError(t, err)
	assert.Equal(t, []any{[]any{1, 2}}, results)
	for name, want := range map[string]int{"result": 2, "given": 2} {
		results, err := m.Call(t.Context(), name)
		require.NoError(t, err, name)
		assert.Equal(t, []any{want}, results, name)
	}
	// An array cannot be shared, and neither can what the host makes anew.
	var limit *engine.LimitError
	_, err = m.Call(t.Context(), "size", make([][1000]int, 1000))
	require.ErrorAs(t, err, &limit)
	_, err = m.Call(t.Context(), "size", make([]int, 10_000_000))
	require.ErrorAs(t, err, &limit)
	_, err = m.Call(t.Context(), "size", make([]byte, 10_000_000))
	require.ErrorAs(t, err, &limit)
	for _, name := range []string{"large", "bytes_of", "numbers", "closures"} {
		_, err = m.Call(t.Context(), name)
		require.ErrorAs(t, err, &limit, name)
	}
	bound, err := load.Func[func() ([][]byte, error)](m, "bytes_of")
	require.NoError(t, err)
	_, err = bound()
	require.ErrorAs(t, err, &limit)
}

// A value that takes long to cross ends with the context of its call.
func TestCancelledCrossing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, starlark.Config{Memory: -1}, map[string]string{"m.star": "def f(x): return len(x)\ndef g(x):\n    x()\n    return [0] * 100000\n"})
	m := w.load(t, "m")
	ctx, cancel := context.WithCancel(t.Context())
	cancelling := make([]any, 100_000)
	cancelling[0] = lateError{cancel}
	_, err := m.Call(ctx, "f", cancelling)
	require.ErrorIs(t, err, context.Canceled)
	ctx, cancel = context.WithCancel(t.Context())
	_, err = m.Call(ctx, "g", func() { cancel() })
	require.ErrorIs(t, err, context.Canceled)
}

// lateError cancels a context when it is asked for its text.
type lateError struct{ cancel context.CancelFunc }

func (e lateError) Error() string {
	e.cancel()
	return ""
}
