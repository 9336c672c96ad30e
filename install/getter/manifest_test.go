package getter_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/engine/wasm"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/loadtest"
)

// TestManifest: the manifest of a plugin and the modules that it names come in one archive, or in
// one file.
func TestManifest(t *testing.T) {
	t.Parallel()
	const empty = "\x00asm\x01\x00\x00\x00"
	url, _ := serve(t, map[string][]byte{
		"/plugins.zip": zipOf(t, "p/a/plugin.toml", "[[wasm]]\npath = \"lib/a.wasm\"\n", "p/a/lib/a.wasm", empty, "p/README", "text"),
		"/beside.zip":  zipOf(t, "p/a.wasm", empty, "p/plugin.json", `{"wasm": [{"path": "a.wasm"}]}`, "p/package.json", "{}"),
		"/whole.json":  []byte(`{"wasm": [{"data": "AGFzbQEAAAA="}]}`),
	})
	for name, file := range map[string]string{"/plugins.zip//a/plugin.toml": "plugin.toml", "/whole.json": "whole.json", "/beside.zip": "plugin.json"} {
		_, spec, err := bring(t.Context(), t, insecure(), loadtest.OpenStore(t), url+name)
		require.NoError(t, err, name)
		assert.Equal(t, find.KindWasm, spec.Source.Kind)
		assert.Equal(t, file, spec.Source.File)
		require.NoError(t, wasm.New(wasm.Config{}).Compile(t.Context(), spec.Source, t.TempDir()), name)
	}
}
