package wasm_test

import (
	"encoding/binary"
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

// TestTyped: where a text beside a module says so, its functions take and return strings and bytes,
// by WebAssembly's canonical interface, and numbers of every width.
func TestTyped(t *testing.T) {
	t.Parallel()
	m := newWorld(t, wasm.Config{}).load(t, "typed/texts.wasm")
	signatures, docs := make(map[string]string), make(map[string]string)
	for _, s := range m.Symbols() {
		signatures[s.Name], docs[s.Name] = s.Signature, s.Doc
	}
	assert.Equal(t, "Joins a text and bytes.", docs["join"])
	assert.Equal(t, "func join(a string, b []uint8) string", signatures["join"])
	assert.Equal(t, "func first_byte(text string) uint8", signatures["first_byte"])
	assert.Equal(t, "func plain(int32) int32", signatures["plain"], "what the text does not name takes numbers")
	assert.NotContains(t, signatures, "cabi_realloc")

	join, err := load.Func[func(string, []byte) (string, error)](m, "join")
	require.NoError(t, err)
	long := strings.Repeat("long", 5000)
	for range 10 { // more than the module has room for, were the results not taken back
		got, err := join("Wörld ", []byte(long))
		require.NoError(t, err)
		assert.Equal(t, "Wörld "+long, got)
	}
	got, err := join("", nil)
	require.NoError(t, err)
	assert.Empty(t, got)
	posts, err := m.Call(t.Context(), "posts")
	require.NoError(t, err)
	assert.Equal(t, []any{int32(11)}, posts)
	asJSON, err := load.Func[func([]int, string) ([]int, error)](m, "join")
	require.NoError(t, err)
	list, err := asJSON([]int{1, 2}, " ")
	require.NoError(t, err)
	assert.Equal(t, []int{1, 2}, list)

	for _, test := range []struct {
		symbol string
		args   []any
		want   any
	}{
		{"join", []any{"a", []byte("b")}, "ab"},
		{"first_byte", []any{"A"}, uint8('A')},
		{"sum", []any{255, -5, 10, 0.5, 2}, 262.5},
		{"not", []any{true}, false},
		{"next", []any{'é'}, 'ê'},
		{"high", nil, uint32(1<<32 - 1)},
	} {
		out, err := m.Call(t.Context(), test.symbol, test.args...)
		require.NoError(t, err, test.symbol)
		assert.Equal(t, []any{test.want}, out, test.symbol)
	}
	sum, err := load.Func[func(uint, int8, int64, float32, float64) (float64, error)](m, "sum")
	require.NoError(t, err)
	total, err := sum(1, -2, 3, 0.25, 0)
	require.NoError(t, err)
	assert.InDelta(t, 2.25, total, 0)
	high, err := load.Func[func() (int64, error)](m, "high")
	require.NoError(t, err)
	n, err := high()
	require.NoError(t, err)
	assert.EqualValues(t, 1<<32-1, n)
	last, err := newWorld(t, wasm.Config{}).load(t, "typed/malloc.wasm").Call(t.Context(), "last", "a to z")
	require.NoError(t, err)
	assert.Equal(t, []any{uint8('z')}, last, "malloc makes room, too")
	for want, bad := range map[string]func() error{
		"argument 1: 256 does not fit into a uint8": func() error { _, err := sum(256, 0, 0, 0, 0); return err },
		"argument 3: -1 does not fit into a uint64": func() error { _, err := sum(0, 0, -1, 0, 0); return err },
		"cabi_realloc made no room for 40001 bytes": func() error { _, err := join(strings.Repeat("x", 40001), nil); return err },
		"argument 1: 0xd800 is no character":        func() error { _, err := m.Call(t.Context(), "next", 0xd800); return err },
		"argument 1 is a bool, not a int":           func() error { _, err := m.Call(t.Context(), "not", 1); return err },
		"argument 1 is a string, not nil":           func() error { _, err := m.Call(t.Context(), "first_byte", nil); return err },
		"it has 2 parameters, not 1":                func() error { _, err := m.Call(t.Context(), "join", "a"); return err },
		"what lies at 65535 is not in the module's": func() error { _, err := m.Call(t.Context(), "beyond"); return err },
		"what lies at 4294967292 is not in the mod": func() error { _, err := m.Call(t.Context(), "nowhere"); return err },
		"300 is no u8":                       func() error { _, err := m.Call(t.Context(), "wide"); return err },
		"parameter 1 is a string, not a int": func() error { _, err := load.Func[func(int) uint8](m, "first_byte"); return err },
		"its result is a bool, not a int":    func() error { _, err := load.Func[func(bool) int](m, "not"); return err },
	} {
		assert.ErrorContains(t, bad(), want)
	}
	got, err = join("still ", []byte("there"))
	require.NoError(t, err)
	assert.Equal(t, "still there", got)
}

// TestTypedRefused: a text that is wrong, or that the module does not fit, is an error; it is part
// of the source, and may be a section of the module.
func TestTypedRefused(t *testing.T) {
	t.Parallel()
	place, err := filepath.EvalSymlinks(t.TempDir())
	require.NoError(t, err)
	data, err := os.ReadFile("testdata/typed/texts.wasm")
	require.NoError(t, err)
	write := func(name, text string) string {
		require.NoError(t, os.WriteFile(filepath.Join(place, name), []byte(text), 0o600))
		return filepath.Join(place, name)
	}
	file := write("texts.wasm", string(data))
	w := newWorld(t, wasm.Config{})
	for text, want := range map[string]string{
		"join: func(":                      "it is cut off",
		"gone: func();":                    "gone has to be func() in the module, and it is not exported",
		"join: func(a: string) -> string;": "join has to be func(int32, int32) int32 in the module, and it is func(int32, int32, int32, int32) int32",
		"join: func(a: string, b: string, c: tuple<u8>) -> string;": "the type tuple is not supported",
	} {
		write("texts.wit", text)
		_, err := w.Load(t.Context(), file)
		var failed *engine.CompileError
		require.ErrorAs(t, err, &failed, text)
		assert.ErrorContains(t, err, "the text that says its types is wrong: ")
		assert.ErrorContains(t, err, want)
	}
	write("texts.wit", "not: func(a: bool) -> bool;")
	out, err := func() ([]any, error) {
		m, err := w.Load(t.Context(), file)
		require.NoError(t, err)
		return m.Call(t.Context(), "not", false)
	}()
	require.NoError(t, err)
	assert.Equal(t, []any{true}, out)

	section := append([]byte("\x03wit"), "next: func(a: char) -> char;"...)
	m, err := w.Load(t.Context(), write("own.wasm", string(append(data, sectionOf(0, section...)...))))
	require.NoError(t, err)
	out, err = m.Call(t.Context(), "next", 'a')
	require.NoError(t, err)
	assert.Equal(t, []any{'b'}, out)
	bare, err := os.ReadFile("testdata/numbers.wasm")
	require.NoError(t, err)
	write("numbers.wit", "add: func(a: string) -> s32;")
	_, err = w.Load(t.Context(), write("numbers.wasm", string(bare)))
	assert.ErrorContains(t, err, "add: the module exports ")
}

// TestDocumentation: a plugin's functions have the documentation of its sections.
func TestDocumentation(t *testing.T) {
	t.Parallel()
	code, err := os.ReadFile("testdata/plugin.wasm")
	require.NoError(t, err)
	for name, text := range map[string]string{
		"wit":          "world w {\n/// Returns the input. It\n/// copies it.\nexport echo: func(input: string) -> string;\n}",
		"package-docs": "\x01" + `{"worlds":{"w":{"func_exports":{"echo":{"docs":"Returns the input."},"gone":{"docs":"No."}}}}}`,
	} {
		section := append([]byte{byte(len(name))}, name...)
		section = append(section, text...)
		file := filepath.Join(t.TempDir(), "documented.wasm")
		data := append(binary.AppendUvarint(append(code[:len(code):len(code)], 0), uint64(len(section))), section...)
		require.NoError(t, os.WriteFile(file, data, 0o600))
		m, err := newWorld(t, wasm.Config{}).Load(t.Context(), file)
		require.NoError(t, err, name)
		echo, ok := engine.FindSymbol(m.Symbols(), "echo")
		require.True(t, ok)
		assert.Equal(t, "Returns the input.", echo.Doc, name)
		assert.Equal(t, []engine.Param{{Name: "input", Type: "...any", Kind: "slice"}}, echo.Params, name)
	}
}
