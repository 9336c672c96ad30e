package checkpoint

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
)

// section is a section of a module.
func section(id byte, content ...[]byte) []byte {
	body := code(content...)
	return code(with(id, uint32(len(body))), body)
}

// sample is a module that exports one function of three numbers, f, of the code, and its memory of
// four pages of 64 KiB.
func sample(body []byte) []byte {
	body = code(op(0), body, op(opEnd))
	return code(
		[]byte(magic),
		section(sectionType, op(2, functionType, 0, 0, functionType, 3, i32, i32, i32, 0)),
		section(sectionImport, op(1, 1, 'h', 1, 't', 0, 0)),
		section(sectionFunction, op(1, 1)),
		section(5, op(1, 0, 4)),
		section(sectionGlobal, op(0)),
		section(7, op(2, 1, 'f', 0, 1, 1, 'm', 2, 0)),
		section(sectionCode, op(1), appendU32(nil, uint32(len(body))), body),
	)
}

const to, from, size = 0, 1, 2

var copies = code(with(opLocalGet, to), with(opLocalGet, from), with(opLocalGet, size), op(opMisc, miscMemoryCopy, 0, 0))

// run instantiates a module and returns its function, its memory, and how often it called the host.
func run(t *testing.T, wasm []byte) (func(args ...uint64) error, api.Memory, *int) {
	t.Helper()
	ctx, ticks := t.Context(), new(int)
	r := wazero.NewRuntime(ctx)
	t.Cleanup(func() { _ = r.Close(context.Background()) })
	_, err := r.NewHostModuleBuilder("h").NewFunctionBuilder().WithFunc(func() { *ticks++ }).Export("t").Instantiate(ctx)
	require.NoError(t, err)
	m, err := r.Instantiate(ctx, wasm)
	require.NoError(t, err)
	return func(args ...uint64) error { _, err := m.ExportedFunction("f").Call(ctx, args...); return err }, m.Memory(), ticks
}

func insert(t *testing.T, wasm []byte) []byte {
	t.Helper()
	out, err := Insert(wasm, "h", "t")
	require.NoError(t, err)
	return out
}

// TestCopy: copying in parts copies what one instruction would, and traps where it would, before
// anything has changed.
func TestCopy(t *testing.T) {
	t.Parallel()
	plain, before, _ := run(t, sample(copies))
	checked, after, _ := run(t, insert(t, sample(copies)))
	for i := range before.Size() {
		before.WriteByte(i, byte(i*7+i>>9))
		after.WriteByte(i, byte(i*7+i>>9))
	}
	for _, args := range [][]uint64{
		{0, 1, 200_000},
		{1, 0, 200_000},
		{70_000, 0, 140_000},
		{0, 70_000, 140_000},
		{5, 5, 100_000},
		{10, 20, part},
		{20, 10, part + 1},
		{0, 100, 0},
		{0, 200_000, 100_000},
		{200_000, 0, 100_000},
		{1<<32 - 1, 0, 2},
		{0, 0, 1<<32 - 1},
		{262_144, 0, 0},
		{262_145, 0, 0},
	} {
		require.Equal(t, plain(args...) == nil, checked(args...) == nil, "%v", args)
		want, _ := before.Read(0, before.Size())
		got, _ := after.Read(0, after.Size())
		require.Equal(t, want, got, "%v", args)
	}
}

// TestFill is TestCopy for filling.
func TestFill(t *testing.T) {
	t.Parallel()
	fill := code(with(opLocalGet, to), with(opLocalGet, from), with(opLocalGet, size), op(opMisc, miscMemoryFill, 0))
	plain, before, _ := run(t, sample(fill))
	checked, after, _ := run(t, insert(t, sample(fill)))
	for _, args := range [][]uint64{{1, 2, 200_000}, {7, 300, part}, {100, 9, part + 1}, {200_000, 1, 100_000}, {1<<32 - 1, 1, 1}, {0, 5, 0}} {
		require.Equal(t, plain(args...) == nil, checked(args...) == nil, "%v", args)
		want, _ := before.Read(0, before.Size())
		got, _ := after.Read(0, after.Size())
		require.Equal(t, want, got, "%v", args)
	}
}

// TestCallsHost: code that goes on calls the host.
func TestCallsHost(t *testing.T) {
	t.Parallel()
	lower := code(with(opLocalGet, size), constant(1), op(opI32Sub), op(0x22, size)) // local.tee
	for name, body := range map[string][]byte{
		"br_if": code(op(opLoop, void), lower, with(opBrIf, 0), op(opEnd)),
		"br":    code(op(opBlock, void, opLoop, void), lower, op(0x45), with(opBrIf, 1), with(opBr, 0), op(opEnd, opEnd)),
		"table": code(op(opBlock, void, opLoop, void), lower, op(0x45, opBrTable, 1, 0, 1, opEnd, opEnd)),
		"calls": code(lower, op(opIf, void), with(opLocalGet, 0), with(opLocalGet, 1), with(opLocalGet, 2), with(opCall, 1), op(opEnd)),
		// A dispatch whose table leads to its own loop leads back.
		"dispatch": code(op(opBlock, void, opLoop, void, opBlock, void), with(opLocalGet, to), op(opBrTable, 0, 0, opEnd),
			lower, op(0x45), with(opBrIf, 1), constant(0), with(opLocalSet, to), with(opBr, 0), op(opEnd, opEnd)),
		"forward": code(op(opBlock, void, opLoop, void, opBlock, void, opBlock, void), with(opLocalGet, to), op(opBrTable, 1, 0, 1, opEnd),
			lower, op(0x45), with(opBrIf, 2), constant(1), with(opLocalSet, to), with(opBr, 1), op(opEnd),
			constant(0), with(opLocalSet, to), with(opBr, 0), op(opEnd, opEnd)),
	} {
		t.Run(name, func(t *testing.T) {
			f, _, ticks := run(t, insert(t, sample(body)))
			require.NoError(t, f(0, 0, 10*Period))
			require.GreaterOrEqual(t, *ticks, 9)
		})
	}
	f, _, ticks := run(t, insert(t, sample(code(op(opLoop, void), copies, with(opLocalGet, 0), with(opBrIf, 0), op(opEnd)))))
	require.NoError(t, f(0, 0, 200_000))
	require.Zero(t, *ticks)
	for range Period * 256 / 200_000 * 3 {
		require.NoError(t, f(0, 0, 200_000))
	}
	require.NotZero(t, *ticks)
}

// TestRefused: what is not understood, or would reach what was added, is refused.
func TestRefused(t *testing.T) {
	t.Parallel()
	for text, wasm := range map[string][]byte{
		"it is no WebAssembly module":                          []byte("package main\n"),
		"it uses a variable that it does not have":             sample(code(constant(1), with(opGlobalSet, 0))),
		"it calls a function that it does not have":            sample(with(opCall, 2)),
		"it branches to a label that is not there":             sample(with(opBr, 7)),
		"it has the unknown instruction 0x6":                   sample(op(6, void)),
		"it has the unknown instruction 0xfc 14":               sample(op(opMisc, 14, 0, 0)),
		"it lacks a section, or its sections are not in order": []byte(magic),
		"it is cut off":                                                      sample(copies)[:60],
		"a function goes on behind its end":                                  sample(op(opEnd)),
		"it has types that are not those of functions":                       code([]byte(magic), section(sectionType, op(1, 0x5f))),
		"it does not import the function h.t without parameters and results": code([]byte(magic), section(sectionType, op(1, functionType, 0, 1, i32))),
	} {
		_, err := Insert(wasm, "h", "t")
		require.EqualError(t, err, "put checkpoints into WebAssembly: "+text)
	}
}

// FuzzInsert: no input does any harm, and what is valid before is valid afterwards.
func FuzzInsert(f *testing.F) {
	f.Add(sample(copies))
	f.Add(sample(code(op(opLoop, void), with(opLocalGet, 0), with(opBrIf, 0), op(opEnd))))
	f.Add(sample(code(op(opLoop, void, opBlock, void), with(opLocalGet, to), op(opBrTable, 0, 0, opEnd), constant(0), with(opLocalSet, to), with(opBr, 0), op(opEnd))))
	f.Fuzz(func(t *testing.T, wasm []byte) {
		out, err := Insert(wasm, "h", "t")
		if err != nil {
			return
		}
		ctx := context.Background()
		r := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigInterpreter().WithMemoryLimitPages(16))
		defer r.Close(ctx)
		if _, err := r.CompileModule(ctx, wasm); err != nil {
			return
		}
		_, err = r.CompileModule(ctx, out)
		require.NoError(t, err)
	})
}

// TestGo: what Go's compiler makes is understood.
func TestGo(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	source := "package main\n\nimport \"fmt\"\n\n//go:wasmimport h t\nfunc tick()\n\nfunc main() { tick(); fmt.Println(1) }\n"
	require.NoError(t, os.WriteFile(filepath.Join(dir, "main.go"), []byte(source), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module m\n\ngo 1.24\n"), 0o600))
	build := exec.Command("go", "build", "-o", "m.wasm", ".")
	build.Dir, build.Env = dir, append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "GOFLAGS=", "GOWORK=off")
	out, err := build.CombinedOutput()
	require.NoError(t, err, "%s", out)
	wasm, err := os.ReadFile(filepath.Join(dir, "m.wasm"))
	require.NoError(t, err)
	checked := insert(t, wasm)
	require.Less(t, len(checked), len(wasm)+len(wasm)/20)
	r := wazero.NewRuntimeWithConfig(t.Context(), wazero.NewRuntimeConfigInterpreter())
	defer r.Close(t.Context())
	_, err = r.CompileModule(t.Context(), checked)
	require.NoError(t, err)
}
