package standard_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load"
	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/engine/goprocess"
	"github.com/loadgo/load/engine/gowasm"
	"github.com/loadgo/load/engine/starlark"
	"github.com/loadgo/load/loadtest"
	"github.com/loadgo/load/standard"
)

// TestEngineSettings: one setting is said by itself, and the rest is as usual.
func TestEngineSettings(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "note"), []byte("hush"), 0o600))
	for name, engines := range map[string]standard.Engines{
		"goprocess": {Sandbox: goprocess.Config{ReadOnly: []string{dir}}},
		"gowasm":    {GoWasm: gowasm.Config{ReadOnly: []string{dir}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, err := engines.New(load.Config{Store: loadtest.OpenStore(t), Engine: name})
			require.NoError(t, err)
			defer l.Close(t.Context())
			m, err := l.Load(t.Context(), "os")
			require.NoError(t, err)
			read, err := load.Func[func(string) ([]byte, error)](m, "ReadFile")
			require.NoError(t, err)
			data, err := read(filepath.Join(dir, "note"))
			require.NoError(t, err)
			assert.Equal(t, "hush", string(data))
			script := filepath.Join(t.TempDir(), "price.star")
			require.NoError(t, os.WriteFile(script, []byte("def price(n): return n\n"), 0o600))
			_, err = l.Load(t.Context(), script, load.WithEngine("starlark"))
			assert.NoError(t, err)
		})
	}
	_, err := standard.Engines{}.New(load.Config{Engines: []engine.Engine{starlark.New(starlark.Config{})}})
	assert.EqualError(t, err, "Config.Engines: the settings of standard.Engines are those of the usual engines: leave it nil")
}
