package guest

import (
	"runtime"

	"github.com/loadgo/load/internal/wire"
)

// reactor reaches the host through what the module imports from it. It implements [Transport].
type reactor struct{}

// HostCall implements [Transport]. Nothing else of the module runs until the host has answered, but
// for calls that the host makes meanwhile; so the host itself lets the end of its own call end this
// one.
func (reactor) HostCall(c *Call, frame *wire.Encoder) []byte {
	ends := uint32(0)
	if c.ctx != nil && c.ctx.Done() != nil {
		ends = 1
	}
	parts := appendParts(nil, frame, wire.HeaderSize)
	answer := askHost(location(parts), ends)
	runtime.KeepAlive(parts)
	body := uninitialised(int(uint32(answer)))
	takeAnswer(uint32(answer>>32), address(&body[0]))
	d := wire.NewDecoder(body)
	d.Byte() // a HostResult
	d.Uint() // of this call
	return d.Rest()
}

// Post implements [Transport].
func (reactor) Post(frame *wire.Encoder) {
	parts := appendParts(nil, frame, wire.HeaderSize)
	tellHost(location(parts))
	runtime.KeepAlive(parts)
}

// askHost hands over a call of the host and returns the answer's number and its size, which is not
// 0. Where ends is not 0, the call has a context that ends.
//
//go:wasmimport load host_call
func askHost(parts uint64, ends uint32) uint64

// takeAnswer lets the host write the answer with that number.
//
//go:wasmimport load host_take
func takeAnswer(number, address uint32)

// tellHost hands over a frame that is not answered.
//
//go:wasmimport load host_post
func tellHost(parts uint64)
