package benchmarks

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	extism "github.com/extism/go-sdk"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"

	"github.com/loadgo/load"
	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/engine/native"
	"github.com/loadgo/load/engine/wasm"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/find/builtin"
	"github.com/loadgo/load/find/dir"
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

// BenchmarkWasmInstances starts a thousand instances of a plugin, each by a call that waits until
// all are there, and compares the memory that they take, resident and in the heap, with that of as
// many of wazero's own, which are called in the same way: a goroutine that has waited keeps a
// stack. Each side has a process of its own, because the second one in a process uses what the
// first has left. The first plugin has no memory of its own; the other, which Extism publishes, was
// written in Rust.
func BenchmarkWasmInstances(b *testing.B) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/extism/go-sdk").Output()
	require.NoError(b, err)
	for name, of := range map[string]struct{ file, function string }{
		"none": {wasmData + "program.wasm", "upper"},
		"Rust": {filepath.Join(strings.TrimSpace(string(out)), "wasm", "host_memory.wasm"), "run_test"},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				ours, theirs := apart(b, "ours", of.file, of.function), apart(b, "alone", of.file, of.function)
				b.ReportMetric(float64(ours.resident)/instances, "load-B/instance")
				b.ReportMetric(float64(theirs.resident)/instances, "wazero-B/instance")
				b.ReportMetric(float64(ours.resident)/float64(theirs.resident), "resident-ratio")
				b.ReportMetric(float64(ours.heap)/float64(theirs.heap), "heap-ratio")
			}
		})
	}
}

const instances = 1000

// sideEnv tells a process which side it measures, and of which function of which plugin.
const sideEnv = "LOAD_INSTANCES_SIDE"

// apart measures a side in a process of its own.
func apart(b *testing.B, side, file, function string) (m memory) {
	b.Helper()
	cmd := exec.Command(os.Args[0], "-test.run", "^TestInstancesSide$", "-test.v")
	cmd.Env = append(os.Environ(), sideEnv+"="+side+" "+function+" "+file)
	out, err := cmd.CombinedOutput()
	require.NoError(b, err, string(out))
	_, figures, _ := strings.Cut(string(out), "measured: ")
	_, err = fmt.Sscan(figures, &m.resident, &m.heap)
	require.NoError(b, err, string(out))
	return m
}

// TestInstancesSide measures one side of BenchmarkWasmInstances.
func TestInstancesSide(t *testing.T) {
	side := strings.SplitN(os.Getenv(sideEnv), " ", 3)
	if len(side) < 3 {
		t.Skip("a side of BenchmarkWasmInstances, which starts it with " + sideEnv)
	}
	many := manyOurs
	if side[0] == "alone" {
		many = manyAlone
	}
	m := many(t, side[2], side[1])
	fmt.Println("measured:", m.resident, m.heap)
}

// manyOurs starts instances, and calls each.
func manyOurs(b testing.TB, file, function string) memory {
	b.Helper()
	s, err := store.Open(filepath.Join(b.TempDir(), "store"))
	require.NoError(b, err)
	arrived, release := make(chan struct{}), make(chan struct{})
	upper := func(s string) string {
		arrived <- struct{}{}
		<-release
		return s
	}
	l, err := load.New(load.Config{
		Path: find.Path{dir.New("."), builtin.New()}, Store: s,
		Engines: []engine.Engine{native.New(), wasm.New(wasm.Config{Instances: instances})},
	})
	require.NoError(b, err)
	defer l.Close(context.Background())
	require.NoError(b, l.Register("extism/host/user", map[string]any{
		"upper": upper, "multiply": func(a, b int64) int64 { return a * b }, "price": func([]byte) []byte { return nil },
	}))
	require.NoError(b, l.Register("host", map[string]any{"to_upper": upper}))
	require.NoError(b, l.Register("tools", map[string]any{"half": func(x float64) float64 { return x / 2 }}))
	require.NoError(b, l.Register("env", map[string]any{"note": func(int) {}}))
	m, err := l.Load(b.Context(), file)
	require.NoError(b, err)
	call, err := load.Func[func(string) (string, error)](m, function)
	require.NoError(b, err)
	before := measured()
	var calls sync.WaitGroup
	for range instances {
		calls.Go(func() {
			_, err := call("x")
			if err != nil {
				panic(err)
			}
		})
	}
	for range instances {
		<-arrived
	}
	close(release)
	calls.Wait()
	return measured().since(before)
}

type memory struct{ resident, heap int64 }

func (m memory) since(before memory) memory {
	return memory{m.resident - before.resident, m.heap - before.heap}
}

// measured is the memory of the program, after what nothing uses was given back.
func measured() memory {
	debug.FreeOSMemory()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	text, _ := os.ReadFile("/proc/self/statm")
	var size, resident int64
	_, _ = fmt.Sscan(string(text), &size, &resident)
	return memory{resident * int64(os.Getpagesize()), int64(stats.HeapAlloc)}
}

// blocks are the least that a plugin needs of Extism's functions: of one memory for all instances,
// which is not counted. One instance at a time uses them, between its waits.
type blocks struct {
	memory  []byte
	lengths map[uint64]uint64
	turn    sync.Mutex
	arrived chan struct{}
	release chan struct{}
}

func (b *blocks) wait() {
	b.turn.Unlock()
	b.arrived <- struct{}{}
	<-b.release
	b.turn.Lock()
}

func (b *blocks) function(name string) api.GoFunc {
	return func(_ context.Context, s []uint64) {
		switch name {
		case "upper", "to_upper":
			b.wait()
		case "alloc":
			b.lengths[16] = s[0]
			s[0] = 16
		case "length":
			s[0] = b.lengths[s[0]]
		case "load_u8":
			s[0] = uint64(b.memory[s[0]])
		case "load_u64":
			s[0] = binary.LittleEndian.Uint64(b.memory[s[0]:])
		case "store_u8":
			b.memory[s[0]] = byte(s[1])
		case "store_u64":
			binary.LittleEndian.PutUint64(b.memory[s[0]:], s[1])
		case "input_length":
			s[0] = 1
		case "input_load_u8":
			s[0] = 'x'
		}
	}
}

// manyAlone starts instances by wazero, in one runtime, each by a call that waits until all are
// there.
func manyAlone(b testing.TB, file, function string) memory {
	b.Helper()
	ctx := context.Background()
	data, err := os.ReadFile(file)
	require.NoError(b, err)
	r := wazero.NewRuntimeWithConfig(ctx, stoppable())
	defer r.Close(ctx)
	wasi_snapshot_preview1.MustInstantiate(ctx, r)
	compiled, err := r.CompileModule(ctx, data)
	require.NoError(b, err)
	blocks := &blocks{memory: make([]byte, 4096), lengths: map[uint64]uint64{}, arrived: make(chan struct{}), release: make(chan struct{})}
	hosts := make(map[string]wazero.HostModuleBuilder)
	for _, f := range compiled.ImportedFunctions() {
		module, name, _ := f.Import()
		if module == wasi_snapshot_preview1.ModuleName {
			continue
		}
		if hosts[module] == nil {
			hosts[module] = r.NewHostModuleBuilder(module)
		}
		hosts[module].NewFunctionBuilder().WithGoFunction(blocks.function(name), f.ParamTypes(), f.ResultTypes()).Export(name)
	}
	for _, host := range hosts {
		_, err = host.Instantiate(ctx)
		require.NoError(b, err)
	}
	before := measured()
	kept := make([]api.Function, instances)
	var calls sync.WaitGroup
	for i := range kept {
		calls.Go(func() {
			blocks.turn.Lock()
			defer blocks.turn.Unlock()
			m, err := r.InstantiateModule(ctx, compiled, wazero.NewModuleConfig().WithName(""))
			if err == nil {
				clear(blocks.memory)
				kept[i] = m.ExportedFunction(function)
				_, err = kept[i].Call(ctx)
			}
			if err != nil {
				panic(err)
			}
		})
	}
	for range instances {
		<-blocks.arrived
	}
	close(blocks.release)
	calls.Wait()
	took := measured().since(before)
	runtime.KeepAlive(kept)
	return took
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
