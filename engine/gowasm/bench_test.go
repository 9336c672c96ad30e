package gowasm_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/engine/gowasm"
	"github.com/loadgo/load/internal/checkpoint"
	"github.com/loadgo/load/internal/goglue/build"
	"github.com/loadgo/load/internal/ratio"
	"github.com/stretchr/testify/require"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
)

var sample = map[string]string{"sample.go": ratio.Sample}

func openSample(b *testing.B, config gowasm.Config) engine.Instance {
	b.Helper()
	return openFiles(b.Context(), b, config, sample)
}

// BenchmarkCallInts calls func(int, int) int.
func BenchmarkCallInts(b *testing.B) {
	add := bound[func(int, int) int](b, openSample(b, gowasm.Config{}), "Add")
	for b.Loop() {
		ratio.Want(b, 3, add(1, 2))
	}
}

// BenchmarkCallIntsContext calls func(int, int) int with a context that could be cancelled.
func BenchmarkCallIntsContext(b *testing.B) {
	add := bound[func(context.Context, int, int) int](b, openSample(b, gowasm.Config{}), "Add")
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	for b.Loop() {
		ratio.Want(b, 3, add(ctx, 1, 2))
	}
}

// BenchmarkCallString calls func(string) string with 16 bytes.
func BenchmarkCallString(b *testing.B) {
	echo := bound[func(string) (string, error)](b, openSample(b, gowasm.Config{}), "Echo")
	for b.Loop() {
		s, err := echo("0123456789abcdef")
		ratio.Must(b, err)
		ratio.Want(b, 16, len(s))
	}
}

// BenchmarkCallStruct calls with a struct of six mixed fields, there and back.
func BenchmarkCallStruct(b *testing.B) {
	mixed := bound[func(ratio.Mixed) (ratio.Mixed, error)](b, openSample(b, gowasm.Config{}), "Struct")
	for b.Loop() {
		out, err := mixed(ratio.SixFields)
		ratio.Must(b, err)
		ratio.Want(b, 1, out.Extra["x"])
	}
}

// rawEcho is wasm that takes bytes with as little as a Go guest can do.
const rawEcho = `package main

import "unsafe"

var kept []byte

//go:wasmexport alloc
func alloc(n uint32) uint32 {
	if int(n) > len(kept) {
		kept = make([]byte, n)
	}
	return uint32(uintptr(unsafe.Pointer(&kept[0])))
}

//go:wasmexport echo
func echo(n uint32) uint64 {
	b := kept[:n]
	return uint64(uintptr(unsafe.Pointer(&b[0])))<<32 | uint64(len(b))
}

func main() {}
`

// BenchmarkCallBytes compares a call with 1 MiB both ways with a raw copy into and out of a Go
// guest.
func BenchmarkCallBytes(b *testing.B) {
	echo := bound[func([]byte) ([]byte, error)](b, openSample(b, gowasm.Config{}), "Bytes")
	data := make([]byte, 1<<20)
	ratio.Compare(b, 5, rawCopy(b, data), func() {
		got, err := echo(data)
		ratio.Must(b, err)
		ratio.Want(b, len(data), len(got))
	})
}

// rawCopy returns what copies data into a guest, calls it, and copies it out.
func rawCopy(b *testing.B, data []byte) func() {
	ctx := b.Context()
	r := wazero.NewRuntime(ctx)
	b.Cleanup(func() { r.Close(context.Background()) })
	wasi_snapshot_preview1.MustInstantiate(ctx, r)
	m, err := r.InstantiateWithConfig(ctx, buildWasm(b, rawEcho), wazero.NewModuleConfig().WithStartFunctions("_initialize"))
	require.NoError(b, err)
	alloc, echo := m.ExportedFunction("alloc"), m.ExportedFunction("echo")
	var stack [1]uint64
	return func() {
		stack[0] = uint64(len(data))
		ratio.Must(b, alloc.CallWithStack(ctx, stack[:]))
		ratio.Want(b, true, m.Memory().Write(uint32(stack[0]), data))
		stack[0] = uint64(len(data))
		ratio.Must(b, echo.CallWithStack(ctx, stack[:]))
		view, ok := m.Memory().Read(uint32(stack[0]>>32), uint32(stack[0]))
		got := append([]byte(nil), view...)
		ratio.Want(b, true, ok)
		ratio.Want(b, len(data), len(got))
	}
}

// BenchmarkCallReader compares 1 MiB that the module reads from the host's reader with an argument
// of 1 MiB.
func BenchmarkCallReader(b *testing.B) {
	m := openSample(b, gowasm.Config{})
	size := bound[func([]byte) (int, error)](b, m, "Length")
	drain := bound[func(io.Reader) (int64, error)](b, m, "Consume")
	data := make([]byte, 1<<20)
	ratio.Compare(b, 5, func() {
		n, err := size(data)
		ratio.Want(b, len(data), n)
		ratio.Must(b, err)
	}, func() {
		n, err := drain(bytes.NewReader(data))
		ratio.Want(b, int64(len(data)), n)
		ratio.Must(b, err)
	})
}

// BenchmarkCallFib compares fib(30) in the module with fib(30) in the host.
func BenchmarkCallFib(b *testing.B) {
	inside := bound[func(int) int](b, openSample(b, gowasm.Config{}), "Fib")
	check := func(n int) {
		ratio.Want(b, 832040, n)
	}
	ratio.Compare(b, 1, func() { check(fib(30)) }, func() { check(inside(30)) })
}

func fib(n int) int {
	if n < 2 {
		return n
	}
	return fib(n-1) + fib(n-2)
}

// BenchmarkWarmLoad compares opening a compiled module with wazero alone reading the same wasm,
// compiling it
// from its cache and instantiating it.
func BenchmarkWarmLoad(b *testing.B) {
	e, a := compile(b, gowasm.Config{}, sample)
	wasm, err := a.Files.ReadFile(build.ProgramFile)
	require.NoError(b, err)
	dir := b.TempDir()
	file := filepath.Join(dir, "wasm")
	require.NoError(b, os.WriteFile(file, wasm, 0o600))
	b.ReportMetric(float64(len(wasm)), "bytes")
	ratio.Compare(b, 1, func() { bareLoad(b, file, dir) }, func() {
		m, err := e.Open(b.Context(), a, nil)
		require.NoError(b, err)
		require.NoError(b, m.Close(b.Context()))
	})
}

// bareLoad is what a program does that uses wazero and trusts its cache.
func bareLoad(b *testing.B, file, dir string) {
	ctx := b.Context()
	wasm, err := os.ReadFile(file)
	require.NoError(b, err)
	cache, err := wazero.NewCompilationCacheWithDir(dir)
	require.NoError(b, err)
	defer cache.Close(ctx)
	r := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfig().WithCompilationCache(cache))
	defer r.Close(ctx)
	wasi_snapshot_preview1.MustInstantiate(ctx, r)
	host := r.NewHostModuleBuilder("load")
	host.NewFunctionBuilder().WithFunc(func(uint64) uint32 { return 0 }).Export("cancelled")
	host.NewFunctionBuilder().WithFunc(func(uint64, uint32) uint64 { return 0 }).Export("host_call")
	host.NewFunctionBuilder().WithFunc(func(uint32, uint32) {}).Export("host_take")
	host.NewFunctionBuilder().WithFunc(func(uint64) {}).Export("host_post")
	host.NewFunctionBuilder().WithFunc(func() {}).Export("checkpoint")
	_, err = host.Instantiate(ctx)
	require.NoError(b, err)
	compiled, err := r.CompileModule(ctx, wasm)
	require.NoError(b, err)
	config := wazero.NewModuleConfig().WithStartFunctions("_initialize").WithSysWalltime().WithSysNanotime().WithSysNanosleep().WithRandSource(rand.Reader)
	_, err = r.InstantiateModule(ctx, compiled, config)
	require.NoError(b, err)
}

// computing is a program whose functions compute. It imports the function that checkpoints call.
const computing = `package main

import "crypto/sha256"

//go:wasmimport load checkpoint
func checkpoint()

func init() { checkpoint() }

var data = make([]byte, 1<<20)

func fibonacci(n int) int { if n < 2 { return n }; return fibonacci(n-1) + fibonacci(n-2) }

//go:wasmexport fib
func fib() int32 { return int32(fibonacci(27)) }

//go:wasmexport sha256
func sum() int32 { return int32(sha256.Sum256(data)[0]) }

//go:wasmexport bytes
func bytes() int32 { n := 0; for _, b := range data { if b == 10 { n++ } }; return int32(n) }

func main() {}
`

// BenchmarkCheckpoints compares code with checkpoints with the same code without.
func BenchmarkCheckpoints(b *testing.B) {
	wasm := buildWasm(b, computing)
	checked, err := checkpoint.Insert(wasm, "load", "checkpoint")
	require.NoError(b, err)
	open := func(wasm []byte) api.Module {
		r := wazero.NewRuntime(b.Context())
		b.Cleanup(func() { r.Close(context.Background()) })
		wasi_snapshot_preview1.MustInstantiate(b.Context(), r)
		if _, err := r.NewHostModuleBuilder("load").NewFunctionBuilder().WithFunc(func() {}).Export("checkpoint").Instantiate(b.Context()); err != nil {
			b.Fatal(err)
		}
		m, err := r.InstantiateWithConfig(b.Context(), wasm, wazero.NewModuleConfig().WithStartFunctions("_initialize"))
		require.NoError(b, err)
		return m
	}
	plain, with := open(wasm), open(checked)
	for _, name := range []string{"fib", "sha256", "bytes"} {
		call := func(m api.Module) func() {
			f := m.ExportedFunction(name)
			return func() {
				_, err := f.Call(b.Context())
				require.NoError(b, err)
			}
		}
		b.Run(name, func(b *testing.B) { ratio.Compare(b, 5, call(plain), call(with)) })
	}
}

// BenchmarkLongCall prints how long a call that takes long holds up a collection of the host's
// garbage at most, beside one without the call, and how soon it ends when its context does.
func BenchmarkLongCall(b *testing.B) {
	call := bound[func(context.Context, int) (int, error)](b, openSample(b, gowasm.Config{}), "Fib")
	collect := func() (longest time.Duration) {
		for start := time.Now(); time.Since(start) < time.Second; {
			at := time.Now()
			runtime.GC()
			longest = max(longest, time.Since(at))
		}
		return longest
	}
	var idle, held, ended time.Duration
	for b.Loop() {
		idle = max(idle, collect())
		ctx, cancel := context.WithCancel(b.Context())
		done := make(chan error, 1)
		go func() {
			_, err := call(ctx, 80) // takes years
			done <- err
		}()
		held = max(held, collect())
		at := time.Now()
		cancel()
		require.Error(b, <-done, "the call came to its end")
		ended = max(ended, time.Since(at))
	}
	b.ReportMetric(float64(idle)/float64(time.Millisecond), "ms/collection-without")
	b.ReportMetric(float64(held)/float64(time.Millisecond), "ms/collection")
	b.ReportMetric(float64(ended)/float64(time.Millisecond), "ms/cancel")
	b.ReportMetric(0, "ns/op")
}
