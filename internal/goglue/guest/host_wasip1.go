package guest

import (
	"runtime"

	"github.com/loadgo/load/internal/wire"
)

// hostCall sends the body of a frame to the host and returns the body of its answer. The host may call the
// module meanwhile.
func (m *Module) hostCall(frame *wire.Encoder) []byte {
	parts := appendParts(nil, frame, wire.HeaderSize)
	body := uninitialised(int(askHost(location(parts))))
	runtime.KeepAlive(parts)
	takeAnswer(address(&body[0]))
	return body
}

// askHost hands over a message and returns the size of the answer, which is not empty.
//
//go:wasmimport load host_call
func askHost(parts uint64) uint32

// takeAnswer lets the host write its answer to the last askHost.
//
//go:wasmimport load host_take
func takeAnswer(address uint32)
