package benchmarks

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	extism "github.com/extism/go-sdk"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load"
	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/engine/native"
	"github.com/loadgo/load/engine/wasm"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/find/builtin"
	"github.com/loadgo/load/find/dir"
	"github.com/loadgo/load/store"
)

// sample is a call of a plugin that Extism publishes with its SDK for Go.
type sample struct {
	file, function, input string
	config                map[string]string
}

// samples are the plugins that need neither a manifest nor the network.
var samples = []sample{
	{"alloc.wasm", "run_test", "", nil},
	{"config.wasm", "run_test", "", map[string]string{"thing": "hello"}},
	{"config.wasm", "run_test", "", nil},
	{"count_vowels.wasm", "count_vowels", "hello world", nil},
	{"count_vowels_std.wasm", "_start", "hello world", nil},
	{"exit.wasm", "_start", "", map[string]string{"code": "0"}},
	{"exit.wasm", "_start", "", map[string]string{"code": "500"}},
	{"exit.wasm", "_start", "", map[string]string{"code": "-1"}},
	{"fail.wasm", "run_test", "", nil},
	{"hello.wasm", "run_test", "", nil},
	{"hello_haskell.wasm", "testing", "John", map[string]string{"greeting": "Howdy"}},
	{"host.wasm", "run_test", "", nil},
	{"host_memory.wasm", "run_test", "Frodo", nil},
	{"host_multiple.wasm", "say_green", "John", nil},
	{"host_multiple.wasm", "say_purple", "Jane", nil},
	{"http.wasm", "run_test", "", nil}, // which is refused
	{"input_offset.wasm", "input_offset_length", "hello world", nil},
	{"log.wasm", "run_test", "", nil},
	{"println.wasm", "run_test", "hello", nil},
	{"replace.wasm", "run_test", "the cat", nil},
	{"std_command.wasm", "_start", "ben", nil},
	{"var.wasm", "run_test", "", nil},
}

// TestLiveExtism: what Extism publishes to test its SDK for Go behaves the same there and here. It
// runs with LOAD_LIVE=1.
func TestLiveExtism(t *testing.T) {
	if os.Getenv("LOAD_LIVE") != "1" {
		t.Skip("set LOAD_LIVE=1 to compile the plugins of extism/go-sdk")
	}
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/extism/go-sdk").Output()
	require.NoError(t, err)
	place := filepath.Join(strings.TrimSpace(string(out)), "wasm")
	for _, s := range samples {
		t.Run(s.file+" "+s.function, func(t *testing.T) {
			file := filepath.Join(place, s.file)
			theirs, theirErr := callExtism(t, extism.Manifest{Wasm: []extism.Wasm{extism.WasmFile{Path: file}}, Config: s.config}, s)
			ours, err := callOurs(t, wasm.Config{Values: s.config}, file, s)
			assert.Equal(t, theirs, ours)
			alike(t, theirErr, err)
		})
	}
	t.Run("linked", func(t *testing.T) {
		s := sample{"main.wasm", "run_test", "benjamin", nil}
		lib, main := filepath.Join(place, "lib.wasm"), filepath.Join(place, "main.wasm")
		theirs, theirErr := callExtism(t, extism.Manifest{Wasm: []extism.Wasm{extism.WasmFile{Path: lib, Name: "lib"}, extism.WasmFile{Path: main, Name: "main"}}}, s)
		ours, err := callOurs(t, wasm.Config{}, manifestOf(t, `{"wasm": [{"path": "lib.wasm", "name": "lib"}, {"path": "main.wasm", "name": "main"}]}`, lib, main), s)
		assert.Equal(t, theirs, ours)
		alike(t, theirErr, err)
	})
	files := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(files, "test.txt"), []byte("hello world!"), 0o600))
	for name, c := range map[string]struct {
		sample
		rights string // of the directory, before its path
		long   int    // milliseconds
	}{
		"noop":        {sample: sample{"noop.wasm", "run_test", "", nil}},
		"short sleep": {sample: sample{"sleep.wasm", "run_test", "", map[string]string{"duration": "0"}}},
		"long sleep":  {sample: sample{"sleep.wasm", "run_test", "", map[string]string{"duration": "60"}}, long: 100},
		"read":        {sample: sample{"fs.wasm", "run_test", "", nil}},
		"read std":    {sample: sample{"fs_std.wasm", "run_test", "", nil}},
		"read only":   {sample: sample{"read_write.wasm", "try_read", "", map[string]string{"path": "/mnt/test.txt"}}, rights: "ro:"},
		"write":       {sample: sample{"read_write.wasm", "try_write", "hello hello!", map[string]string{"path": "/mnt/test.txt"}}, rights: "ro:"},
		"not granted": {sample: sample{"read_write.wasm", "try_read", "", map[string]string{"path": "/mnt/none.txt"}}, rights: "ro:"},
	} {
		t.Run(name, func(t *testing.T) {
			file, paths := filepath.Join(place, c.file), map[string]string{c.rights + files: "/mnt"}
			theirs, theirErr := callExtism(t, extism.Manifest{
				Wasm: []extism.Wasm{extism.WasmFile{Path: file}}, Config: c.config, AllowedPaths: paths, Timeout: uint64(c.long),
			}, c.sample)
			text, err := json.Marshal(map[string]any{
				"wasm": []any{map[string]string{"path": c.file}}, "config": c.config, "allowed_paths": paths, "timeout_ms": c.long,
			})
			require.NoError(t, err)
			granted := wasm.Config{ReadWrite: []string{files}}
			if c.rights != "" {
				granted = wasm.Config{ReadOnly: []string{files}}
			}
			ours, err := callOurs(t, granted, manifestOf(t, string(text), file), c.sample)
			if c.long > 0 { // the SDK's plugins see a clock by which a sleep ends at once, unless they are given another
				var limit *engine.LimitError
				require.ErrorAs(t, err, &limit)
				return
			}
			assert.Equal(t, theirs, ours)
			assert.Equal(t, theirErr == nil, err == nil, "%v, %v", theirErr, err)
			if c.function == "try_write" {
				assert.ErrorContains(t, theirErr, "Failed to write file")
				assert.ErrorContains(t, err, "Failed to write file")
			}
		})
	}
	text, err := os.ReadFile(filepath.Join(files, "test.txt"))
	require.NoError(t, err)
	assert.Equal(t, "hello world!", string(text))
	t.Run("http", func(t *testing.T) {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X-Own", "a") }))
		defer server.Close()
		at, err := url.Parse(server.URL)
		require.NoError(t, err)
		file := filepath.Join(place, "http_headers.wasm")
		s := sample{"http_headers.wasm", "http_get", `{"url":"` + server.URL + `"}`, nil}
		_, theirErr := callExtism(t, extism.Manifest{Wasm: []extism.Wasm{extism.WasmFile{Path: file}}, AllowedHosts: []string{at.Hostname()}}, s)
		ours, err := callOurs(t, wasm.Config{Hosts: []string{at.Hostname()}}, file, s)
		alike(t, theirErr, err)
		assert.Contains(t, ours, `"x-own":"a"`)
	})
}

// alike compares what two calls ended with: an error that the plugin set is the same text.
func alike(t *testing.T, theirs, ours error) {
	t.Helper()
	assert.Equal(t, theirs == nil, ours == nil, "%v, %v", theirs, ours)
	var failed *wasm.PluginError
	if theirs != nil && errors.As(ours, &failed) {
		assert.Equal(t, theirs.Error(), failed.Error())
	}
}

func manifestOf(t *testing.T, text string, modules ...string) string {
	t.Helper()
	place := t.TempDir()
	for _, module := range modules {
		data, err := os.ReadFile(module)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(place, filepath.Base(module)), data, 0o600))
	}
	file := filepath.Join(place, "plugin.json")
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	return file
}

func callExtism(t *testing.T, m extism.Manifest, s sample) (string, error) {
	t.Helper()
	ctx := context.Background()
	texts := func(change func(string) string) extism.HostFunctionStackCallback {
		return func(_ context.Context, p *extism.CurrentPlugin, stack []uint64) {
			in, err := p.ReadString(stack[0])
			require.NoError(t, err)
			stack[0], err = p.WriteString(change(in))
			require.NoError(t, err)
		}
	}
	ptr := []extism.ValueType{extism.ValueTypePTR}
	upper := extism.NewHostFunctionWithStack("to_upper", texts(strings.ToUpper), ptr, ptr)
	upper.SetNamespace("host")
	product := func(_ context.Context, _ *extism.CurrentPlugin, stack []uint64) { stack[0] *= stack[1] }
	if m.Config == nil {
		m.Config = map[string]string{}
	}
	m.Memory = &extism.ManifestMemory{MaxVarBytes: -1, MaxHttpResponseBytes: -1}
	p, err := extism.NewPlugin(ctx, m, extism.PluginConfig{EnableWasi: true, RuntimeConfig: stoppable(), EnableHttpResponseHeaders: true}, []extism.HostFunction{
		upper, extism.NewHostFunctionWithStack("mult", product, append(ptr, ptr...), ptr),
		extism.NewHostFunctionWithStack("hostGreenMessage", texts(green), ptr, ptr), extism.NewHostFunctionWithStack("hostPurpleMessage", texts(purple), ptr, ptr),
	})
	require.NoError(t, err)
	defer p.Close(ctx)
	code, out, err := p.Call(s.function, []byte(s.input))
	if err == nil && code != 0 {
		err = errors.New("it returned a status")
	}
	if err != nil {
		return "", err
	}
	return string(out), nil
}

func green(s string) string  { return "green " + s }
func purple(s string) string { return "purple " + s }

func callOurs(t *testing.T, c wasm.Config, file string, s sample) (string, error) {
	t.Helper()
	kept, err := store.Open(filepath.Join(t.TempDir(), "store"))
	require.NoError(t, err)
	l, err := load.New(load.Config{Path: find.Path{dir.New("."), builtin.New()}, Engines: []engine.Engine{wasm.New(c), native.New()}, Store: kept})
	require.NoError(t, err)
	defer l.Close(context.Background())
	require.NoError(t, l.Register("host", map[string]any{"to_upper": strings.ToUpper}))
	require.NoError(t, l.Register("extism/host/user", map[string]any{
		"mult": func(a, b int64) int64 { return a * b }, "hostGreenMessage": green, "hostPurpleMessage": purple,
	}))
	m, err := l.Load(t.Context(), file)
	require.NoError(t, err)
	out, err := m.Call(t.Context(), s.function, s.input)
	if err != nil {
		return "", err
	}
	return out[0].(string), nil
}
