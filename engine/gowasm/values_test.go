package gowasm_test

import (
	"os"
	"testing"

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
	files := map[string]string{}
	for _, name := range []string{"values.go", "given.go"} {
		text, err := os.ReadFile("../../loadtest/testdata/values/" + name)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = string(text)
	}
	return files
}
