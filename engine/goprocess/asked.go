package goprocess

import (
	"context"
	"runtime"

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
		go c.answerAsked(a, c.reply)
	}
	return true
}

// answerAsked answers a call of the host by reply.
func (c *conn) answerAsked(a asked, reply func(*wire.Encoder)) {
	defer c.calls.Add(-1)
	number := wire.NewDecoder(a.body)
	defer c.asking.End(c.asking.Begin(number.Uint()))
	c.process.printed()
	if a.admission.Refused {
		reply(c.host.Refuse(a.body))
		return
	}
	c.host.Answer(a.body, a.admission.Granted, reply)
}

func (c *conn) sendReply(out *wire.Encoder) { c.replyWithin(context.Background(), out) }

// replyWithin sends an answer. It does not wait beyond the end of the context for a module that
// does not read: then the answer is sent when it does.
func (c *conn) replyWithin(ctx context.Context, out *wire.Encoder) {
	size := out.Size()
	c.host.Outgoing().Add(size)
	if c.send(ctx, out, 0) {
		c.host.Outgoing().Give(size)
		return
	}
	late := wire.Encoder{Buf: make([]byte, 0, size)} // what the answer refers to is the host's
	_ = out.Send(0, func(data []byte) error { late.Buf = append(late.Buf, data...); return nil })
	go func() {
		defer c.host.Outgoing().Give(size)
		c.send(context.Background(), &late, 0)
	}()
}

const (
	// maxWithin is how many calls of the host are answered in goroutines that wait, before these look
	// how deep they are.
	maxWithin = 100
	// maxFrames is how deep, in functions, such a goroutine may be: a stack has a limit beyond which
	// the program ends.
	maxFrames = 5000
)

// answerWithin answers a call of the host in the goroutine that waits for the call in which it was
// made. Where the host's function ends the goroutine, it ends when the call does: the module's
// deferred functions have run then. Where calls lie too deep within calls, another goroutine
// answers.
func (c *conn) answerWithin(ctx context.Context, call *pending, a asked) {
	defer c.within.Add(-1)
	if c.within.Add(1) > maxWithin && runtime.Callers(maxFrames, make([]uintptr, 1)) > 0 {
		call.answers.Store(false)
		go c.answerAsked(a, c.reply)
		return
	}
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
	call.conn, call.within = c, ctx
	c.answerAsked(a, call.reply)
	call.conn, call.within = nil, nil
	call.answers.Store(false)
	returned = true
}
