package given

import (
	"context"
	"errors"
	"reflect"
	"time"

	"github.com/loadgo/load/internal/goglue/host/codec"
	"github.com/loadgo/load/internal/goglue/host/inflight"
	"github.com/loadgo/load/internal/wire"
)

// Method answers a call: it takes the arguments and appends the results. The error says why
// nothing was called.
type Method func(c *Call, value reflect.Value) error

// Call is one call of the host by the module.
type Call struct {
	values  *Values
	number  uint64
	in      codec.Incoming
	out     *wire.Encoder
	frame   wire.Encoder // the answer, but for one that is put together again
	memory  [frameRoom]byte
	scratch [frameRoom]byte // for what is put into the answer as a whole
	left    time.Duration   // what the context that crossed apart has left
	granted int             // bytes of the budget that were taken for it
	called  *Value
	outer   *wire.Sharing // of the call that gave what is called, where both sides are brought up to date
	own     *wire.Sharing // of the arguments, from the call of the host's function on; nil where they share nothing
	known   int           // how many things the arguments have
	outcome wire.Outcome
	lasting bool // the answer brings lasting things up to date
}

// frameRoom is how many bytes an answer may have without memory of its own.
const frameRoom = 192

// CancelHost ends the context of the call in the body of a HostCancel frame, which follows the
// frame's kind.
func (h *Values) CancelHost(body []byte) {
	d := wire.NewDecoder(body)
	number := d.Uint()
	h.mu.Lock()
	defer h.mu.Unlock()
	if cancel, goesOn := h.calls[number]; cancel != nil {
		cancel()
	} else if goesOn {
		h.calls[number] = func() {} // it did not get to its context yet
	}
}

// Begin notes that the call in the body of a Call frame, which follows the frame's kind, has
// arrived, so that it can be cancelled. Answer follows, perhaps in another goroutine. The context
// of a call whose number is used again ends: nothing else would end it.
func (h *Values) Begin(body []byte) {
	d := wire.NewDecoder(body)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.calls == nil {
		h.calls = map[uint64]context.CancelFunc{}
	}
	number := d.Uint()
	if cancel := h.calls[number]; cancel != nil {
		cancel()
	}
	h.calls[number] = nil
	h.running.Store(int64(len(h.calls)))
}

// End forgets all values of the host and ends the contexts of the calls that go on: the module has
// ended.
func (h *Values) End() {
	for _, s := range h.end() {
		s.Close()
	}
}

// end is End but for the tables of the calls, which it returns: the holder of one may wait for the
// lock.
func (h *Values) end() []*wire.Sharing {
	h.mu.Lock()
	defer h.mu.Unlock()
	scopes := h.endScopes()
	h.ended, h.callable = true, 0
	h.values, h.identities = nil, nil
	for _, cancel := range h.calls {
		if cancel != nil {
			cancel()
		}
	}
	return scopes
}

// Answer makes the call that Begin has noted; the body is given away, and granted are the bytes of
// HostCalls that were taken for it, 0 for a small one. It hands the HostResult frame to send when
// the host's function has returned, or ended the goroutine: then Answer does not return.
func (h *Values) Answer(body []byte, granted int, send func(*wire.Encoder)) {
	c := &Call{values: h, in: codec.Incoming{Decoder: wire.NewOwner(body), Ctx: context.Background()}, granted: granted}
	c.out = &c.frame
	if granted > 0 {
		c.in.LimitTo(granted, h.memory.HostCalls())
	} else {
		c.in.Limit(h.memory.HostCalls())
	}
	defer func() { h.memory.HostCalls().Give(c.granted + c.in.Taken()) }()
	c.number = c.in.Uint()
	defer c.done()
	call, failure := c.header()
	refuse := func(text string) {
		c.begin(wire.Refused)
		c.out.String(text)
	}
	var err error
	returned := false
	defer func() {
		if !returned { // it panicked, or runtime.Goexit ends the goroutine
			err = c.unfinished(recover())
		}
		if c.outer != nil {
			c.values.leave()
			c.outer.Leave()
		}
		switch {
		case err != nil:
			refuse(inflight.Explained(err))
		case c.out.Err != nil:
			refuse("a result of the host's function cannot be given to the module: " + c.out.Err.Error())
		case c.out.Size() > wire.MaxFrame(h.memory.MaxMessage):
			refuse(c.tooLarge())
		}
		c.putLasting(refuse)
		c.out.Finish()
		send(c.out)
	}()
	if err = failure; err == nil {
		err = c.make(call)
	}
	returned = true
}

// header takes what the call begins with, and what the module has changed of lasting things.
func (c *Call) header() (callHeader, error) {
	call := header(&c.in.Decoder)
	if c.lasting = call.lasting; c.lasting {
		if err := c.values.codec.Lasting.Take(&c.in, true); err != nil {
			return call, err
		}
	}
	call.takeScope(&c.in.Decoder)
	return call, nil
}

// putLasting puts what the host has changed of lasting things before the rest of an answer.
func (c *Call) putLasting(refuse func(string)) {
	if !c.lasting || c.outcome == wire.Refused {
		return
	}
	rest := c.out
	c.out = wire.NewFrame(wire.HostResult)
	c.out.Uint(c.number)
	c.out.Byte(c.outcome)
	begin := len(c.out.Buf)
	c.values.codec.Lasting.Put(c.out, true)
	c.out.Join(rest, begin)
	if c.out.Err != nil {
		refuse("what the host has changed cannot be given to the module: " + c.out.Err.Error())
	}
}

// make calls the host's function, and leaves its answer in out.
func (c *Call) make(call callHeader) error {
	v := c.values.Given(call.handle)
	c.called = v
	if err := c.update(call.scope); err != nil {
		return err
	}
	c.begin(wire.Done)
	if v == nil || call.method >= uint64(len(v.Methods)) {
		return errors.New("the host no longer has this value")
	}
	defer c.values.codec.Lasting.Run()()
	if err := v.Methods[call.method](c, v.Value); err != nil {
		return err
	}
	return c.restore(wire.Done)
}

// unfinished answers that the host's function panicked with r, or, where that is nil, that it ended
// its goroutine. What it changed before is there in the module, as in Go.
func (c *Call) unfinished(r any) error {
	outcome := wire.Exited
	if r != nil {
		outcome = wire.Panicked
	}
	c.begin(outcome)
	if c.own != nil {
		c.own.Restart(c.known) // without what was new in the results
	}
	c.results(c.own, func() {
		if r != nil {
			c.panicked(r)
		}
	})
	return c.restore(outcome)
}

// begin begins the answer, with its number and its outcome, and takes back what a former one gave.
func (c *Call) begin(outcome wire.Outcome) {
	c.values.TakeBack(c.out)
	*c.out = wire.Encoder{Buf: append(c.memory[:wire.HeaderSize], wire.HostResult)}
	c.head(outcome)
}

func (c *Call) head(outcome wire.Outcome) {
	c.out.Uint(c.number)
	c.out.Byte(outcome)
	c.outcome = outcome
}

func (c *Call) tooLarge() string {
	return "the results of the host's function are larger than " + wire.Size(c.values.memory.MaxMessage)
}

// callHeader is what a call of the host begins with, after its number.
type callHeader struct {
	handle, method, scope uint64
	scoped, lasting       bool // what follows
}

func header(d *wire.Decoder) (h callHeader) {
	h.handle, h.method = d.Uint(), d.Uint()
	h.scoped, h.lasting = h.method&1 != 0, h.method&2 != 0
	h.method >>= 2
	return h
}

// takeScope takes the scope, where one follows.
func (h *callHeader) takeScope(d *wire.Decoder) {
	if h.scoped {
		h.scope = d.Uint()
	}
}

// restore puts what the host's functions have changed of the things of the call before the results.
func (c *Call) restore(outcome wire.Outcome) error {
	if c.outer == nil || c.out.Err != nil {
		return nil
	}
	results, outer := c.out, c.outer
	c.values.leave()
	c.outer, c.out = nil, wire.NewFrame(wire.HostResult)
	defer c.values.TakeBack(results)
	c.head(outcome)
	begin := len(c.out.Buf) // of the results, as in the frame without changes
	return outer.EndCall(c.out, func(beside bool) error {
		known := outer.Things
		changed, err := codec.Changes(known, beside)
		if err != nil {
			return err
		}
		start := len(c.out.Buf)
		outer.EndEarlier()
		outer.PutAdopting(c.out, c.own, c.known, func() {
			c.values.TakeBack(c.out)
			c.out.Truncate(start)
			c.out.Sharing = outer
		}, func() { codec.PutChanges(c.out, known, changed) })
		c.out.Sharing = nil
		codec.KeepThings(outer.Things[len(known):])
		for _, n := range changed {
			outer.Sends(n)
		}
		if !beside {
			c.values.codec.Lasting.Agree(outer)
		}
		return c.out.Err
	}, func() error {
		c.out.Join(results, begin)
		if c.out.Size() > wire.MaxFrame(c.values.memory.MaxMessage) {
			return errors.New(c.tooLarge())
		}
		return nil
	})
}

// results appends what the host's function has changed of what it was given, and its results.
func (c *Call) results(sharing *wire.Sharing, encode func()) {
	if sharing == nil {
		encode()
		return
	}
	start, known := len(c.out.Buf), sharing.Things
	changed, err := codec.Changes(known, false)
	if err != nil {
		c.out.Fail(err)
		return
	}
	for again := true; again; again = c.out.Err == wire.ErrAgain {
		c.values.TakeBack(c.out)
		c.out.Truncate(start)
		c.out.Sharing = sharing
		sharing.Restart(len(known))
		codec.PutChanges(c.out, known, changed)
		encode()
	}
}

// Context takes a context from the arguments.
func (c *Call) Context() context.Context {
	return c.within(time.Duration(c.in.Uint()))
}

// within makes a context that has so much time, 0 is no limit, or has ended, and ends with the
// call.
func (c *Call) within(left time.Duration) context.Context {
	var ctx context.Context
	var cancel context.CancelFunc
	if left > wire.Cancelled {
		ctx, cancel = context.WithTimeout(context.Background(), left)
	} else {
		ctx, cancel = context.WithCancel(context.Background())
	}
	h := c.values
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.calls[c.number] != nil || h.ended || left == wire.Cancelled {
		cancel()
	}
	h.calls[c.number] = cancel
	return ctx
}

// done ends the call's context.
func (c *Call) done() { c.values.endHostCall(c.number) }

func (h *Values) endHostCall(number uint64) {
	h.mu.Lock()
	cancel := h.calls[number]
	delete(h.calls, number)
	h.running.Store(int64(len(h.calls)))
	var waiting []*wire.Sharing
	if len(h.calls) == 0 {
		waiting = h.tables()
	}
	h.mu.Unlock()
	for _, s := range waiting {
		s.Wake()
	}
	if cancel != nil {
		cancel()
	}
}

// Refuse answers a call of the host that found no room for its arguments. The body is that of
// Answer.
func (h *Values) Refuse(body []byte) *wire.Encoder {
	d := wire.NewDecoder(body)
	out := wire.NewFrame(wire.HostResult)
	number := d.Uint()
	defer h.endHostCall(number)
	call := header(&d)
	if call.lasting {
		wire.SkipLasting(&d)
	}
	if call.takeScope(&d); call.scope != 0 {
		if s := h.giver(call.scope, h.Given(call.handle)); s != nil {
			s.Skip(&d)
		}
	}
	out.Uint(number)
	out.Byte(wire.Refused)
	out.String(h.memory.Refusal())
	out.Finish()
	return out
}
