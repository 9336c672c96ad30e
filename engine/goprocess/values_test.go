package goprocess_test

import (
	"os"
	"reflect"
	"testing"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/engine/goprocess"
	"github.com/loadgo/load/loadtest"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	loadtest.TestGoEngine(t, func(t testing.TB, files map[string]string, maxMessage int) engine.Instance {
		return openFiles(t.Context(), t, goprocess.Config{MaxMessage: maxMessage}, files)
	})
}

// openValues opens the package that the conformance suite uses.
func openValues(t testing.TB) engine.Instance {
	t.Helper()
	files := map[string]string{}
	for _, name := range []string{"values.go", "given.go", "named.go", "share.go", "along.go", "deep.go"} {
		text, err := os.ReadFile("../../loadtest/testdata/values/" + name)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = string(text)
	}
	return openFiles(t.Context(), t, goprocess.Config{}, files)
}

// bound binds a function.
func bound[F any](t *testing.T, m engine.Instance, symbol string) F {
	t.Helper()
	v, err := m.Bind(symbol, reflect.TypeFor[F]())
	if err != nil {
		t.Fatal(err)
	}
	return v.Interface().(F)
}
