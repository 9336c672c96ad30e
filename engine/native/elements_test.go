package native_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/engine"
)

func TestElements(t *testing.T) {
	t.Parallel()
	type key struct{ n int }
	type grades []time.Month
	a, b := &key{1}, &key{2}
	m := module(t, map[string]any{
		"Map":  func() map[*key]string { return map[*key]string{a: "a"} },
		"Key":  func(n int) *key { return map[int]*key{1: a, 2: b}[n] },
		"List": func() grades { return grades{time.May} },
	})
	one := func(symbol string, args ...any) *engine.Object {
		out, err := m.Call(t.Context(), symbol, args...)
		require.NoError(t, err)
		return out[0].(*engine.Object)
	}
	v, ok, err := one("Map").Index(t.Context(), one("Key", 1))
	require.NoError(t, err)
	assert.True(t, ok)
	assert.Equal(t, "a", v)
	v, ok, err = one("Map").Index(t.Context(), one("Key", 2))
	require.NoError(t, err)
	assert.False(t, ok)
	assert.Equal(t, "", v)
	keys, err := one("Map").Keys(t.Context())
	require.NoError(t, err)
	assert.Len(t, keys, 1)
	n, err := one("List").Len(t.Context())
	require.NoError(t, err)
	assert.Equal(t, 1, n)
	month, _, err := one("List").Index(t.Context(), 0)
	require.NoError(t, err)
	assert.Equal(t, "May", month.(*engine.Object).String())
	_, _, err = one("List").Index(t.Context(), 1)
	assert.ErrorContains(t, err, "index out of range")
	_, err = one("Key", 1).Len(t.Context())
	assert.ErrorContains(t, err, "no elements")
}
