package host

import (
	"context"

	"github.com/loadgo/load/internal/wire"
)

// await lets messages wait for earlier ones of a call only as long as those can come: while the
// module calls the host in it, until the context ends.
func (i *Instance) await(ctx context.Context, s *wire.Sharing, symbol string, function int) {
	s.Await = func() (lost func() error, stop func()) {
		ctx, cancel := i.within(ctx, symbol, function)
		stopWaking := context.AfterFunc(ctx, s.Wake)
		lost = func() error {
			if s.Scope == 0 || !i.Values.Busy() {
				return wire.ErrLost
			}
			return context.Cause(ctx)
		}
		return lost, func() {
			stopWaking()
			cancel()
		}
	}
}
