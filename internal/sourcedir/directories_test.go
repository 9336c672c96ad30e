package sourcedir_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/loadgo/load/find"
	"github.com/loadgo/load/internal/sourcedir"
)

// TestWasm: a WebAssembly file is watched as a script is; a manifest with the modules beside it.
func TestWasm(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	spec := &find.Spec{Source: find.Source{Kind: find.KindWasm, Dir: dir, File: "plugin.json"}}
	assert.True(t, sourcedir.Local(spec))
	assert.Equal(t, []string{dir}, sourcedir.Watched(spec))
	for file, concerns := range map[string]bool{"plugin.json": true, "lib.wasm": true, "below/lib.wasm": true, "README.md": false, "other.json": false} {
		assert.Equal(t, concerns, sourcedir.Concerns(spec, map[string]bool{filepath.Join(dir, file): true}), file)
	}
	spec.Version = "v1.0.0"
	assert.False(t, sourcedir.Local(spec), "what was installed does not change")
}
