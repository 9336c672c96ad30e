package inflight

import (
	"context"
	"sync/atomic"

	"github.com/loadgo/load/internal/budget"
	"github.com/loadgo/load/internal/wire"
)

const (
	// smallMessage is how long a message may be that takes no room of the budget.
	SmallMessage = 64 << 10
	// passageGrowth is by how much more room is asked for each time that it was not enough: a
	// message is encoded again then.
	PassageGrowth = 4
)

// Passage is the room of one message to the module, from its encoding until it is written. Nothing
// is waited for by who has room but that the module reads: calls within calls get room in the end,
// since the messages of those outside are written.
type Passage struct {
	budget *budget.Budget
	Most   int // bytes of the longest message
	taken  atomic.Int64
}

// Passage begins the passage of a message, in memory that no other one uses.
func (m *Memory) Passage(p *Passage) {
	p.budget, p.Most = m.outgoing, wire.MaxFrame(m.MaxMessage)
}

// Room is how long the message may be.
func (p *Passage) Room() int { return min(max(SmallMessage, int(p.taken.Load())), p.Most) }

// Grow waits for room for a message of so many bytes that did not fit. The message's buffer is
// dropped meanwhile.
func (p *Passage) Grow(ctx context.Context, e *wire.Encoder, size int) error {
	e.Buf = nil
	p.Give()
	size = min(size, p.Most)
	if err := p.budget.Wait(ctx, size); err != nil {
		return err
	}
	p.taken.Store(int64(size))
	return nil
}

// Encoded gives back the room that the message does not need, and the rest when it is written.
func (p *Passage) Encoded(e *wire.Encoder) {
	taken := int(p.taken.Load())
	if taken == 0 {
		return
	}
	size := min(e.Size(), taken)
	p.taken.Store(int64(size))
	p.budget.Give(taken - size)
	e.Written = func() {
		e.Buf = nil
		p.Give()
	}
}

// Give gives all of the room back.
func (p *Passage) Give() { p.budget.Give(int(p.taken.Swap(0))) }
