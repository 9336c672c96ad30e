package starlark_test

import (
	"errors"
	"testing"
	"testing/fstest"

	"github.com/loadgo/load"
	"github.com/loadgo/load/engine/starlark"
)

// FuzzCompile: every text compiles or is a CompileError.
func FuzzCompile(f *testing.F) {
	for _, text := range []string{rules, teller, hungry, small, "", "x = (", "def f(:", "x %= y", "a.join = 1", "\x00", "for x in y: pass", "x: int = 3"} {
		f.Add(text)
	}
	engine := starlark.New(starlark.Config{})
	f.Fuzz(func(t *testing.T, text string) {
		src := load.Source{Kind: load.KindStarlark, FS: fstest.MapFS{"m.star": {Data: []byte(text)}}, File: "m.star"}
		var refused *load.CompileError
		if err := engine.Compile(t.Context(), src, t.TempDir()); err != nil && !errors.As(err, &refused) {
			t.Errorf("%q: %v", text, err)
		}
	})
}
