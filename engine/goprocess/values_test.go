package goprocess_test

import (
	"context"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/engine/goprocess"
	"github.com/loadgo/load/loadtest"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	loadtest.TestGoEngine(t, func(t testing.TB, files map[string]string, o loadtest.GoOptions) (engine.Instance, error) {
		e, a, err := compile(t, goprocess.Config{MaxMessage: o.MaxMessage, Env: o.Env, Stdout: o.Stdout}, files)
		require.NoError(t, err)
		a.Events = o.Events
		m, err := e.Open(o.Context, a, nil)
		if err == nil {
			t.Cleanup(func() { _ = m.Close(context.Background()) })
		}
		return m, err
	})
}

// openValues opens the package that the conformance suite uses.
func openValues(t testing.TB) engine.Instance {
	t.Helper()
	paths, err := filepath.Glob("../../loadtest/testdata/values/*.go") // all, so that it is built once
	require.NoError(t, err)
	files := map[string]string{}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		files[filepath.Base(path)] = string(text)
	}
	return openFiles(t.Context(), t, goprocess.Config{}, files)
}

// bound binds a function.
func bound[F any](t *testing.T, m engine.Instance, symbol string) F {
	t.Helper()
	v, err := m.Bind(symbol, reflect.TypeFor[F]())
	require.NoError(t, err)
	return v.Interface().(F)
}
