package gowasm

import (
	"context"

	"github.com/tetratelabs/wazero/api"
)

// guestKey finds the guest that called in the context of a host function.
type guestKey struct{}

// exportHost gives guests the functions of the host that they import from the module "load".
func (m *module) exportHost() error {
	builder := m.runtime.NewHostModuleBuilder("load")
	export := func(name string, params, results []api.ValueType, f func(g *guest, stack []uint64)) {
		call := func(ctx context.Context, _ api.Module, stack []uint64) {
			f(ctx.Value(guestKey{}).(*guest), stack)
		}
		builder.NewFunctionBuilder().WithGoModuleFunction(api.GoModuleFunc(call), params, results).Export(name)
	}
	export("cancelled", []api.ValueType{api.ValueTypeI64}, []api.ValueType{api.ValueTypeI32}, (*guest).cancelled)
	_, err := builder.Instantiate(m.ctx)
	return err
}

// cancelled tells whether a call is cancelled.
func (g *guest) cancelled(stack []uint64) {
	ctx := g.gate.watch(stack[0])
	stack[0] = 0
	if ctx != nil && ctx.Err() != nil {
		stack[0] = 1
	}
}
