package starlark_test

import (
	"errors"
	"testing"
	"testing/fstest"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/engine/starlark"
	"github.com/loadgo/load/find"
	"github.com/stretchr/testify/assert"
)

// FuzzCompile: every text compiles or is a CompileError.
func FuzzCompile(f *testing.F) {
	for _, text := range []string{rules, teller, hungry, small, "", "x = (", "def f(:", "x %= y", "a.join = 1", "\x00", "for x in y: pass", "x: int = 3"} {
		f.Add(text)
	}
	eng := starlark.New(starlark.Config{})
	f.Fuzz(func(t *testing.T, text string) {
		src := find.Source{Kind: find.KindStarlark, FS: fstest.MapFS{"m.star": {Data: []byte(text)}}, File: "m.star"}
		var refused *engine.CompileError
		err := eng.Compile(t.Context(), src, t.TempDir())
		assert.Falsef(t, err != nil && !errors.As(err, &refused), "%q: %v", text, err)
	})
}
