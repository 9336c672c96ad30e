package wasm_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/engine/wasm"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/internal/manifest"
)

// changing is a directory in which each file is another one once it was read.
type changing struct {
	now, then fstest.MapFS
	read      map[string]bool
}

func (c changing) Open(name string) (fs.File, error) {
	from := c.now
	if c.read[name] {
		from = c.then
	}
	c.read[name] = true
	return from.Open(name)
}

// TestChanging: what is compiled is what was summed, though all of it changes meanwhile.
func TestChanging(t *testing.T) {
	t.Parallel()
	code, err := os.ReadFile("testdata/typed/texts.wasm")
	require.NoError(t, err)
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	const types = "not: func(a: bool) -> bool;"
	now := fstest.MapFS{"texts.wasm": file(string(code)), "texts.wit": file(types), "texts.json": file(`{"wasm":[{"path":"texts.wasm"}]}`)}
	then := fstest.MapFS{"texts.wasm": file("another"), "texts.wit": file("not: func(a: s32) -> s32;"), "texts.json": file("{}")}
	for _, name := range []string{"texts.wasm", "texts.json"} {
		src := find.Source{
			Kind: find.KindWasm, Dir: "/plugins", File: name, FS: changing{now, then, map[string]bool{}},
			Hash: find.HashFile("/plugins/"+name, manifest.Hashed(now, name, now[name].Data)),
		}
		dir := t.TempDir()
		require.NoError(t, wasm.New(wasm.Config{}).Compile(t.Context(), src, dir), name)
		if name == "texts.json" {
			continue
		}
		compiled, err := os.ReadFile(filepath.Join(dir, "types.wit"))
		require.NoError(t, err)
		assert.Equal(t, types, string(compiled))
	}
}
