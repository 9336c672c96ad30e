package dir_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/find"
	"github.com/loadgo/load/find/dir"
)

// TestWasm: a WebAssembly file is found by its name and its path, and so is a folder that holds one
// and nothing that comes before it.
func TestWasm(t *testing.T) {
	t.Parallel()
	root, err := filepath.EvalSymlinks(t.TempDir())
	require.NoError(t, err)
	for _, file := range []string{"tax.wasm", "one/a.wasm", "one/README.md", "two/a.wasm", "two/b.wasm", "go/a.wasm", "go/a.go", "script/a.wasm", "script/init.star", "plugin.json", "plugin.toml", "three/a.wasm", "three/b.wasm", "two/a.json", "two/b.toml"} {
		path := filepath.Join(root, filepath.FromSlash(file))
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte("package a"), 0o600))
	}
	look := func(target string) (*find.Spec, error) {
		name, err := find.ParseName(target)
		require.NoError(t, err)
		at := root
		if filepath.IsAbs(target) { // which the finder of the current directory answers
			at = "."
		}
		return dir.New(at).Find(t.Context(), name)
	}
	for target, want := range map[string]string{"tax.wasm": "tax.wasm", "one": "a.wasm", "one/a.wasm": "a.wasm", root + "/tax.wasm": "tax.wasm", root + "/one": "a.wasm", root + "/plugin.json": "plugin.json", "plugin.toml": "plugin.toml"} {
		spec, err := look(target)
		require.NoError(t, err, target)
		assert.Equal(t, find.KindWasm, spec.Source.Kind, target)
		assert.Equal(t, want, spec.Source.File, target)
		assert.NotEmpty(t, spec.Source.Hash, target)
	}
	for target, want := range map[string]find.Kind{"go": find.KindGo, "script": find.KindStarlark} {
		spec, err := look(target)
		require.NoError(t, err, target)
		assert.Equal(t, want, spec.Source.Kind, target)
	}
	_, err = look("two")
	assert.ErrorIs(t, err, find.ErrNotFound)
	assert.ErrorContains(t, err, "2 WebAssembly files: name one of them")
	_, err = look("other.wasm")
	assert.ErrorIs(t, err, find.ErrNotFound)
}

// TestManifestBeside: a manifest in a folder counts by what it says, also beside a single module,
// whose limits and hosts it may hold; what others call JSON or TOML does not.
func TestManifestBeside(t *testing.T) {
	t.Parallel()
	const one = `{"wasm":[{"path":"a.wasm"}],"allowed_hosts":[]}`
	for name, c := range map[string]struct {
		files map[string]string
		file  string
		fails string
	}{
		"none":       {map[string]string{"a.wasm": "a", "package.json": `{"scripts":{"wasm":"asc"}}`, "Cargo.toml": "[package]\nname = \"wasm\"\n"}, "a.wasm", ""},
		"JSON":       {map[string]string{"a.wasm": "a", "plugin.json": one, "package.json": "{}"}, "plugin.json", ""},
		"TOML":       {map[string]string{"a.wasm": "a", "b.wasm": "b", "plugin.toml": "[[wasm]]\npath = \"a.wasm\"\n"}, "plugin.toml", ""},
		"unreadable": {map[string]string{"a.wasm": "a", "plugin.json": `{"wasm":[`}, "plugin.json", ""},
		"odd":        {map[string]string{"a.wasm": "a", "plugin.json": `{"wasm":[{"path":"a.wasm"}],"allowed_host":[]}`}, "plugin.json", ""},
		"two":        {map[string]string{"a.wasm": "a", "a.json": one, "b.json": one}, "", "holds two manifests, a.json and b.json: name one of them"},
		"several":    {map[string]string{"a.wasm": "a", "b.wasm": "b", "package.json": "{}"}, "", "2 WebAssembly files: name one of them"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			root, err := filepath.EvalSymlinks(t.TempDir())
			require.NoError(t, err)
			for file, text := range c.files {
				require.NoError(t, os.WriteFile(filepath.Join(root, file), []byte(text), 0o600))
			}
			asked, err := find.ParseName(root)
			require.NoError(t, err)
			spec, err := dir.New(".").Find(t.Context(), asked)
			if c.fails != "" {
				assert.ErrorContains(t, err, c.fails)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, c.file, spec.Source.File)
		})
	}
}

// TestManifest: the source of a manifest is the modules that it names, too.
func TestManifest(t *testing.T) {
	t.Parallel()
	root, err := filepath.EvalSymlinks(t.TempDir())
	require.NoError(t, err)
	hash := func(manifest, module string) string {
		for file, text := range map[string]string{"plugin.json": manifest, "a.wasm": module, "b.wasm": "b"} {
			require.NoError(t, os.WriteFile(filepath.Join(root, file), []byte(text), 0o600))
		}
		name, err := find.ParseName(root + "/plugin.json")
		require.NoError(t, err)
		spec, err := dir.New(".").Find(t.Context(), name)
		require.NoError(t, err)
		return spec.Source.Hash
	}
	const one = `{"wasm":[{"path":"a.wasm"}]}`
	first := hash(one, "a")
	assert.Equal(t, first, hash(one, "a"))
	for _, other := range []string{hash(one, "other"), hash(`{"wasm":[{"path":"b.wasm"}]}`, "a"), hash(one+" ", "a"), hash(`{"wasm":[{"path":"gone.wasm"}]}`, "a")} {
		assert.NotEqual(t, first, other)
	}
}

// TestManifestPlaces: policies decide about each file that is read beside the one that is found, by
// where it really lies.
func TestManifestPlaces(t *testing.T) {
	t.Parallel()
	root, err := filepath.EvalSymlinks(t.TempDir())
	require.NoError(t, err)
	for file, text := range map[string]string{
		"own/plugin.json":  `{"wasm":[{"name":"a","path":"below/a.wasm"},{"path":"link.wasm"}]}`,
		"own/below/a.wasm": "a", "away/b.wasm": "b", "own/z.wasm": "z", "away/z.wit": "z", "own/alone.wasm": "x",
	} {
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(root, file)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(root, file), []byte(text), 0o600))
	}
	own, away := filepath.Join(root, "own"), filepath.Join(root, "away")
	require.NoError(t, os.Symlink(filepath.Join(away, "b.wasm"), filepath.Join(own, "link.wasm")))
	require.NoError(t, os.Symlink(filepath.Join(away, "z.wit"), filepath.Join(own, "z.wit")))
	part := func(path, real string) find.Part { return find.Part{Place: real, Files: []string{path, real}} }
	below := filepath.Join(own, "below", "a.wasm")
	for file, want := range map[string][]find.Part{
		"plugin.json": {part(below, below), part(filepath.Join(own, "link.wasm"), filepath.Join(away, "b.wasm"))},
		"z.wasm":      {part(filepath.Join(own, "z.wit"), filepath.Join(away, "z.wit"))},
		"alone.wasm":  nil,
	} {
		name, err := find.ParseName(filepath.Join(own, file))
		require.NoError(t, err)
		spec, err := dir.New(".").Find(t.Context(), name)
		require.NoError(t, err)
		assert.Equal(t, want, spec.Parts, file)
	}
}
