package host

import (
	"context"

	"github.com/loadgo/load/internal/goglue/host/codec"
	"github.com/loadgo/load/internal/wire"
)

// Reply is the answer of a call.
type Reply struct {
	Body    []byte // what follows the outcome, and Failure; it is the caller's
	Granted int    // bytes of Instance.Results that were taken for it
}

// decode returns what decodes a reply, within the bounds. It is followed by decoded.
func (i *Instance) decode(ctx context.Context, reply Reply) codec.Incoming {
	d := codec.Incoming{Decoder: wire.NewOwner(reply.Body), Ctx: ctx}
	d.Limit(i.Results())
	return d
}

// decoded gives back what a reply took.
func (i *Instance) decoded(d *codec.Incoming, reply Reply) {
	i.Results().Give(reply.Granted + d.Taken())
	*d = codec.Incoming{}
}
