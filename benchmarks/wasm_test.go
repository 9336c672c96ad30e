package benchmarks

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	extism "github.com/extism/go-sdk"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"

	"github.com/loadgo/load"
	"github.com/loadgo/load/standard"
	"github.com/loadgo/load/store"
	"github.com/stretchr/testify/require"
)

// wasmData has the plugins of the engine's tests: old.wasm answers with its input's own bytes.
const wasmData = "../engine/wasm/testdata/"

// stoppable has the checks that end a call with its context, as load's modules always have.
func stoppable() wazero.RuntimeConfig { return wazero.NewRuntimeConfig().WithCloseOnContextDone(true) }

// loadWasm loads a plugin and binds a function of bytes.
func loadWasm(b *testing.B, s *store.Store, file, symbol string) (call func([]byte) ([]byte, error), end func() error) {
	b.Helper()
	l, err := standard.New(load.Config{Store: s})
	require.NoError(b, err)
	m, err := l.Load(b.Context(), file)
	require.NoError(b, err)
	call, err = load.Func[func([]byte) ([]byte, error)](m, symbol)
	require.NoError(b, err)
	return call, func() error { return l.Close(context.Background()) }
}

// loadExtism does the same by Extism's SDK.
func loadExtism(b *testing.B, config wazero.RuntimeConfig, file string) *extism.Plugin {
	b.Helper()
	manifest := extism.Manifest{Wasm: []extism.Wasm{extism.WasmFile{Path: file}}}
	p, err := extism.NewPlugin(b.Context(), manifest, extism.PluginConfig{EnableWasi: true, RuntimeConfig: config}, nil)
	require.NoError(b, err)
	return p
}

// byHand calls a module that takes and returns bytes in its own memory, by wazero.
func byHand(b *testing.B) func([]byte) []byte {
	b.Helper()
	ctx := context.Background()
	data, err := os.ReadFile("echo/echo.wasm")
	require.NoError(b, err)
	r := wazero.NewRuntimeWithConfig(ctx, stoppable())
	b.Cleanup(func() { _ = r.Close(ctx) })
	m, err := r.Instantiate(ctx, data)
	require.NoError(b, err)
	alloc, echo := m.ExportedFunction("alloc"), m.ExportedFunction("echo")
	return func(in []byte) []byte {
		at, err := alloc.Call(ctx, uint64(len(in)))
		require.NoErrorf(b, err, "no room %v", err)
		require.Truef(b, m.Memory().Write(uint32(at[0]), in), "no room %v", err)
		out, err := echo.Call(ctx, at[0], uint64(len(in)))
		require.NoError(b, err)
		data, _ := m.Memory().Read(uint32(out[0]), uint32(len(in)))
		return bytes.Clone(data)
	}
}

// rounds runs each of several ways in turn, and reports how the first compares with the others, by
// the medians of their rounds.
func rounds(b *testing.B, calls int, names []string, ways ...func()) {
	b.Helper()
	took := make([][]time.Duration, len(ways))
	for b.Loop() {
		for i, way := range ways {
			start := time.Now()
			for range calls {
				way()
			}
			took[i] = append(took[i], time.Since(start)/time.Duration(calls))
		}
	}
	own := median(took[0])
	b.ReportMetric(float64(own.Nanoseconds()), "load-ns")
	for i, name := range names {
		b.ReportMetric(float64(own)/float64(median(took[i+1])), name+"-ratio")
	}
}

func median(all []time.Duration) time.Duration {
	slices.Sort(all)
	return all[len(all)/2]
}

// BenchmarkWasmCall calls a plugin with 16 bytes.
func BenchmarkWasmCall(b *testing.B) {
	s, err := store.Open(filepath.Join(b.TempDir(), "store"))
	require.NoError(b, err)
	call, end := loadWasm(b, s, wasmData+"plugin.wasm", "echo")
	defer end()
	plugin := loadExtism(b, stoppable(), wasmData+"plugin.wasm")
	hand := byHand(b)
	input := []byte(text)
	rounds(b, 1000, []string{"extism", "wazero"},
		func() {
			out, err := call(input)
			require.NoError(b, err)
			require.Equal(b, input, out)
		},
		func() {
			_, out, err := plugin.Call("echo", input)
			require.NoError(b, err)
			require.Equal(b, input, out)
		},
		func() { hand(input) })
}

// BenchmarkWasmMegabyte passes a megabyte in and out, beside the same two copies and no call.
func BenchmarkWasmMegabyte(b *testing.B) {
	s, err := store.Open(filepath.Join(b.TempDir(), "store"))
	require.NoError(b, err)
	call, end := loadWasm(b, s, wasmData+"old.wasm", "same")
	defer end()
	input, memory := bytes.Repeat([]byte(text), 1<<16), make([]byte, 2<<20)
	rounds(b, 20, []string{"copy"},
		func() {
			out, err := call(input)
			require.NoError(b, err)
			require.Len(b, out, len(input))
		},
		func() {
			copy(memory[16:], input)
			require.Len(b, bytes.Clone(memory[16:16+len(input)]), len(input))
		})
}

// BenchmarkWasmLoad loads a plugin that Go's compiler made, calls it and unloads it, where its
// machine code was kept.
func BenchmarkWasmLoad(b *testing.B) {
	ctx := context.Background()
	dir := b.TempDir()
	file := filepath.Join(dir, "plugin.wasm")
	cmd := exec.Command("go", "build", "-buildmode=c-shared", "-o", file, ".")
	cmd.Dir, cmd.Env = wasmData+"samples/go", append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "GOWORK=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		b.Fatal(err, string(out))
	}
	s, err := store.Open(filepath.Join(dir, "store"))
	require.NoError(b, err)
	cached := func(open func(wazero.RuntimeConfig)) {
		cache, err := wazero.NewCompilationCacheWithDir(filepath.Join(dir, "cache"))
		require.NoError(b, err)
		defer cache.Close(ctx)
		open(stoppable().WithCompilationCache(cache))
	}
	input := []byte("a rose is a rose")
	rounds(b, 1, []string{"extism", "wazero"},
		func() {
			call, end := loadWasm(b, s, file, "count_words")
			_, err := call(input)
			require.NoError(b, err)
			_ = end()
		},
		func() {
			cached(func(config wazero.RuntimeConfig) {
				plugin := loadExtism(b, config, file)
				_, _, err := plugin.Call("count_words", input)
				require.NoError(b, err)
				_ = plugin.Close(ctx)
			})
		},
		func() { cached(func(config wazero.RuntimeConfig) { startAlone(b, config, file) }) })
}

// startAlone starts the module by wazero, with functions that do nothing in the place of Extism's.
func startAlone(b *testing.B, config wazero.RuntimeConfig, file string) {
	b.Helper()
	ctx := context.Background()
	data, err := os.ReadFile(file)
	require.NoError(b, err)
	r := wazero.NewRuntimeWithConfig(ctx, config)
	defer r.Close(ctx)
	wasi_snapshot_preview1.MustInstantiate(ctx, r)
	compiled, err := r.CompileModule(ctx, data)
	require.NoError(b, err)
	host := r.NewHostModuleBuilder("extism:host/env")
	for _, f := range compiled.ImportedFunctions() {
		if module, name, _ := f.Import(); module == "extism:host/env" {
			host.NewFunctionBuilder().WithGoFunction(nothing{}, f.ParamTypes(), f.ResultTypes()).Export(name)
		}
	}
	_, err = host.Instantiate(ctx)
	require.NoError(b, err)
	_, err = r.InstantiateModule(ctx, compiled, wazero.NewModuleConfig().WithStartFunctions("_initialize"))
	require.NoError(b, err)
}

type nothing struct{}

func (nothing) Call(context.Context, []uint64) {}
