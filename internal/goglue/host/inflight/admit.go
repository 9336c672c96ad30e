package inflight

import (
	"context"
	"time"

	"github.com/loadgo/load/internal/budget"
	"github.com/loadgo/load/internal/wire"
)

// Memory for a message of the module is made when its budget has room for what it may become; until
// then the engine takes nothing of the module, and the module waits. Answers always get room in the
// end: the caller that waits decodes them. A call of the host holds its room until the host's
// function returns, which may itself wait for an answer, or for another call of the host, that lies
// behind the one which waits. So most of the budget is kept for calls before which nothing moves
// any more: they get it one by one. Where it is used up, too, they are refused.

const (
	// counted is the size from which the budgets count a message: the number of smaller ones is
	// bounded.
	counted = 4 << 10
	// freeShare is the part of the budget that calls of the host get without waiting: a fourth.
	freeShare = 4
	// stallAfter is how long nothing moves before one more call of the host gets room beyond the
	// free share.
	stallAfter = 20 * time.Millisecond
	// giveUpAfter is how long nothing moves before a call of the host is refused.
	giveUpAfter = 10 * time.Second
)

// Admission is what was decided about a message before memory was made for it.
type Admission struct {
	Granted int // bytes that were taken from the budget of its kind
	Refused bool
}

// Stall is how long a call of the host waits before which nothing moves. There is one for each
// place at which one call at a time waits.
type Stall struct {
	waits bool
	since time.Time
	given uint64 // of the budget, at that time
}

// AdmitResult decides about an answer of so many bytes, and reports whether it could.
func (m *Memory) AdmitResult(size int) (Admission, bool) {
	if size <= counted {
		return Admission{}, true
	}
	want, results := wire.RoomFactor*size, m.results
	if !results.Take(want) && !results.TakeAlone(want) {
		return Admission{}, false
	}
	return Admission{Granted: want}, true
}

// AdmitCall decides about a call of the host of so many bytes, and reports whether it could.
func (m *Memory) AdmitCall(s *Stall, size int) (Admission, bool) {
	flood := m.outgoing.Full() // the module does not take the answers
	if size <= counted && !flood {
		return Admission{}, true
	}
	calls, want := m.calls, wire.RoomFactor*size
	if !flood {
		granted := calls.TakeSome(size, want, calls.Max()/freeShare)
		if granted == 0 && calls.TakeAlone(want) {
			granted = want
		}
		if granted > 0 {
			s.waits = false
			return Admission{Granted: granted}, true
		}
	}
	given, _ := calls.Freed()
	if !s.waits || s.given != given {
		*s = Stall{waits: true, since: time.Now(), given: given}
	}
	waited := time.Since(s.since)
	if waited >= stallAfter && !flood {
		if granted := calls.TakeSome(size, want, calls.Max()); granted > 0 {
			s.waits = false
			return Admission{Granted: granted}, true
		}
	}
	if waited >= giveUpAfter {
		s.waits = false
		return Admission{Refused: true}, true
	}
	return Admission{}, false
}

// WaitForRoom waits until something moves, or for a moment, and reports whether neither the context
// nor the module has ended.
func (m *Memory) WaitForRoom(ctx context.Context, ended <-chan struct{}) bool {
	moment := time.NewTimer(stallAfter)
	defer moment.Stop()
	freed := func(b *budget.Budget) <-chan struct{} {
		_, again := b.Freed()
		return again
	}
	select {
	case <-freed(m.results):
	case <-freed(m.calls):
	case <-freed(m.outgoing):
	case <-moment.C:
	case <-ended:
		return false
	case <-ctx.Done():
		return false
	}
	return true
}
