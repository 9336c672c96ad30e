package goprocess_test

import (
	"reflect"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/engine/goprocess"
)

// TestLongerPartOfAnArray: the part of an array that crossed cannot become longer within the call.
// That is an error; encoding the message again and again would never end.
func TestLongerPartOfAnArray(t *testing.T) {
	t.Parallel()
	m := openFiles(t.Context(), t, goprocess.Config{}, map[string]string{"m.go": `package grown

type P struct{ Q []int }

func Typed(p *P, f func()) int { f(); return len(p.Q) }

func Any(m map[string]any, f func()) int { f(); return len(m["q"].([]int)) }
`})
	type P struct{ Q []int }
	bindTo := func(symbol string, f any) {
		v, err := m.Bind(symbol, reflect.TypeOf(f).Elem())
		require.NoError(t, err)
		reflect.ValueOf(f).Elem().Set(v)
	}
	var typed func(*P, func()) (int, error)
	bindTo("Typed", &typed)
	var dynamic func(map[string]any, func()) (int, error)
	bindTo("Any", &dynamic)
	all := []int{1, 2, 3, 4}

	p := &P{Q: all[:2]}
	n, err := typed(p, func() { p.Q = all })
	require.NoError(t, err, "its capacity crossed, too")
	assert.Equal(t, 4, n)
	p = &P{Q: all[:2:2]}
	_, err = typed(p, func() { p.Q = all })
	assert.ErrorContains(t, err, "the slice is longer than the part of its array that crossed before in this call")
	q := map[string]any{"q": all[:2]}
	_, err = dynamic(q, func() { q["q"] = all })
	assert.ErrorContains(t, err, "the slice is longer than the part of its array that crossed before in this call")
	q = map[string]any{"q": all[:2]}
	n, err = dynamic(q, func() { q["q"] = append([]int(nil), all...) })
	require.NoError(t, err, "a copy")
	assert.Equal(t, 4, n)
}
