package host

import (
	"context"
	"time"

	"github.com/loadgo/load/internal/wire"
)

// Headroom is the space that a message handed to a [Transport] leaves for what goes before its
// arguments.
const Headroom = 56

// PutHead writes what goes before the arguments of a call into the headroom of its message, and
// returns where that begins. It leaves prefix bytes for the transport's own use first. Within is
// the call of the host in whose goroutine the call is made, or 0. Head is memory to work in.
func PutHead(ctx context.Context, message *wire.Encoder, head *[Headroom]byte, prefix int, within, number uint64, function int, mode uint64) (from int) {
	e := wire.Encoder{Buf: head[:prefix]}
	e.Byte(wire.Call)
	e.Buf = e.Buf[:len(e.Buf)+wire.WithinSize]
	wire.PutWithin(e.Buf[prefix+1:], within)
	e.Uint(number)
	e.Uint(uint64(function))
	e.Uint(mode &^ wire.ModeStay)
	left := time.Duration(0)
	if deadline, ok := ctx.Deadline(); ok {
		left = max(1, time.Until(deadline))
	}
	e.Uint(uint64(left))
	from = Headroom - len(e.Buf)
	copy(message.Buf[from:], e.Buf)
	return from
}
