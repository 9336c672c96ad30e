package kernel

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
)

// start starts a kernel whose functions of the host do nothing.
func start(t testing.TB) Kernel {
	t.Helper()
	ctx := context.Background()
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
	return New(instance)
}

// TestFreed: what the host knows of freed blocks is bounded, also where a plugin frees millions.
func TestFreed(t *testing.T) {
	t.Parallel()
	k := start(t)
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
