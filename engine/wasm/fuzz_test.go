package wasm

import (
	"context"
	"encoding/binary"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/loadgo/load/internal/wasmbin"
	"github.com/loadgo/load/internal/wasmbytes"
	"github.com/loadgo/load/internal/wasmrun"
)

// FuzzHostFunctions calls the functions of the host as a hostile plugin may: in any order, with any
// arguments. They end the call by a refusal or answer; nothing else happens to the host.
func FuzzHostFunctions(f *testing.F) {
	names := append(slices.Sorted(maps.Keys(extismFunctions)), programName, numbersName, typedName)
	step := func(name string, a, b uint64) []byte {
		data := []byte{byte(slices.Index(names, name))}
		return binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(data, a), b)
	}
	all := func(steps ...[]byte) []byte { return slices.Concat(steps...) }
	f.Add(all(step("alloc", 100, 0), step("store_u64", 16, 1<<63), step("output_set", 16, 100), step("free", 16, 0), step("free", 16, 0), step("alloc", 90, 0)))
	f.Add(all(step("input_set", 16, 1<<64-1), step("input_load_u64", 1<<64-4, 0), step("reset", 0, 0), step("load_u8", 16, 0)))
	f.Add(all(step("alloc", 1<<64-1, 0), step("alloc", 1<<20, 0), step("length", 16, 0), step("var_set", 16, 16), step("var_get", 16, 0)))
	f.Add(all(step("error_set", 1<<40, 0), step("log_info", 17, 0), step("http_request", 16, 3), step("http_headers", 0, 0)))
	for _, name := range names {
		f.Add(all(step("alloc", 8, 0), step(name, 16, 8), step(name, 1<<64-1, 1<<64-1), step(name, 1<<64-8, 16), step(name, 0, 0)))
	}
	const limit = 1 << 20
	r := wazero.NewRuntimeWithConfig(f.Context(), wazero.NewRuntimeConfig().WithMemoryLimitPages(limit/wasmrun.PageSize))
	f.Cleanup(func() { _ = r.Close(context.Background()) })
	m := exchanging(f, r)
	exported := m.exchange
	i32, i64, f32 := api.ValueTypeI32, api.ValueTypeI64, api.ValueTypeF32
	program := map[string]*programFunction{
		programName: fuzzedFunction(f, m, func(data []byte, value map[string]any, n int32) (string, error) {
			return fmt.Sprint(len(data), value, n), nil
		}, []byte{i64, i64, i64}, []byte{i64}),
		numbersName: fuzzedFunction(f, m, func(a int8, b uint16, _ bool, _ float32) (uint8, error) {
			return uint8(a) ^ uint8(b), nil
		}, []byte{i32, i32, i32, f32}, []byte{i32}),
		typedName: fuzzedFunction(f, m, func(s struct {
			Names []string
			Rates map[string]float64
		},
		) (*struct{ N int }, error) {
			return nil, fmt.Errorf("%d names", len(s.Names))
		}, []byte{i64}, []byte{i64}),
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		m.kernel.Begin([]byte("an input"))
		m.variables = nil
		for ; len(data) >= 17; data = data[17:] {
			stack := []uint64{binary.LittleEndian.Uint64(data[1:]), binary.LittleEndian.Uint64(data[9:])}
			name := names[int(data[0])%len(names)]
			if p := program[name]; p != nil {
				refusing(t, func() { p.call(m.running, append(stack, stack[0], stack[1])) })
			} else {
				hostile(t, m, exported, name, stack)
			}
			require.LessOrEqual(t, m.kernel.End(), uint64(limit))
		}
		for place, length := range m.kernel.Blocks() {
			require.LessOrEqual(t, place+length, m.kernel.Size())
		}
	})
}

// FuzzSkeleton: what wazero takes of what the engine lets through, it takes without its code, too.
func FuzzSkeleton(f *testing.F) {
	files, err := filepath.Glob("testdata/*.wasm")
	require.NoError(f, err)
	for _, file := range files {
		data, err := os.ReadFile(file)
		require.NoError(f, err)
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := read(data)
		if err != nil {
			return
		}
		wasm, err := b.bounded()
		if err != nil {
			return
		}
		r := wazero.NewRuntimeWithConfig(t.Context(), wazero.NewRuntimeConfigInterpreter())
		defer r.Close(t.Context())
		skeleton := wasmbin.Skeleton(wasm, 0)
		if _, err := r.CompileModule(t.Context(), wasm); err != nil || skeleton == nil {
			return
		}
		_, err = r.CompileModule(t.Context(), skeleton)
		require.NoError(t, err)
	})
}

// hostile calls a function, of the kernel or the host. Only a refusal, or a trap of the kernel, may
// end it.
func hostile(t *testing.T, m *module, exported api.Module, name string, stack []uint64) {
	if f := extismFunctions[name]; f.call == nil {
		_, err := exported.ExportedFunction(name).Call(context.Background(), stack[:len(f.params)]...)
		if err != nil {
			require.ErrorContains(t, err, "out of bounds memory access")
		}
		return
	}
	refusing(t, func() { extismFunctions[name].call(m, context.Background(), stack) })
}

// refusing calls what may refuse, and do nothing else.
func refusing(t *testing.T, call func()) {
	defer func() {
		if r := recover(); r != nil {
			require.IsType(t, &refusal{}, r)
		}
	}()
	call()
}

// Functions of the program: one that takes bytes, JSON and a number, one of numbers that are
// smaller than those of WebAssembly, and one of a struct.
const (
	programName = "program"
	numbersName = "numbers"
	typedName   = "typed"
)

func fuzzedFunction(f *testing.F, m *module, function any, params, results []byte) *programFunction {
	f.Helper()
	p := &programFunction{goFunction: newGoFunction(reflect.TypeOf(function)), shared: m.shared, name: programName, function: reflect.ValueOf(function)}
	var reason string
	p.params, p.results, reason = m.crossings(p.goFunction, functionType{params, results})
	require.Empty(f, reason)
	return p
}

// exchanging is an instance of a plugin as far as its kernel.
func exchanging(t testing.TB, r wazero.Runtime) *module {
	t.Helper()
	s := &shared{runtime: r, config: Config{Values: map[string]string{"": "value"}, codecs: wasmbytes.New(nil)}, kind: plugin}
	require.NoError(t, s.provideExtism(t.Context()))
	m := &module{shared: s}
	m.running = context.WithValue(context.Background(), instanceKey{}, m)
	require.NoError(t, m.openKernel(m.running))
	t.Cleanup(m.exchangedMemory.Release)
	return m
}
