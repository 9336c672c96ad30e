package gowasm

import (
	"context"

	"github.com/tetratelabs/wazero/api"

	"github.com/loadgo/load/internal/goglue/host/inflight"
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
	export("checkpoint", nil, nil, (*guest).checkpoint)
	export("cancelled", []api.ValueType{i64}, []api.ValueType{i32}, (*guest).isCancelled)
	export("host_call", []api.ValueType{i64, i32}, []api.ValueType{i64}, (*guest).hostCall)
	export("host_take", []api.ValueType{i32, i32}, nil, (*guest).hostTake)
	export("host_post", []api.ValueType{i64}, nil, (*guest).hostPost)
	_, err := builder.Instantiate(m.ctx)
	return err
}

// checkpoint is called wherever the module's code goes on for long. While it runs, the host's
// garbage collector can stop the goroutine. It ends what goes on in a module that has ended.
func (g *guest) checkpoint([]uint64) {
	if g.cancelled.Load() > 0 {
		if call := g.gate.deaf(); call != nil {
			g.module.retire(g.module.crash(stopped(call.symbol)))
		}
	}
	if g.module.err() != nil {
		panic(errRetired)
	}
}

// isCancelled answers the module whether a call is cancelled.
func (g *guest) isCancelled(stack []uint64) {
	ctx := g.gate.watch(stack[0])
	stack[0] = 0
	if ctx != nil && ctx.Err() != nil {
		stack[0] = 1
	}
}

// hostCall answers a call of the module to the host. Further calls may enter the guest until it
// returns.
func (g *guest) hostCall(stack []uint64) {
	admission := g.admit(stack[0])
	body, err := g.read(stack[0])
	if err != nil || len(body) == 0 || body[0] != wire.HostCall {
		panic(errGarbage)
	}
	_, body, ok := wire.Within(body[1:]) // no other goroutine of the module runs meanwhile
	if !ok {
		panic(errGarbage)
	}
	host := g.module.host
	host.Begin(body)
	goesOn := g.outside()
	call := g.gate.suspend()
	if stack[1] != 0 && call.ctx.Done() != nil {
		// The module cannot be told that its call has ended; what it called is.
		number := wire.NewDecoder(body)
		cancel := wire.Encoder{}
		cancel.Uint(number.Uint())
		defer context.AfterFunc(call.ctx, func() { host.CancelHost(cancel.Buf) })()
	}
	answer := func() []byte {
		defer goesOn()
		defer g.gate.resume(call)
		return g.answer(body, admission)
	}()
	if g.module.err() != nil {
		panic(errRetired)
	}
	if len(g.answers) > maxLevels { // a call takes its answer before it makes another one
		panic(errGarbage)
	}
	host.Outgoing().Add(len(answer))
	g.lastAnswer++
	g.answers[g.lastAnswer] = answer
	stack[0] = uint64(g.lastAnswer)<<32 | uint64(len(answer))
}

// answer makes a call of the host, in a goroutine of its own: the host's function may end it, and
// that of the call
// has the guest's stack.
func (g *guest) answer(body []byte, admission inflight.Admission) []byte {
	host := g.module.host
	if admission.Refused {
		return flat(host.Refuse(body))
	}
	answers, faults := make(chan []byte, 1), make(chan any, 1)
	go func() {
		defer func() {
			if fault := recover(); fault != nil { // of the host itself; its function's panic is an answer
				faults <- fault
			}
		}()
		host.Answer(body, admission.Granted, func(out *wire.Encoder) { answers <- flat(out) })
	}()
	select {
	case answer := <-answers:
		return answer
	case fault := <-faults:
		panic(fault)
	}
}

// hostTake writes the answer with that number into the guest.
func (g *guest) hostTake(stack []uint64) {
	number := uint32(stack[0])
	if !g.memory.Write(uint32(stack[1]), g.answers[number]) {
		panic(errGarbage)
	}
	g.module.host.Outgoing().Give(len(g.answers[number]))
	delete(g.answers, number)
}

// admit waits until there is room for a call of the host. Nothing enters the guest meanwhile: it
// may
// move its memory, which the call is read from.
func (g *guest) admit(location uint64) inflight.Admission {
	_, size, err := g.parts(location)
	if err != nil {
		panic(errGarbage)
	}
	for {
		if admission, decided := g.module.host.AdmitCall(&g.stall, size); decided {
			return admission
		}
		if !g.module.host.WaitForRoom(g.module.ctx, nil) {
			panic(errRetired)
		}
	}
}

// hostPost takes a frame that is not answered.
func (g *guest) hostPost(stack []uint64) {
	body, err := g.read(stack[0])
	if err != nil || len(body) == 0 {
		panic(errGarbage)
	}
	switch body[0] {
	case wire.HostCancel:
		g.module.host.CancelHost(body[1:])
	case wire.HostRelease:
		g.module.host.ReleaseHost(body[1:])
	default:
		panic(errGarbage)
	}
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
