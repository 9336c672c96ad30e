package goprocess

import (
	"context"
	"errors"
	"time"

	"github.com/loadgo/load/internal/budget"
	"github.com/loadgo/load/internal/wire"
)

// Memory for a frame is made when its budget has room for what it may become; until then nobody
// reads, and the module waits. Answers always get room in the end: the caller that waits decodes
// them. A call of the host holds its room until the host's function returns, which may itself wait
// for an answer, or for another call of the host, that lies behind the frame which waits. So most
// of the budget is kept for frames before which nothing moves any more: they get it one by one.
// Where it is used up, too, they are refused.

const (
	// counted is the size from which the budgets count a frame: the number of smaller ones is bounded.
	counted = 4 << 10
	// freeShare is the part of the budget that calls of the host get without waiting: a fourth.
	freeShare = 4
	// stallAfter is how long nothing moves before one more call of the host gets room beyond the
	// free share.
	stallAfter = 20 * time.Millisecond
	// giveUpAfter is how long nothing moves before a call of the host is refused.
	giveUpAfter = 10 * time.Second
)

// errWait is a frame that has to wait for room.
var errWait = errors.New("no room for the frame")

// stall is how long a call of the host waits before which nothing moves.
type stall struct {
	waits bool
	since time.Time
	given uint64 // of the budget, at that time
}

// admit decides about a frame that has arrived, or whose beginning has.
func (c *conn) admit(kind wire.Kind, size int) (admission, error) {
	want := wire.RoomFactor * size
	switch {
	case kind == wire.HostCall && (size > counted || c.answers.Load() > int64(c.host.HostCalls().Max())):
		return c.admitCall(size, want)
	case kind != wire.Result || size <= counted:
		return admission{}, nil
	}
	if results := c.host.Results(); !results.Take(want) && !results.TakeAlone(want) {
		return admission{}, errWait
	}
	return admission{granted: want}, nil
}

// admitCall decides about a call of the host.
func (c *conn) admitCall(size, want int) (admission, error) {
	calls := c.host.HostCalls()
	flood := c.answers.Load() > int64(calls.Max()) // the module does not read
	if !flood {
		granted := calls.TakeSome(size, want, calls.Max()/freeShare)
		if granted == 0 && calls.TakeAlone(want) {
			granted = want
		}
		if granted > 0 {
			c.stall.waits = false
			return admission{granted: granted}, nil
		}
	}
	given, _ := calls.Freed()
	if !c.stall.waits || c.stall.given != given {
		c.stall = stall{waits: true, since: time.Now(), given: given}
	}
	waited := time.Since(c.stall.since)
	if waited >= stallAfter && !flood {
		if granted := calls.TakeSome(size, want, calls.Max()); granted > 0 {
			c.stall.waits = false
			return admission{granted: granted}, nil
		}
	}
	if waited >= giveUpAfter {
		c.stall.waits = false
		return admission{refused: true}, nil
	}
	return admission{}, errWait
}

// waitForRoom waits until something moves, or for a moment, and reports whether the context goes
// on.
func (c *conn) waitForRoom(ctx context.Context) bool {
	moment := time.NewTimer(stallAfter)
	defer moment.Stop()
	freed := func(b *budget.Budget) <-chan struct{} {
		_, again := b.Freed()
		return again
	}
	select {
	case <-freed(c.host.Results()):
	case <-freed(c.host.HostCalls()):
	case <-moment.C:
	case <-c.process.ended:
		return false
	case <-ctx.Done():
		return false
	}
	return true
}
