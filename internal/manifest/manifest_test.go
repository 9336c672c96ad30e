package manifest_test

import (
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/internal/manifest"
)

var modules = fstest.MapFS{"a.wasm": {Data: []byte("a")}, "below/b.wasm": {Data: []byte("b")}}

func read(name, text string) (*manifest.Manifest, error) {
	files := fstest.MapFS{name: {Data: []byte(text)}}
	for name, file := range modules {
		files[name] = file
	}
	return manifest.Read(files, name, nil)
}

// TestForms: JSON and TOML say the same.
func TestForms(t *testing.T) {
	t.Parallel()
	js, err := read("m.json", `{"wasm": [{"path": "below/b.wasm", "name": "main"}, {"path": "a.wasm", "name": "a"}], "timeout_ms": 3, "config": {"k": "v"},
		"allowed_hosts": ["*.example"], "allowed_paths": {"x": "mnt", "ro:/y": "/mnt/../y"}, "memory": {"max_pages": 2, "max_var_bytes": 0}}`)
	require.NoError(t, err)
	tm, err := read("m.toml", "timeout_ms = 3\nallowed_hosts = [\"*.example\"]\n[allowed_paths]\nx = \"mnt\"\n\"ro:/y\" = \"/mnt/../y\"\n[config]\nk = \"v\"\n"+
		"[memory]\nmax_pages = 2\nmax_var_bytes = 0\n[[wasm]]\npath = \"below/b.wasm\"\nname = \"main\"\n[[wasm]]\npath = \"a.wasm\"\nname = \"a\"\n")
	require.NoError(t, err)
	assert.Equal(t, []manifest.Module{{Name: "a", Data: []byte("a")}, {Name: "main", Data: []byte("b")}}, js.Modules, "the plugin is the last")
	assert.Equal(t, manifest.Asks{
		Config: map[string]string{"k": "v"}, Hosts: []string{"*.example"}, Paths: []manifest.Path{{Host: "x", Guest: "/mnt"}, {Host: "/y", Guest: "/y", ReadOnly: true}},
		Memory: 2 << 16, MaxResponse: -1, Timeout: 3 * time.Millisecond,
	}, js.Asks)
	assert.Equal(t, js.Modules, tm.Modules)
	assert.Equal(t, js.Asks, tm.Asks)
	assert.NotEqual(t, js.Sum, tm.Sum)
}

// TestBombs: what would take minutes, or gigabytes, is refused at once.
func TestBombs(t *testing.T) {
	t.Parallel()
	const n = 100_000
	for name, test := range map[string]struct{ file, text, want string }{
		"lists":   {"m.toml", "a = " + strings.Repeat("[", n), "it nests too deeply"},
		"tables":  {"m.toml", "a = " + strings.Repeat("{a=", n), "it nests too deeply"},
		"lines":   {"m.toml", "a = " + strings.Repeat("[\n", n), "it nests too deeply"},
		"keys":    {"m.toml", strings.Repeat("a.", n) + "a = 1", "it nests too deeply"},
		"large":   {"m.toml", strings.Repeat("#\n", 1<<20), "it has more than 1MiB"},
		"modules": {"m.json", `{"wasm": [` + strings.Repeat("{},", n) + "{}]}", "its list wasm has more than 16 modules"},
		"deep":    {"m.json", strings.Repeat("[", n), "exceeded max depth"},
		"name":    {"m.json", `{"` + strings.Repeat("x", n) + `": 1}`, "unknown field"},
	} {
		_, err := read(test.file, test.text)
		require.ErrorContains(t, err, test.want, name)
		assert.Less(t, len(err.Error()), 400, name)
	}
}

// FuzzRead: whatever a manifest says, it is refused, or names modules that are below its folder.
func FuzzRead(f *testing.F) {
	for _, text := range []string{`{"wasm":[{"path":"a.wasm","name":"main"},{"data":"YQ==","hash":"x"}]}`, `{"wasm":[{"path":"..//x"}],"memory":{"max_pages":4294967295}}`, "[[wasm]]\npath = 'a.wasm'\n"} {
		f.Add(text, true)
		f.Add(text, false)
	}
	f.Fuzz(func(t *testing.T, text string, js bool) {
		name := "m.toml"
		if js {
			name = "m.json"
		}
		m, err := read(name, text)
		if err != nil {
			return
		}
		require.NotEmpty(t, m.Modules)
		require.Equal(t, manifest.Main, m.Modules[len(m.Modules)-1].Name)
		again, err := read(name, text)
		require.NoError(t, err)
		require.Equal(t, m, again)
	})
}
