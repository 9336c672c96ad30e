package goprocess

import (
	"context"

	"github.com/loadgo/load/internal/goglue/host/inflight"
	"github.com/loadgo/load/internal/wire"
)

// asked is a call of the host that is to be answered.
type asked struct {
	body      []byte
	admission inflight.Admission
}

// maxCalls is how many calls of the host a module may have made that were not answered yet.
const maxCalls = 10_000

// answer answers a call of the host. The host's function may take its time, and call the module.
func (c *conn) answer(body []byte, admission inflight.Admission) bool {
	if c.calls.Add(1) > maxCalls {
		return false
	}
	within, body, ok := wire.Within(body)
	if !ok {
		return false
	}
	c.host.Begin(body)
	a := asked{body, admission}
	c.mu.Lock()
	call := c.pending[within]
	if call == nil || !call.stays || !call.answers.CompareAndSwap(false, true) {
		call = nil
	} else {
		call.answer <- answer{asked: a}
	}
	c.mu.Unlock()
	if call == nil {
		go c.answerAsked(a)
	}
	return true
}

// answerAsked answers a call of the host.
func (c *conn) answerAsked(a asked) {
	defer c.calls.Add(-1)
	c.process.printed()
	if a.admission.Refused {
		c.send(context.Background(), c.host.Refuse(a.body), 0)
		return
	}
	c.host.Answer(a.body, a.admission.Granted, c.reply)
}

func (c *conn) sendReply(out *wire.Encoder) {
	c.host.Outgoing().Add(out.Size())
	defer c.host.Outgoing().Give(out.Size())
	c.send(context.Background(), out, 0)
}

// answerWithin answers a call of the host in the goroutine that waits for the call in which it was
// made. Where the host's function ends the goroutine, it ends when the call does: the module's
// deferred functions have run then.
func (c *conn) answerWithin(ctx context.Context, call *pending, a asked) {
	returned := false
	defer func() {
		if !returned {
			if over, answered := c.wait(ctx, call); answered {
				c.host.Results().Give(over.reply.Granted)
			} else {
				c.abandon(call)
			}
		}
	}()
	c.answerAsked(a)
	call.answers.Store(false)
	returned = true
}
