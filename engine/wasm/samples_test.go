package wasm_test

import (
	"cmp"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load"
	"github.com/loadgo/load/engine/wasm"
)

// TestSamples: the same plugin in several languages; that of Go is part of TestGoPlugin.
func TestSamples(t *testing.T) {
	t.Parallel()
	w := newWorld(t, wasm.Config{})
	for _, language := range []string{"c", "assemblyscript"} {
		countsVowels(t, w.load(t, "samples/"+language+"/vowels.wasm"))
	}
}

func countsVowels(t *testing.T, m *load.Module) {
	t.Helper()
	type counts struct {
		Count int `json:"count"`
	}
	count, err := load.Func[func(string) (counts, error)](m, "count_vowels")
	require.NoError(t, err)
	for text, want := range map[string]int{"Yellow, World!": 3, "bcd": 0, strings.Repeat("AE", 1234): 2468} {
		got, err := count(text)
		require.NoError(t, err)
		assert.Equal(t, counts{want}, got)
	}
	_, err = count("")
	var failed *wasm.PluginError
	require.ErrorAs(t, err, &failed)
	assert.Equal(t, "there is no text", failed.Message)
}

// TestSamplesBuild: where the compiler is there that a sample was built with, it builds the same
// bytes.
func TestSamplesBuild(t *testing.T) {
	t.Parallel()
	script, err := filepath.Abs("testdata/samples/build.sh")
	require.NoError(t, err)
	shell, noShell := exec.LookPath("sh")
	built := filepath.Join(t.TempDir(), "vowels.wasm")
	for language, compiler := range map[string]string{"c": "clang", "assemblyscript": cmp.Or(os.Getenv("ASC"), "asc")} {
		want, err := os.ReadFile("testdata/samples/" + language + "/vowels.wasm")
		require.NoError(t, err)
		version, err := os.ReadFile("testdata/samples/" + language + "/compiler.txt")
		require.NoError(t, err)
		if _, err := exec.LookPath(compiler); err != nil || noShell != nil {
			continue
		}
		have, err := exec.Command(shell, script, language, "--version").CombinedOutput()
		require.NoError(t, err, string(have))
		if string(have) != string(version) {
			continue
		}
		out, err := exec.Command(shell, script, language, built).CombinedOutput()
		require.NoError(t, err, string(out))
		got, err := os.ReadFile(built)
		require.NoError(t, err)
		assert.Equal(t, want, got, language)
	}
}
