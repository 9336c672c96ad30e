//go:build (linux || darwin) && (amd64 || arm64)

package wasmrun

import (
	"bytes"
	"encoding/binary"
	"io/fs"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tetratelabs/wazero"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/store"
)

// many is a module of that many functions; it exports the last, which returns the number.
func many(n int) []byte { return returning(n, n) }

// returning is a module of n functions; it exports the last, which returns a number.
func returning(n, last int) []byte {
	leb := func(n int) []byte { return binary.AppendUvarint(nil, uint64(n)) }
	section := func(id byte, content ...[]byte) []byte {
		data := bytes.Join(content, nil)
		return bytes.Join([][]byte{{id}, leb(len(data)), data}, nil)
	}
	var bodies []byte
	for i := range n {
		body := []byte{0, 0x41, byte(i & 0x3f), 0x1a, 0x41} // drop a constant
		body = append(body, signed(last-n+1+i)...)
		body = append(body, 0x0b)
		bodies = append(append(bodies, leb(len(body))...), body...)
	}
	return bytes.Join([][]byte{
		[]byte("\x00asm\x01\x00\x00\x00"),
		section(1, []byte{1, 0x60, 0, 1, 0x7f}),
		section(3, leb(n), make([]byte, n)),
		section(7, []byte{1, 1, 'f', 0}, leb(n-1)),
		section(10, leb(n), bodies),
		section(0, []byte("\x04noteafter the code")),
	}, nil)
}

// signed writes a constant.
func signed(n int) (text []byte) {
	for ; n >= 0x40; n >>= 7 {
		text = append(text, byte(n)|0x80)
	}
	return append(text, byte(n))
}

// kept is what a directory of machine code holds, as an artifact.
func kept(t *testing.T, dir string) *store.Artifact {
	t.Helper()
	names, err := codeFiles(dir)
	require.NoError(t, err)
	var files []store.File
	for _, name := range names {
		files = append(files, store.File{Name: name})
	}
	in := os.DirFS(dir)
	return store.NewArtifact("x", files, store.Contents{Read: func(name string) ([]byte, func() error, error) {
		data, err := fs.ReadFile(in, name)
		return data, func() error { return nil }, err
	}})
}

// run compiles a module with the machine code in a directory, and calls it.
func run(t *testing.T, d *CodeDir, wasm []byte) (uint64, error) {
	t.Helper()
	ctx := t.Context()
	cache, err := wazero.NewCompilationCacheWithDir(d.Path)
	require.NoError(t, err)
	defer cache.Close(ctx)
	r := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfig().WithCompilationCache(cache))
	defer r.Close(ctx)
	compiled, err := r.CompileModule(ctx, wasm)
	require.NoError(t, err)
	if err := d.Used(); err != nil {
		return 0, err
	}
	m, err := r.InstantiateModule(ctx, compiled, wazero.NewModuleConfig())
	require.NoError(t, err)
	out, err := m.ExportedFunction("f").Call(ctx)
	require.NoError(t, err)
	return out[0], nil
}

// TestSkeleton: with its machine code, a module is a skeleton, which computes what the module does;
// without, it is not run.
func TestSkeleton(t *testing.T) {
	t.Parallel()
	for _, n := range []int{3, 20_000} {
		wasm, dir := many(n), t.TempDir()
		require.NoError(t, Compile(t.Context(), "module", wasm, dir, wazero.NewRuntimeConfig()))
		code := kept(t, dir)
		whole := engine.Artifact{Files: store.NewArtifact("y", []store.File{{Name: "module"}}, store.Contents{Read: func(string) ([]byte, func() error, error) {
			return wasm, func() error { return nil }, nil
		}})}
		seen, err := Module(whole, code, "module")
		require.NoError(t, err)
		small := n == 3
		assert.Equal(t, small, bytes.Equal(wasm, seen))
		assert.Equal(t, small, len(code.Files()) == 1)
		assert.Contains(t, string(seen), "after the code")
		without, err := Module(whole, nil, "module")
		require.NoError(t, err)
		assert.True(t, bytes.Equal(wasm, without))

		d, err := NewCodeDir(code)
		require.NoError(t, err)
		defer d.Remove()
		got, err := run(t, d, seen)
		require.NoError(t, err)
		assert.EqualValues(t, n, got)

		none := &CodeDir{Path: t.TempDir()}
		_, err = run(t, none, seen)
		var refused *engine.InitError
		require.ErrorAs(t, err, &refused)
		require.ErrorContains(t, err, "`load rm`")
	}
}

// TestSkeletons: modules of one artifact that differ only in what they compute keep their own code.
func TestSkeletons(t *testing.T) {
	t.Parallel()
	const n = 20_000
	files, dir := map[string][]byte{"one": returning(n, n), "other": returning(n, n+7), "same": returning(n, n)}, t.TempDir()
	for name, wasm := range files {
		require.NoError(t, Compile(t.Context(), name, wasm, dir, wazero.NewRuntimeConfig()))
	}
	code := kept(t, dir)
	for name, want := range map[string]uint64{"one": n, "other": n + 7, "same": n} {
		seen, err := Module(engine.Artifact{}, code, name)
		require.NoError(t, err)
		d, err := NewCodeDir(code)
		require.NoError(t, err)
		defer d.Remove()
		got, err := run(t, d, seen)
		require.NoError(t, err, name)
		assert.Equal(t, want, got, name)
	}
}
