package goprocess_test

import (
	"reflect"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/engine/goprocess"
)

// TestHugeZero: an array whose elements take no memory may have any number of them, but a message
// has a byte for each. A field of that type, which the host leaves out, costs the host nothing.
func TestHugeZero(t *testing.T) {
	t.Parallel()
	m := openFiles(t.Context(), t, goprocess.Config{}, map[string]string{"sample.go": `package sample

type Huge struct { N int; All [1 << 40]struct{}; Matrix [1 << 30][1 << 30]struct{} }

type Large struct { N int; All [1000]float64 }

func Take(h Huge) int { return h.N }

func TakeLarge(l Large) int { return l.N }

func Ask(f func() Huge) int { return f().N }
`})
	type some struct{ N int }
	const field = "field All: the zero value that the module would get takes more than 256MiB"
	_, err := m.Bind("Take", reflect.TypeFor[func(some) int]())
	assert.ErrorContains(t, err, field)
	_, err = m.Call(t.Context(), "Take", []any{some{1}})
	assert.ErrorContains(t, err, field)
	_, err = m.Bind("Ask", reflect.TypeFor[func(func() some) int]())
	assert.ErrorContains(t, err, field)
	n, err := m.Call(t.Context(), "TakeLarge", []any{some{2}})
	require.NoError(t, err)
	assert.Equal(t, []any{2}, n)
}
