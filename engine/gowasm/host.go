package gowasm

import (
	"context"

	"github.com/tetratelabs/wazero/api"

	"github.com/loadgo/load/internal/wire"
)

// guestKey finds the guest that called in the context of a host function.
type guestKey struct{}

// exportHost gives guests the functions of the host that they import from the module "load".
func (m *module) exportHost() error {
	const i32, i64 = api.ValueTypeI32, api.ValueTypeI64
	builder := m.runtime.NewHostModuleBuilder("load")
	export := func(name string, params, results []api.ValueType, f func(g *guest, stack []uint64)) {
		call := func(ctx context.Context, _ api.Module, stack []uint64) {
			f(ctx.Value(guestKey{}).(*guest), stack)
		}
		builder.NewFunctionBuilder().WithGoModuleFunction(api.GoModuleFunc(call), params, results).Export(name)
	}
	export("cancelled", []api.ValueType{i64}, []api.ValueType{i32}, (*guest).cancelled)
	export("host_call", []api.ValueType{i64}, []api.ValueType{i32}, (*guest).hostCall)
	export("host_take", []api.ValueType{i32}, nil, (*guest).hostTake)
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

// hostCall answers a call of the module to the host. Further calls may enter the guest until it returns.
func (g *guest) hostCall(stack []uint64) {
	body, err := g.read(stack[0])
	if err != nil {
		panic(err)
	}
	call := g.gate.suspend()
	answer := func() []byte {
		defer g.gate.resume(call)
		var out wire.Encoder
		g.module.answer(call.ctx, body, &out)
		return flat(&out)
	}()
	if g.module.err() != nil {
		panic(errRetired)
	}
	g.level(call).answer = answer
	stack[0] = uint64(len(answer))
}

// hostTake writes the answer to the last hostCall of the call that runs into the guest.
func (g *guest) hostTake(stack []uint64) {
	lv := g.level(g.gate.top())
	if !g.memory.Write(uint32(stack[0]), lv.answer) {
		panic(errGarbage)
	}
	lv.answer = nil
}

// flat returns the body of a frame in one piece.
func flat(frame *wire.Encoder) []byte {
	body := make([]byte, 0, frame.Size()-wire.HeaderSize)
	_ = frame.Send(wire.HeaderSize, func(data []byte) error {
		body = append(body, data...)
		return nil
	})
	return body
}
