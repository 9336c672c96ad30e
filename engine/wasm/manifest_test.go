package wasm_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load"
	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/engine/wasm"
)

// folder is a new folder with a manifest and the modules of testdata/linked and the plugin beside
// it.
func folder(t *testing.T, name, text string) string {
	t.Helper()
	place, err := filepath.EvalSymlinks(t.TempDir())
	require.NoError(t, err)
	for _, module := range []string{"linked/main", "linked/lib", "linked/base", "plugin"} {
		data, err := os.ReadFile("testdata/" + module + ".wasm")
		require.NoError(t, err)
		to := filepath.Join(place, filepath.FromSlash(module)+".wasm")
		require.NoError(t, os.MkdirAll(filepath.Dir(to), 0o700))
		require.NoError(t, os.WriteFile(to, data, 0o600))
	}
	require.NoError(t, os.WriteFile(filepath.Join(place, name), []byte(text), 0o600))
	return filepath.Join(place, name)
}

// text calls a function of a plugin.
func text(t *testing.T, m *load.Module, symbol string, input ...any) (string, error) {
	t.Helper()
	out, err := m.Call(t.Context(), symbol, input...)
	if err != nil {
		return "", err
	}
	return out[0].(string), nil
}

// TestLinked: the modules of a manifest import from each other, in whatever order it names them; a
// trap gives all of them up.
func TestLinked(t *testing.T) {
	t.Parallel()
	w := newWorld(t, wasm.Config{})
	inline, err := os.ReadFile("testdata/linked/base.wasm")
	require.NoError(t, err)
	sum := sha256.Sum256(inline)
	for name, manifest := range map[string]string{
		"plugin.json": `{"$schema": "x", "wasm": [{"path": "linked/lib.wasm", "name": "lib"}, {"path": "linked/base.wasm", "name": "base"}, {"path": "linked/main.wasm"}]}`,
		"first.json": fmt.Sprintf(`{"wasm": [{"path": "linked/main.wasm", "name": "main"}, {"path": "./linked/lib.wasm", "name": "lib"},
			{"data": %q, "name": "base", "hash": "%x"}]}`, base64.StdEncoding.EncodeToString(inline), sum),
		"plugin.toml": "[[wasm]]\npath = \"linked/base.wasm\"\nname = \"base\"\n[[wasm]]\npath = \"linked/lib.wasm\"\nname = \"lib\"\n[[wasm]]\npath = \"linked/main.wasm\"\n",
	} {
		m, err := w.Load(t.Context(), folder(t, name, manifest))
		require.NoError(t, err, name)
		for _, want := range []string{"3", "4"} {
			got, err := text(t, m, "count")
			require.NoError(t, err)
			assert.Equal(t, want, got)
		}
		got, err := text(t, m, "step")
		require.NoError(t, err)
		assert.Equal(t, "1", got)
		_, err = text(t, m, "crash")
		var trap *wasm.TrapError
		require.ErrorAs(t, err, &trap)
		got, err = text(t, m, "seen")
		require.NoError(t, err)
		assert.Equal(t, "2", got, "what it links to is fresh, too, and initialised")
	}
}

// TestManifestRefused: what is wrong with a manifest or a module of it is said.
func TestManifestRefused(t *testing.T) {
	t.Parallel()
	const lib, base = `{"path":"linked/lib.wasm","name":"lib"}`, `{"path":"linked/base.wasm","name":"base"}`
	w := newWorld(t, wasm.Config{})
	for manifest, want := range map[string]string{
		`{`:                       "it is not an Extism manifest: unexpected EOF",
		`[]`:                      "it is not an Extism manifest: json: cannot unmarshal array",
		`{} {}`:                   "something follows the object",
		`{"name":"left-pad"}`:     `unknown field "name"`,
		`{}`:                      "its list wasm has 0 modules",
		`{"wasm":[{"name":"a"}]}`: "module 1 of its list wasm: it has neither path nor data",
		`{"wasm":[{"url":"https://example.com/a.wasm"}]}`:                                                      "it is at https://example.com/a.wasm: put the SHA-256 of the file into hash",
		`{"wasm":[{"url":"https://example.com/a.wasm","hash":"00"}]}`:                                          "it is at https://example.com/a.wasm, and wasm.Config.Fetch is not set",
		`{"wasm":[{"url":"https://example.com/a.wasm","hash":"00","headers":{"a":"b"}}]}`:                      "which is asked by GET and without headers",
		`{"wasm":[{"path":"gone.wasm"}]}`:                                                                      "no such file",
		`{"wasm":[{"path":"../secret.wasm"}]}`:                                                                 "../secret.wasm is not below the manifest's folder",
		`{"wasm":[{"path":"..\\secret.wasm"}]}`:                                                                "../secret.wasm is not below the manifest's folder",
		`{"wasm":[{"path":"/etc/passwd"}]}`:                                                                    "no such file",
		`{"wasm":[{"path":"linked"}]}`:                                                                         "module 1 of its list wasm: ",
		`{"wasm":[{"data":"%"}]}`:                                                                              "illegal base64 data",
		`{"wasm":[{"data":""}]}`:                                                                               "it is not a WebAssembly module",
		`{"wasm":[{"path":"plugin.wasm","hash":"00"}]}`:                                                        "its SHA-256 is",
		`{"wasm":[` + lib + `,` + lib + `,{"path":"plugin.wasm"}]}`:                                            `two of its modules are called "lib"`,
		`{"wasm":[{"path":"plugin.wasm","name":"main"},{"path":"plugin.wasm","name":"main"}]}`:                 `two of its modules are called "main"`,
		`{"wasm":[{"path":"linked/lib.wasm","name":"extism:host/env"},{"path":"plugin.wasm"}]}`:                "called extism:host/env, as one of the host is",
		`{"wasm":[{"path":"linked/lib.wasm","name":"wasi_snapshot_preview1"},{"path":"plugin.wasm"}]}`:         "as one of the host is",
		`{"wasm":[{"path":"linked/lib.wasm","name":"base"},{"path":"plugin.wasm"}]}`:                           "its module base: it imports what nobody provides\n\tbase add: the module base of the manifest exports none of that name and kind",
		`{"wasm":[` + base + `,{"path":"linked/lib.wasm"}]}`:                                                   "",
		`{"wasm":[` + base + `,{"path":"linked/base.wasm","name":"lib"},{"path":"linked/main.wasm"}]}`:         "lib count: the module lib of the manifest exports none",
		`{"wasm":[` + lib + `,{"path":"plugin.wasm"}]}`:                                                        "base add: the program registered no module base",
		`{"wasm":[{"path":"plugin.wasm"}],"allowed_paths":{"/a":"/x","/b":"x"}}`:                               "cannot be shown at \"/x\"",
		`{"wasm":[{"path":"plugin.wasm"}],"allowed_hosts":["[a"]}`:                                             `allowed_hosts: "[a" is not a pattern`,
		`{"wasm":[{"path":"plugin.wasm"}],"timeout_ms":18446744073709551615}`:                                  "timeout_ms is too large",
		`{"wasm":[` + strings.TrimSuffix(strings.Repeat(`{"path":"plugin.wasm","name":"a"},`, 17), ",") + `]}`: "its list wasm has more than 16 modules",
	} {
		_, err := w.Load(t.Context(), folder(t, "plugin.json", manifest))
		if want == "" {
			assert.NoError(t, err, manifest)
			continue
		}
		var failed *engine.CompileError
		assert.ErrorAs(t, err, &failed, manifest)
		assert.ErrorContains(t, err, want, manifest)
	}
	_, err := w.Load(t.Context(), folder(t, "plugin.toml", "[[wasm]]\npath = \"plugin.wasm\"\nsize = 1\n"))
	assert.ErrorContains(t, err, `unknown field "wasm.size"`)
}

// TestManifestAsks: a plugin gets what its manifest asks for and what is granted, and nothing that
// is only one of them.
func TestManifestAsks(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "answer") }))
	t.Cleanup(server.Close)
	at, err := url.Parse(server.URL)
	require.NoError(t, err)
	open := func(c wasm.Config, asks map[string]any) (*load.Module, error) {
		asks["wasm"] = []map[string]string{{"path": "plugin.wasm"}}
		manifest, err := json.Marshal(asks)
		require.NoError(t, err)
		return newWorld(t, c).Load(t.Context(), folder(t, "plugin.json", string(manifest)))
	}
	plugin := func(c wasm.Config, asks map[string]any) *load.Module {
		m, err := open(c, asks)
		require.NoError(t, err)
		return m
	}
	type asks = map[string]any

	m := plugin(wasm.Config{Values: map[string]string{"b": "program"}}, asks{"config": asks{"a": "manifest", "b": "manifest", "c": nil}})
	for key, want := range map[string]string{"a": "manifest", "b": "program", "c": ""} {
		got, err := text(t, m, "config", key)
		require.NoError(t, err)
		assert.Equal(t, want, got)
	}

	request := fmt.Sprintf(`{"url":%q}`, server.URL)
	for _, test := range []struct {
		granted, asked []string
		want           string
	}{
		{[]string{at.Hostname()}, []string{"127.0.0.*"}, ""},
		{[]string{"*"}, []string{"example.com"}, "its manifest does not ask for the host"},
		{[]string{"*"}, nil, "its manifest does not ask for the host"},
		{nil, []string{"*"}, "name its host in wasm.Config.Hosts"},
		{[]string{"example.com"}, []string{"*"}, "name its host in wasm.Config.Hosts"},
	} {
		got, err := text(t, plugin(wasm.Config{Hosts: test.granted}, asks{"allowed_hosts": test.asked}), "get", request)
		if test.want != "" {
			assert.ErrorContains(t, err, test.want)
			continue
		}
		require.NoError(t, err)
		assert.Equal(t, "answer", got)
	}

	m = plugin(wasm.Config{Hosts: []string{"*"}}, asks{"allowed_hosts": []string{"*"}, "memory": asks{"max_http_response_bytes": 3, "max_var_bytes": 0, "max_pages": 20}})
	_, err = text(t, m, "get", request)
	assert.ErrorContains(t, err, "the answer has more than 3 bytes")
	_, err = text(t, m, "visits", "a")
	assert.ErrorContains(t, err, "take at most 0 bytes")
	_, err = text(t, m, "echo", strings.Repeat("x", 21*wasmPage))
	assert.ErrorContains(t, err, "does not fit into wasm.Config.Memory")
	_, err = text(t, plugin(wasm.Config{}, asks{"memory": asks{"max_var_bytes": 3 << 20}}), "hoard", "a")
	assert.NoError(t, err, "more than a plugin without a manifest keeps")

	_, err = text(t, plugin(wasm.Config{}, asks{"timeout_ms": 1}), "loop")
	var limit *engine.LimitError
	require.ErrorAs(t, err, &limit)
}

const wasmPage = 64 << 10

// TestManifestPaths: a plugin sees the directories that its manifest asks for, at the places that
// it says, where they are granted; else it does not start.
func TestManifestPaths(t *testing.T) {
	t.Parallel()
	const modules = `"wasm": [{"path": "linked/base.wasm", "name": "base"}, {"path": "linked/lib.wasm", "name": "lib"}, {"path": "linked/main.wasm"}]`
	granted, err := filepath.EvalSymlinks(t.TempDir())
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(granted, "file"), nil, 0o600))
	open := func(c wasm.Config, paths string) (*load.Module, error) {
		return newWorld(t, c).Load(t.Context(), folder(t, "plugin.json", `{`+modules+`, "allowed_paths": `+paths+`}`))
	}
	readable, writable := wasm.Config{ReadOnly: []string{granted}}, wasm.Config{ReadWrite: []string{granted}}
	asksToRead, asksToWrite := fmt.Sprintf(`{%q: "/mnt"}`, "ro:"+granted), fmt.Sprintf(`{%q: "/mnt"}`, granted)
	for _, test := range []struct {
		config               wasm.Config
		paths                string
		opens, creates, full bool
	}{
		{readable, asksToRead, true, false, false},
		{writable, asksToRead, true, false, false},
		{writable, asksToWrite, true, true, false},
		{writable, `{}`, false, false, true},
	} {
		m, err := open(test.config, test.paths)
		require.NoError(t, err)
		_, err = text(t, m, "open")
		assert.Equal(t, test.opens, err == nil, "%v", err)
		_, err = text(t, m, "create")
		assert.Equal(t, test.creates, err == nil, "%v", err)
		files := m.Isolation().Measures[0]
		assert.Equal(t, "files", files.Name)
		assert.Equal(t, test.full, files.InForce)
	}
	for want, test := range map[string]struct {
		config wasm.Config
		paths  string
	}{
		"its manifest asks to read and change " + granted + ", which is not granted: name the directory in wasm.Config.ReadWrite": {readable, asksToWrite},
		"its manifest asks to read " + granted + ", which is not granted: name the directory in wasm.Config.ReadOnly":             {wasm.Config{}, asksToRead},
		"its manifest asks to read " + filepath.Join(granted, "below"):                                                            {readable, fmt.Sprintf(`{%q: "/mnt"}`, "ro:"+filepath.Join(granted, "below"))},
		"its manifest asks to read " + filepath.Dir(granted):                                                                      {readable, fmt.Sprintf(`{%q: "/mnt"}`, "ro:"+granted+"/..")},
		"its manifest asks to read /": {readable, `{"ro:/": "/mnt"}`},
	} {
		_, err := open(test.config, test.paths)
		var failed *engine.InitError
		require.ErrorAs(t, err, &failed, want)
		assert.ErrorContains(t, err, want)
	}
}

// TestManifestChanges: another module beside a manifest is another source.
func TestManifestChanges(t *testing.T) {
	t.Parallel()
	w := newWorld(t, wasm.Config{})
	place := folder(t, "plugin.json", `{"wasm": [{"path": "linked/base.wasm"}]}`)
	m, err := w.Load(t.Context(), place)
	require.NoError(t, err)
	_, err = m.Call(t.Context(), "add", 1)
	require.NoError(t, err)
	data, err := os.ReadFile("testdata/plugin.wasm")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(filepath.Dir(place), "linked", "base.wasm"), data, 0o600))
	_, err = w.Reload(t.Context(), place)
	require.NoError(t, err)
	m, err = w.Load(t.Context(), place)
	require.NoError(t, err)
	got, err := text(t, m, "echo", "new")
	require.NoError(t, err)
	assert.Equal(t, "new", got)
}

// TestKinds: Explain says what a file is, what it asks for and what it calls, or what is wrong with
// it.
func TestKinds(t *testing.T) {
	t.Parallel()
	w := newWorld(t, wasm.Config{})
	asks := folder(t, "plugin.json", `{"wasm": [{"path": "linked/base.wasm", "name": "base"}, {"path": "linked/lib.wasm", "name": "lib"}, {"path": "linked/main.wasm"}],
		"allowed_hosts": ["a.example", "b.example"], "allowed_paths": {"ro:/srv": "/mnt", "/var": "/var"}}`)
	for path, want := range map[string]string{
		"./testdata/plugin.wasm":  "an Extism plugin",
		"./testdata/command.wasm": "a WASI command",
		"./testdata/wasi.wasm":    "a WASI reactor: a module of functions of numbers",
		"./testdata/bare.wasm":    "a module of functions of numbers; it calls of the program tools half",
		"./testdata/missing.wasm": "it imports what nobody provides",
		asks: "an Extism plugin with a manifest; it links to base, lib; it asks for the hosts a.example, b.example; " +
			"it asks for the directories /srv (to read, at /mnt), /var (to change, at /var)",
	} {
		e, err := w.Explain(t.Context(), path)
		require.NoError(t, err)
		if path == "./testdata/missing.wasm" {
			assert.Contains(t, e.Kind, want)
			continue
		}
		assert.Equal(t, want, e.Kind)
		assert.Contains(t, e.String(), want)
	}
}

// TestManifestFetches: modules at URLs are fetched once, when the manifest is compiled, and have the
// sums that the manifest says.
func TestManifestFetches(t *testing.T) {
	t.Parallel()
	lib, err := os.ReadFile("testdata/linked/lib.wasm")
	require.NoError(t, err)
	place := t.TempDir()
	for _, name := range []string{"base.wasm", "main.wasm"} {
		data, err := os.ReadFile("testdata/linked/" + name)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(place, name), data, 0o600))
	}
	write := func(hash string) string {
		file := filepath.Join(place, "plugin.json")
		text := `{"wasm":[{"path":"base.wasm","name":"base"},{"url":"https://example.com/lib.wasm","name":"lib","hash":"` + hash + `"},{"path":"main.wasm"}]}`
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
		return file
	}
	var asked []string
	answer, fail := lib, error(nil)
	w := newWorld(t, wasm.Config{Fetch: func(_ context.Context, url string) (io.ReadCloser, error) {
		asked = append(asked, url)
		return io.NopCloser(bytes.NewReader(answer)), fail
	}})
	file := write(fmt.Sprintf("%x", sha256.Sum256(lib)))
	explained, err := w.Explain(t.Context(), file)
	require.NoError(t, err)
	assert.Contains(t, explained.String(), "it is at https://example.com/lib.wasm")
	assert.Empty(t, asked, "nothing is fetched to explain it")
	answer = lib[:len(lib)-1]
	_, err = w.Load(t.Context(), file)
	assert.ErrorContains(t, err, "module 2 of its list wasm: its SHA-256 is")
	fail = errors.New("the policy refuses it")
	_, err = w.Load(t.Context(), file)
	require.ErrorIs(t, err, fail)
	answer, fail, asked = lib, nil, nil
	for range 2 {
		_, err = w.Load(t.Context(), file)
		require.NoError(t, err)
		_, err = w.Unload(t.Context(), file)
		require.NoError(t, err)
	}
	assert.Equal(t, []string{"https://example.com/lib.wasm"}, asked)
}
