package wasm_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load"
	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/engine/wasm"
	"github.com/loadgo/load/eval"
)

type size string

type point struct{ X, Y int16 }

type order struct {
	Item      string
	Count     int
	UnitPrice float64
	Labels    []string `wit:"tags"`
	Note      *string
	Size      size
}

// TestRecords: records are structs, lists are slices, options are pointers, enums are strings and
// results have errors.
func TestRecords(t *testing.T) {
	t.Parallel()
	m := newWorld(t, wasm.Config{MaxOutput: 1 << 20}).load(t, "typed/records.wasm")
	echoed, ok := engine.FindSymbol(m.Symbols(), "echo")
	require.True(t, ok)
	assert.Equal(t, "func echo(o map[string]any) map[string]any", echoed.Signature)
	assert.Equal(t, "Returns the order.", echoed.Doc)

	echo, err := load.Func[func(order) (order, error)](m, "echo")
	require.NoError(t, err)
	note := "with ink"
	for _, want := range []order{
		{"Pen", 3, 1.25, []string{"blue", "", "Füller"}, &note, "large"},
		{"", 0, -1, []string{}, nil, "small"},
	} {
		got, err := echo(want)
		require.NoError(t, err)
		assert.Equal(t, want, got)
	}
	_, err = echo(order{Size: "middle"})
	assert.ErrorContains(t, err, `argument 1: size: "middle" is no size`)
	_, err = echo(order{Count: -1, Size: "small"})
	assert.ErrorContains(t, err, "argument 1: count: -1 does not fit into a uint32")

	total, err := load.Func[func([]order) (float64, error)](m, "total")
	require.NoError(t, err)
	sum, err := total([]order{{Count: 2, UnitPrice: 1.5, Size: "small"}, {Count: 1, UnitPrice: 0.25, Size: "large"}})
	require.NoError(t, err)
	assert.InDelta(t, 3.25, sum, 0)

	half, err := load.Func[func(uint32) (*int, error)](m, "half")
	require.NoError(t, err)
	n, err := half(84)
	require.NoError(t, err)
	assert.Equal(t, 42, *n)
	n, err = half(3)
	require.NoError(t, err)
	assert.Nil(t, n)

	check, err := load.Func[func(int) (string, error)](m, "check")
	require.NoError(t, err)
	text, err := check(1)
	require.NoError(t, err)
	assert.Equal(t, "good", text)
	_, err = check(-7)
	var failed *wasm.ResultError
	require.ErrorAs(t, err, &failed)
	assert.Equal(t, map[string]any{"item": "good", "count": uint32(7), "unit-price": 0.5, "tags": []string{}, "note": nil, "size": "large"}, failed.Value)
	assert.ErrorContains(t, err, `check: {"count":7,"item":"good"`)
	assert.EqualValues(t, 0, m.Stats().Errors-2, "an error that a function returns is a result")

	refuse, err := load.Func[func(bool) error](m, "refuse")
	require.NoError(t, err)
	require.NoError(t, refuse(false))
	require.ErrorContains(t, refuse(true), "refuse failed and says nothing")

	widest, err := load.Func[func(map[string]any) (int64, error)](m, "widest")
	require.NoError(t, err)
	wide := map[string]any{"h": point{7, -2}, "i": 44}
	for _, name := range strings.Split("abcdefg", "") {
		wide[name] = map[string]int{"x": 1, "y": 1}
	}
	most, err := widest(wide)
	require.NoError(t, err)
	assert.EqualValues(t, 42, most)
	delete(wide, "c")
	_, err = widest(wide)
	assert.ErrorContains(t, err, "argument 1: c: there is no such field")

	moved, err := load.Func[func(int, []point) ([]point, error)](m, "moved")
	require.NoError(t, err)
	points, err := moved(-2, []point{{1, 2}, {3, -32766}})
	require.NoError(t, err)
	assert.Equal(t, []point{{-1, 0}, {1, -32768}}, points)
}

// TestRecordsNamed: records are maps where their Go type is not said.
func TestRecordsNamed(t *testing.T) {
	t.Parallel()
	m := newWorld(t, wasm.Config{}).load(t, "typed/records.wasm")
	for expr, want := range map[string]any{
		`half(10)`:       uint32(5),
		`half(5)`:        nil,
		`other("small")`: "large",
		`moved(1, []map[string]int{{"x": 1, "y": 2}})`: []any{map[string]any{"x": int16(2), "y": int16(3)}},
		`echo(map[string]any{"item": "a", "count": 1, "unit-price": 2, "tags": []string{"t"}, "size": "small"})`: map[string]any{
			"item": "a", "count": uint32(1), "unit-price": 2.0, "tags": []string{"t"}, "note": nil, "size": "small",
		},
	} {
		got, err := eval.Expr(t.Context(), m, expr)
		require.NoError(t, err, expr)
		assert.Equal(t, []any{want}, got, expr)
	}
	_, err := eval.Expr(t.Context(), m, `check(-1)`)
	var failed *wasm.ResultError
	require.ErrorAs(t, err, &failed)
}

// TestRecordsRefused: Go types that are not those of a text are refused when they are bound, and
// values that are not what a text says, or very much, when they cross.
func TestRecordsRefused(t *testing.T) {
	t.Parallel()
	m := newWorld(t, wasm.Config{MaxOutput: 1 << 20, Memory: 1 << 20}).load(t, "typed/records.wasm")
	for want, bind := range map[string]func() error{
		"has no field count": func() error {
			_, err := load.Func[func(struct{ Item string }) (order, error)](m, "echo")
			return err
		},
		"has no field extra": func() error {
			_, err := load.Func[func(int, []struct{ X, Y, Extra int }) ([]point, error)](m, "moved")
			return err
		},
		"its field x is a int16, not a string": func() error {
			_, err := load.Func[func(int, []struct {
				X string
				Y int
			}) ([]point, error)](m, "moved")
			return err
		},
		"its result may be an error":  func() error { _, err := load.Func[func(int) string](m, "check"); return err },
		"is a option<u32>, not a int": func() error { _, err := load.Func[func(int) int](m, "half"); return err },
		"is a string, not a int":      func() error { _, err := load.Func[func(int) int](m, "other"); return err },
	} {
		assert.ErrorContains(t, bind(), want)
	}
	for symbol, want := range map[string]string{
		"strange": "2 is no size", "odd": "7 is no case of a option<u32>", "outside": "what lies at 65536 is not in the module's memory",
		"bomb": "the result of bomb takes more than 1048576 bytes",
	} {
		_, err := m.Call(t.Context(), symbol)
		require.ErrorContains(t, err, want)
	}
	_, err := m.Call(t.Context(), "bomb")
	var limit *engine.LimitError
	require.ErrorAs(t, err, &limit)
}
