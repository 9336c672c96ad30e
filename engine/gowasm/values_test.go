package gowasm_test

import (
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
	loadtest.TestGoEngine(t, func(t testing.TB, files map[string]string, maxMessage int) engine.Instance {
		return openFiles(t.Context(), t, gowasm.Config{MaxMessage: maxMessage}, files)
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
