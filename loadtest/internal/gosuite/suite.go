// Package gosuite opens the packages that the rules for engines of Go packages are tested with, and
// calls what is in them.
package gosuite

import (
	"io/fs"
	"reflect"
	"testing"

	"github.com/loadgo/load/engine"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Suite opens the packages that the rules for Go packages are tested with.
type Suite struct {
	Open    func(t testing.TB, files map[string]string, maxMessage int) engine.Instance
	Sources fs.ReadFileFS // with a package in each directory of testdata
}

// Testdata opens a package in testdata.
func (s Suite) Testdata(t testing.TB, name string, maxMessage int) engine.Instance {
	t.Helper()
	entries, err := fs.ReadDir(s.Sources, "testdata/"+name)
	require.NoError(t, err)
	files := map[string]string{}
	for _, e := range entries {
		text, err := s.Sources.ReadFile("testdata/" + name + "/" + e.Name())
		require.NoError(t, err)
		files[e.Name()] = string(text)
	}
	return s.Open(t, files, maxMessage)
}

// Bound binds a function.
func Bound[F any](t testing.TB, m engine.Instance, symbol string) F {
	t.Helper()
	v, err := m.Bind(symbol, reflect.TypeFor[F]())
	require.NoError(t, err)
	return v.Interface().(F)
}

// Call calls by name a function that returns one value.
func Call(t *testing.T, m engine.Instance, symbol string, args ...any) any {
	t.Helper()
	out, err := m.Call(t.Context(), symbol, args)
	require.NoErrorf(t, err, "%v %v", symbol, args)
	require.Len(t, out, 1, symbol)
	return out[0]
}

// WantError checks that an error's text contains what the reader needs.
func WantError(t *testing.T, err error, part string) {
	t.Helper()
	assert.ErrorContains(t, err, part)
}
