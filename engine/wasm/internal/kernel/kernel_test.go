package kernel

import (
	"bytes"
	"context"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"

	"github.com/loadgo/load/internal/wasmrun"
)

// start starts a kernel whose functions of the host do nothing.
func start(t testing.TB) (Kernel, *wasmrun.Memories) {
	t.Helper()
	memories := new(wasmrun.Memories)
	t.Cleanup(memories.Release)
	ctx := experimental.WithMemoryAllocator(context.Background(), memories)
	r := wazero.NewRuntime(ctx)
	t.Cleanup(func() { _ = r.Close(ctx) })
	compiled, err := r.CompileModule(ctx, Code)
	require.NoError(t, err)
	host := r.NewHostModuleBuilder(HostModule)
	for _, f := range compiled.ImportedFunctions() {
		_, name, _ := f.Import()
		host.NewFunctionBuilder().WithGoFunction(api.GoFunc(func(context.Context, []uint64) {}), f.ParamTypes(), f.ResultTypes()).Export(name)
	}
	_, err = host.Instantiate(ctx)
	require.NoError(t, err)
	instance, err := r.InstantiateModule(ctx, compiled, wazero.NewModuleConfig())
	require.NoError(t, err)
	return New(instance), memories
}

// TestFreed: what the host knows of freed blocks is bounded, also where a plugin frees millions.
func TestFreed(t *testing.T) {
	t.Parallel()
	k, _ := start(t)
	k.Begin(nil)
	k.Release(k.Alloc(32 << 20))
	seen := make(map[uint64]bool)
	for range 100_000 {
		place := k.Alloc(8)
		k.Release(place)
		seen[place] = true
	}
	require.LessOrEqual(t, len(seen), maxFree+2)
	first, second := k.Alloc(8), k.Alloc(8)
	k.Release(first)
	k.Release(second)
	require.NotEqual(t, second, k.Alloc(8), "the one that was freed last is not the next")
}

// TestRest: an instance that rests holds nothing of the last call, and takes the next one.
func TestRest(t *testing.T) {
	t.Parallel()
	k, memories := start(t)
	require.True(t, k.Begin([]byte("an input")))
	place := k.Put([]byte("a block"))
	if !k.Rest(memories) {
		require.NotEqual(t, "linux", runtime.GOOS)
		return
	}
	require.False(t, k.Rest(memories), "it rests")
	require.Zero(t, k.Length(place))
	require.Zero(t, k.size.Get())
	whole, _ := k.memory.Read(0, k.memory.Size())
	require.Equal(t, make([]byte, len(whole)), whole)
	require.True(t, k.Begin([]byte("another")))
	input, ok := k.Block(k.place.Get())
	require.True(t, ok)
	require.Equal(t, "another", string(input))
	require.True(t, k.Rest(memories))

	// Memory that cannot be given back stays as it is.
	require.True(t, k.Begin([]byte("an input")))
	require.False(t, k.Rest(new(wasmrun.Memories)))
	require.EqualValues(t, len("an input"), k.size.Get())
}

// TestBegin: a call finds its input and zeros, whatever the last one had.
func TestBegin(t *testing.T) {
	t.Parallel()
	k, _ := start(t)
	for _, sizes := range [][2]int{{100, 10}, {10, 100}, {100, 0}, {0, 100}, {5 << 10, 5<<10 - 1}, {200 << 10, 64 << 10}} {
		require.True(t, k.Begin(bytes.Repeat([]byte{1}, sizes[0])))
		full := bytes.Repeat([]byte{2}, sizes[0]+1)
		first, freed := k.Put(full), k.Put(full)
		k.Release(freed)
		k.Put(append(full, 2))
		require.NotZero(t, first)

		input := bytes.Repeat([]byte{3}, sizes[1])
		require.True(t, k.Begin(input))
		require.EqualValues(t, len(input), k.size.Get())
		whole, _ := k.memory.Read(0, k.memory.Size())
		require.Equal(t, input, append([]byte{}, whole[firstPlace:firstPlace+len(input)]...), "%v", sizes)
		require.Zero(t, len(bytes.Trim(whole[firstPlace+len(input):], "\x00")), "%v", sizes)
	}
}
