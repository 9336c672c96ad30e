package gowasm_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/engine/gowasm"
	"github.com/loadgo/load/loadtest"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	loadtest.TestGoEngine(t, func(t testing.TB, files map[string]string, o loadtest.GoOptions) (engine.Instance, error) {
		e, a := compile(t, gowasm.Config{MaxMessage: o.MaxMessage, Env: o.Env, Stdout: o.Stdout}, files)
		a.Events = o.Events
		m, err := e.Open(o.Context, a, nil)
		if err == nil {
			t.Cleanup(func() { _ = m.Close(context.Background()) })
		}
		return m, err
	})
}

// values returns the package that the conformance suite uses.
func values(t testing.TB) map[string]string {
	t.Helper()
	paths, err := filepath.Glob("../../loadtest/testdata/values/*.go") // all, so that it is built once
	require.NoError(t, err)
	files := map[string]string{}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		files[filepath.Base(path)] = string(text)
	}
	return files
}
