package wasm_test

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/engine/wasm"
	"github.com/loadgo/load/find"
)

var header = []byte("\x00asm\x01\x00\x00\x00")

// compile compiles a file as the loader does.
func compile(t testing.TB, data []byte) error {
	t.Helper()
	place := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(place, "a.wasm"), data, 0o600))
	return wasm.New(wasm.Config{}).Compile(t.Context(), find.Source{Kind: find.KindWasm, FS: os.DirFS(place), Dir: place, File: "a.wasm"}, t.TempDir())
}

func sectionOf(id byte, content ...byte) []byte {
	return append(binary.AppendUvarint([]byte{id}, uint64(len(content))), content...)
}

func many(n int, element ...byte) []byte {
	return append(binary.AppendUvarint(nil, uint64(n)), bytes.Repeat(element, n)...)
}

// TestRefused: what is no core module that can run is a CompileError that says why. Lists that
// claim billions of elements make no room for them.
func TestRefused(t *testing.T) {
	t.Parallel()
	const billions = "\xff\xff\xff\xff\x0f"
	function := sectionOf(1, 1, 0x60, 0, 0)
	for want, data := range map[string][]byte{
		"it is not a WebAssembly module":               []byte("#!/bin/sh"),
		"it is the text of a WebAssembly module":       []byte(" (module)"),
		"it is a WebAssembly component":                []byte("\x00asm\x0d\x00\x01\x00"),
		"its version is 2, not 1":                      []byte("\x00asm\x02\x00\x00\x00"),
		"it is cut off":                                []byte("\x00asm"),
		"of the unknown kind 77":                       append(header[:8:8], 77, 0),
		"a list of 4294967295 elements has 0 bytes":    append(header[:8:8], sectionOf(3, []byte(billions)...)...),
		"a list of 4294967295 elements has 1 bytes":    append(header[:8:8], sectionOf(9, append([]byte{1, 5, 0x70}, append([]byte(billions), 0)...)...)...),
		"a function has 4294967295 variables":          bytes.Join([][]byte{header, function, sectionOf(3, 1, 0), sectionOf(10, append([]byte{1, 9, 1}, append([]byte(billions), 0x7f, 0x0b, 0)...)...)}, nil),
		"a type has 1001 parameters or results":        append(header[:8:8], sectionOf(1, append([]byte{1, 0x60}, append(many(1001, 0x7f), 0)...)...)...),
		"a type has 1002 parameters or results":        append(header[:8:8], sectionOf(1, append([]byte{1, 0x60, 0}, many(1002, 0x7f)...)...)...),
		"its functions have 100000 variables in":       bytes.Join([][]byte{header, function, sectionOf(3, many(2, 0)...), sectionOf(10, many(2, 6, 1, 0xd0, 0x86, 3, 0x7f, 0x0b)...)}, nil),
		"a function has 7654322 bytes":                 bytes.Join([][]byte{header, function, sectionOf(3, 1, 0), sectionOf(10, append([]byte{1}, many(7654322, 0)...)...)}, nil),
		"it has the unknown instruction 0x12":          bytes.Join([][]byte{header, function, sectionOf(3, 1, 0), sectionOf(10, 1, 4, 0, 0x12, 0, 0x0b)}, nil),
		"it has the unknown instruction 0x63":          bytes.Join([][]byte{header, function, sectionOf(3, 1, 0), sectionOf(10, 1, 5, 0, 0xfc, 0x63, 0, 0x0b)}, nil),
		"it has the unknown instruction 0x114":         bytes.Join([][]byte{header, function, sectionOf(3, 1, 0), sectionOf(10, 1, 5, 0, 0xfd, 0x94, 0x02, 0x0b)}, nil),
		"its 100000 tables have 0 elements":            append(header[:8:8], sectionOf(4, many(100_000, 0x70, 0, 0)...)...),
		"its 1 tables have 134217727 elements":         append(header[:8:8], sectionOf(4, 1, 0x70, 0, 0xff, 0xff, 0xff, 0x3f)...),
		"a number is cut off, or too large":            append(header[:8:8], 1, 0x80, 0x80, 0x80, 0x80, 0x80),
		"an initial value has the instruction 0x10":    append(header[:8:8], sectionOf(11, 1, 0, 0x10, 0, 0x0b)...),
		"it has types that are not those of functions": append(header[:8:8], sectionOf(1, 1, 0x5f, 0)...),
	} {
		err := compile(t, data)
		var failed *engine.CompileError
		assert.ErrorAs(t, err, &failed, want)
		assert.ErrorContains(t, err, want)
	}
	require.NoError(t, compile(t, header))
	names := append([]byte("\x04name\x01\x05"), billions...)
	require.NoError(t, compile(t, append(header[:8:8], sectionOf(0, names...)...)), "names that are not whole are left out")
}

func TestTruncated(t *testing.T) {
	t.Parallel()
	whole, err := os.ReadFile("testdata/plugin.wasm")
	require.NoError(t, err)
	require.NoError(t, compile(t, whole))
	whole = whole[:bytes.LastIndex(whole, []byte("\x04name"))-3] // the names may be missing
	for n := 0; n < len(whole); n += 37 {
		var failed *engine.CompileError
		err := compile(t, whole[:n])
		if err != nil {
			assert.ErrorAs(t, err, &failed, n)
		}
	}
}

// TestMissingImports: each import that nobody provides is named, with the reason.
func TestMissingImports(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/missing.wasm")
	require.NoError(t, err)
	err = compile(t, data)
	for _, want := range []string{
		"env memory: memories, tables and variables of other modules are unavailable",
		"extism:host/env alloc: it is func(int64) int64, not func(int32) int32",
		"wasi_snapshot_preview1 fd_jump: there is no such function",
	} {
		assert.ErrorContains(t, err, want)
	}
}

func FuzzCompile(f *testing.F) {
	files, err := filepath.Glob("testdata/*.wasm")
	require.NoError(f, err)
	for _, file := range files {
		data, err := os.ReadFile(file)
		require.NoError(f, err)
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		err := compile(t, data)
		var failed *engine.CompileError
		if err != nil {
			require.ErrorAs(t, err, &failed)
		}
	})
}
