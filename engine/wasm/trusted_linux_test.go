package wasm_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/loadgo/load"
	"github.com/loadgo/load/engine/wasm"
)

// TestNotGranted: no module reads the kernel's files, through which it had the memory of its host,
// or writes what load compiles, runs or believes.
func TestNotGranted(t *testing.T) {
	t.Parallel()
	for _, place := range []string{"/", "/proc", "/proc/self", "/sys"} {
		for setting, config := range map[string]wasm.Config{"ReadOnly": {ReadOnly: []string{place}}, "ReadWrite": {ReadWrite: []string{place}}} {
			_, err := newWorld(t, config).Load(t.Context(), "./testdata/plugin.wasm")
			require.ErrorContains(t, err, "wasm.Config."+setting+": "+place+" cannot be granted: ")
			require.ErrorContains(t, err, "whose files are the kernel's; grant the directories that are needed")
		}
	}
	locked := t.TempDir()
	var s string
	within := func(c *load.Config) { s, c.LockFile = c.Store.Dir(), filepath.Join(locked, "load.lock") }
	newWorld(t, wasm.Config{}, within)
	for _, place := range []string{locked, filepath.Dir(locked)} {
		_, err := newWorld(t, wasm.Config{ReadWrite: []string{place}}, within).Load(t.Context(), "./testdata/plugin.wasm")
		require.ErrorContains(t, err, "grant "+place+": it holds "+filepath.Join(locked, "load.lock"))
	}
	_, err := newWorld(t, wasm.Config{ReadWrite: []string{filepath.Dir(s)}}, within).Load(t.Context(), "./testdata/plugin.wasm")
	require.NoError(t, err, "the store of another loader is none of this one's")
}
