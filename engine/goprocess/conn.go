package goprocess

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/event"
	"github.com/loadgo/load/internal/goglue/host"
	"github.com/loadgo/load/internal/goglue/host/inflight"
	"github.com/loadgo/load/internal/quantity"
	"github.com/loadgo/load/internal/wire"
)

// conn carries calls to the child. It implements [host.Transport].
//
// No goroutine reads all the time: of the callers that wait for answers, one reads for all of them,
// until it has its own. A call that is alone is thus answered without waking another goroutine.
type conn struct {
	file    *os.File
	process *process
	config  Config
	broken  atomic.Pointer[error] // why nothing can be called any more
	writing chan struct{}         // holds one token: who takes it out writes a frame
	turn    chan struct{}         // holds one token: who takes it out reads
	in      *input                // the reader's
	out     *wire.RingWriter      // the writer's; nil where there is no ring

	// Functions that each call uses; made once, they cost no memory.
	sendAway func(time.Time) error // in.interrupt
	append   func([]byte) error    // to out
	reply    func(*wire.Encoder)   // sends the answer of a call of the host

	shared  []byte         // the memory of the rings
	host    *host.Instance // answers the module's calls; set before the first of them can come
	asking  wire.Callers   // the module's calls that goroutines of the host answer
	calls   atomic.Int32   // of the host, that are being answered
	within  atomic.Int32   // of these, in goroutines that wait
	callers atomic.Int32   // of the module, that wait for answers or want to send
	left    atomic.Int32   // calls that go on although their callers have gone
	keeper  keeper
	stall   inflight.Stall // the reader's

	mu       sync.Mutex
	last     uint64
	pending  map[uint64]*pending
	releases []uint64
}

// helloCall is the number that the module's hello is waited for under; calls are numbered from 1.
const helloCall = 0

// newConn returns the host's end of a connection, whose rings lie in the memory, if any.
func newConn(file *os.File, memory []byte, p *process, config Config) (*conn, error) {
	poller, err := newPoller(file)
	if err != nil {
		return nil, err
	}
	c := &conn{file: file, shared: memory, process: p, config: config, turn: make(chan struct{}, 1), writing: make(chan struct{}, 1), pending: map[uint64]*pending{}}
	c.in = newInput(file, poller, config.MaxMessage, c.admit)
	c.in.several = func() bool { return c.callers.Load() > 1 }
	c.sendAway = c.in.interrupt
	c.append = func(data []byte) error { c.out.Append(data); return nil }
	c.reply = c.sendReply
	if memory != nil {
		c.in.ring = wire.NewRingReader(wire.ToHost(memory))
		c.out = wire.NewRingWriter(wire.ToModule(memory), poller.tell)
	}
	c.pending[helloCall] = newPending("hello")
	c.turn <- struct{}{}
	c.writing <- struct{}{}
	return c, nil
}

// hello waits for what the module says when its initialisation is over.
func (c *conn) hello(ctx context.Context) ([]byte, error) {
	c.mu.Lock()
	call := c.pending[helloCall]
	c.mu.Unlock()
	if call == nil {
		return nil, *c.broken.Load()
	}
	a, answered := c.wait(ctx, call)
	if !answered {
		return nil, context.Cause(ctx)
	}
	return a.reply.Body, a.err
}

// Call implements [host.Transport].
func (c *conn) Call(ctx context.Context, symbol string, function int, mode uint64, message *wire.Encoder) (host.Reply, error) {
	if err := ctx.Err(); err != nil {
		return host.Reply{}, context.Cause(ctx)
	}
	c.callers.Add(1)
	defer c.callers.Add(-1)
	call := pendings.Get().(*pending)
	call.symbol, call.sharing = symbol, mode&(wire.ModeShare|wire.ModeLasting) != 0
	call.stays = mode&wire.ModeShare == 0 && (mode&wire.ModeStay != 0 || ctx.Done() == nil)
	within := uint64(0)
	if call.stays {
		within = c.asking.Own()
	}
	c.mu.Lock()
	if err := c.broken.Load(); err != nil {
		c.mu.Unlock()
		return host.Reply{}, *err
	}
	c.last++
	number := c.last
	call.number = number
	c.pending[number] = call
	c.mu.Unlock()

	from := host.PutHead(ctx, message, &call.head, wire.HeaderSize, within, number, function, mode)
	wire.PutHeader(message.Buf[from:], message.Size()-from-wire.HeaderSize)
	if !c.send(ctx, message, from) {
		c.mu.Lock()
		delete(c.pending, number)
		c.mu.Unlock()
		return host.Reply{}, context.Cause(ctx)
	}
	if message.Written != nil {
		message.Written()
	}
	a, answered := c.wait(ctx, call)
	if !answered {
		c.abandon(call)
		return host.Reply{}, context.Cause(ctx)
	}
	pendings.Put(call)
	c.process.printed()
	return a.reply, a.err
}

// wait waits for the answer of a call, and reads while it is this caller's turn. It reports whether
// the answer came before the context ended.
func (c *conn) wait(ctx context.Context, call *pending) (answer, bool) {
	for {
		c.keeper.leave(c)
		var a answer
		select {
		case a = <-call.answer:
		case <-c.turn:
			c.keeper.busy.Add(1)
			c.read(ctx, call)
			c.turn <- struct{}{}
			select {
			case a = <-call.answer:
			default:
				continue
			}
		case <-ctx.Done():
			return answer{}, false
		}
		if a.asked.body == nil {
			return a, true
		}
		c.answerWithin(ctx, call, a.asked)
	}
}

// read takes frames and delivers them until the call is answered or its context ends.
func (c *conn) read(ctx context.Context, call *pending) {
	defer c.interrupt(ctx, c.sendAway)()
	room := func() bool { return c.waitForRoom(ctx) }
	for len(call.answer) == 0 && c.readOne(room) {
	}
}

// readOne takes a frame and delivers it, and reports whether to read on. Where the frame has to
// wait, waitForRoom does, and reports the same.
func (c *conn) readOne(waitForRoom func() bool) bool {
	f, err := c.in.frame()
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return false
	case errors.Is(err, errWait):
		return waitForRoom()
	case errors.Is(err, errFrame):
		c.garbage()
		return false
	case err != nil:
		c.lost()
		return false
	}
	c.process.order.received()
	if !c.deliver(f) {
		c.garbage()
		return false
	}
	return true
}

// maxAbandoned is how many calls may go on in a module after their callers have gone: each costs
// the host some kilobytes.
const maxAbandoned = 10_000

// abandon leaves a call whose caller has gone. The module is told, and watched if it does not end.
func (c *conn) abandon(call *pending) {
	if c.left.Add(1) > maxAbandoned {
		c.process.kill(fmt.Sprintf("more than %d of its calls went on after they were cancelled", maxAbandoned))
	}
	cancel := wire.NewFrame(wire.Cancel)
	cancel.Uint(call.number)
	cancel.Finish()
	late := time.AfterFunc(c.config.Grace, func() {
		c.process.sink.Emit(event.Overrun{Name: c.process.name, Symbol: call.symbol, Grace: c.config.Grace, Killed: c.config.KillOverrun})
		if c.config.KillOverrun {
			c.process.kill("it stayed busy for " + quantity.Duration(c.config.Grace) + " after a call of " + call.symbol + " was cancelled")
		}
	})
	go c.send(context.Background(), cancel, 0) // the connection may be full
	go func() {
		defer c.left.Add(-1)
		defer late.Stop()
		a, _ := c.wait(context.Background(), call)
		c.host.Results().Give(a.reply.Granted)
	}()
}

// send writes a frame, from the given byte on, and reports whether the module gets it: not where
// the context ends before its first byte is written. Where it ends later, the rest is written when
// the module reads again.
func (c *conn) send(ctx context.Context, frame *wire.Encoder, from int) bool {
	select {
	case <-c.writing:
	case <-ctx.Done():
		return false
	}
	c.process.order.sending()
	if c.out.Begin(frame.Size() - from) {
		_ = frame.Send(from, c.append)
		c.out.End()
		c.writing <- struct{}{}
		return true
	}
	done := c.interrupt(ctx, c.file.SetWriteDeadline)
	sent := 0
	var rest []byte // of a frame whose writing was interrupted
	err := frame.Send(from, func(data []byte) error {
		if rest != nil {
			rest = append(rest, data...)
			return nil
		}
		n, err := c.file.Write(data)
		sent += n
		if errors.Is(err, os.ErrDeadlineExceeded) {
			rest = append([]byte{}, data[n:]...)
			return nil
		}
		return err
	})
	done()
	switch {
	case rest != nil && sent > 0:
		go func() {
			if _, err := c.file.Write(rest); err != nil {
				c.lost()
			}
			c.writing <- struct{}{}
		}()
		return true
	case err != nil:
		c.lost()
	}
	c.writing <- struct{}{}
	return rest == nil
}

// interrupt lets the end of the context interrupt what waits for a deadline, until done is called.
func (c *conn) interrupt(ctx context.Context, setDeadline func(time.Time) error) (done func()) {
	if ctx.Done() == nil {
		return func() {}
	}
	interrupted := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		_ = setDeadline(time.Unix(1, 0))
		close(interrupted)
	})
	return func() {
		if !stop() {
			<-interrupted
			_ = setDeadline(time.Time{})
		}
	}
}

// deliver hands a frame to whom it belongs and reports whether it made sense.
func (c *conn) deliver(f frame) bool {
	body := f.body
	d := wire.NewDecoder(body[1:])
	number, outcome := uint64(helloCall), wire.Done
	switch body[0] {
	case wire.HostCall:
		return c.answer(body[1:], f.admission)
	case wire.HostCancel:
		c.host.CancelHost(body[1:])
		return true
	case wire.HostRelease:
		c.host.ReleaseHost(body[1:])
		return true
	case wire.Hello:
	case wire.Result:
		if number, outcome = d.Uint(), d.Byte(); number == helloCall {
			return false
		}
	default:
		return false
	}
	c.mu.Lock()
	call, over := c.pending[number], c.pending == nil
	delete(c.pending, number)
	c.mu.Unlock()
	if call == nil {
		return over // its caller has the answer that the module has ended
	}
	a := answer{reply: host.Reply{Body: d.Rest(), Granted: f.admission.Granted}}
	if outcome != wire.Done {
		if a.err = c.host.Failure(call.symbol, outcome, &d); a.err == nil {
			a.err = errFrame
		}
		if a.reply.Body = d.Rest(); !call.sharing {
			c.host.Results().Give(f.admission.Granted)
			a.reply = host.Reply{}
		}
	}
	call.answer <- a
	return a.err != errFrame && d.Err() == nil
}

// garbage ends a child that sends what no module sends. Its calls are answered when it is gone.
func (c *conn) garbage() {
	c.process.kill("it broke the protocol: something else wrote to the host's connection")
	<-c.process.ended
}

// lost is called when the connection has ended: the child is about to end, or is ended now. Its
// calls are answered when it is gone.
func (c *conn) lost() {
	select {
	case <-c.process.ended:
		return
	case <-time.After(time.Second):
		c.process.kill("it closed its connection to the host")
	}
}

// fail answers every call in flight, and all later ones, with the error.
func (c *conn) fail(err error) {
	if !c.broken.CompareAndSwap(nil, &err) {
		return
	}
	c.mu.Lock()
	calls := c.pending
	c.pending = nil
	c.mu.Unlock()
	if _, early := calls[helloCall]; !early && errors.Is(err, engine.ErrCrashed) {
		c.process.sink.Emit(event.Crashed{Name: c.process.name, Err: err})
	}
	for _, call := range calls {
		call.answer <- answer{err: err}
	}
	c.host.End()
	_ = c.file.Close()
	c.unshare()
}

// unshare gives back the memory of the rings when nobody uses it any more.
func (c *conn) unshare() {
	<-c.writing
	<-c.turn
	c.out, c.in.ring, c.in.atRing = nil, nil, false
	_ = unmapRings(c.shared)
	c.turn <- struct{}{}
	c.writing <- struct{}{}
}
