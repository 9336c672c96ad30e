// Package gosuite opens the packages that the rules for engines of Go packages are tested with, and
// calls what is in them.
package gosuite

import (
	"context"
	"io"
	"io/fs"
	"reflect"
	"testing"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/event"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Suite opens the packages that the rules for Go packages are tested with.
type Suite struct {
	Start   func(t testing.TB, files map[string]string, o Options) (engine.Instance, error)
	Sources fs.ReadFileFS // with a package in each directory of testdata
}

// Options are loadtest.GoOptions.
type Options struct {
	Context    context.Context
	MaxMessage int
	Env        []string
	Stdout     io.Writer
	Events     event.Sink
}

// Open opens a package in testdata.
func (s Suite) Open(t testing.TB, name string, o Options) (engine.Instance, error) {
	t.Helper()
	entries, err := fs.ReadDir(s.Sources, "testdata/"+name)
	require.NoError(t, err)
	files := map[string]string{}
	for _, e := range entries {
		text, err := s.Sources.ReadFile("testdata/" + name + "/" + e.Name())
		require.NoError(t, err)
		files[e.Name()] = string(text)
	}
	if o.Context == nil {
		o.Context = t.Context()
	}
	return s.Start(t, files, o)
}

// Testdata opens a package in testdata, or ends the test.
func (s Suite) Testdata(t testing.TB, name string, maxMessage int) engine.Instance {
	t.Helper()
	m, err := s.Open(t, name, Options{MaxMessage: maxMessage})
	require.NoError(t, err)
	return m
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
