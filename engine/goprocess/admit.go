package goprocess

import (
	"context"
	"errors"

	"github.com/loadgo/load/internal/goglue/host/inflight"
	"github.com/loadgo/load/internal/wire"
)

// errWait is a frame that has to wait for room.
var errWait = errors.New("no room for the frame")

// admit decides about a frame that has arrived, or whose beginning has.
func (c *conn) admit(kind wire.Kind, size int) (admission inflight.Admission, err error) {
	decided := true
	switch kind {
	case wire.HostCall:
		admission, decided = c.host.AdmitCall(&c.stall, size)
	case wire.Result:
		admission, decided = c.host.AdmitResult(size)
	}
	if !decided {
		return inflight.Admission{}, errWait
	}
	return admission, nil
}

// waitForRoom waits until something moves, or for a moment, and reports whether the context goes
// on.
func (c *conn) waitForRoom(ctx context.Context) bool {
	return c.host.WaitForRoom(ctx, c.process.ended)
}
