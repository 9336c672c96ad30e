package guest

import (
	"context"
	"runtime"
	"time"

	"github.com/loadgo/load/internal/wire"
)

// Begin begins a call of the method with the given index, which is 0 for a function. Where what is
// called was given in a call that goes on, what that call shares is brought up to date on both
// sides, or what this one shares if it gave it: the function may look at it, and change it. The
// arguments follow.
func (h *Host) Begin(method int) *Call {
	within := h.module.callers.Own()
	outer, scope := h.givers.For(within)
	return h.call(method, within, outer, scope)
}

// Call is Begin for a method that looks at nothing else.
func (h *Host) Call(method int) *Call { return h.call(method, h.module.callers.Own(), nil, 0) }

// Serves reports whether a method is called by the second form of its type's function.
func (h *Host) Serves(method int) bool {
	return method < len(h.modes) && h.modes[method]&wire.ModeServe != 0
}

func (h *Host) call(method int, within uint64, outer *wire.Sharing, scope uint64) *Call {
	c := &Call{module: h.module, host: h, number: h.module.host.lastCall.Add(1), outer: outer}
	if method < len(h.modes) {
		c.mode = h.modes[method]
	}
	c.Out.Buf = append(make([]byte, wire.HeaderSize, 128), wire.HostCall)
	c.Out.Buf = c.Out.Buf[:len(c.Out.Buf)+wire.WithinSize]
	c.within = within != 0 || wire.Goroutine() == 0 // which then are not told apart
	wire.PutWithin(c.Out.Buf[wire.HeaderSize+1:], within)
	c.Out.Uint(c.number)
	c.Out.Uint(h.handle)
	c.lasting = c.module.lasting.count.Load() > 0
	c.Out.Uint(uint64(method)<<2 | Bit(c.lasting)<<1 | Bit(outer != nil))
	if c.lasting {
		c.module.lasting.put(c, c.within)
	}
	if outer != nil {
		c.Out.Uint(scope)
		c.begin = len(c.Out.Buf)
	}
	if c.mode&wire.ModeShare != 0 {
		c.share(new(wire.Sharing))
	}
	return c
}

// PutContext passes a context on: its deadline and its end.
func (c *Call) PutContext(ctx context.Context) {
	c.ctx = ctx
	left := time.Duration(0)
	if ctx != nil {
		if deadline, ok := ctx.Deadline(); ok {
			left = max(2, time.Until(deadline))
		}
		if ctx.Err() != nil {
			left = wire.Cancelled
		}
	}
	c.Out.Uint(uint64(left))
}

// hostFailure is the panic of a function of the host, or its failure where it has no error to
// return. It ends the host's own call of the module, if that is where it came from.
type hostFailure struct{ text, stack string }

func (f hostFailure) Error() string { return f.text }

// Send makes the call of a method that returns no error and leaves its results in In.
func (c *Call) Send() {
	if err := c.Try(); err != nil {
		panic(hostFailure{text: err.Error()})
	}
}

// Try makes the call and leaves its results in In. The error says why the host's function was not
// called, or that its results cannot be used.
func (c *Call) Try() error {
	c.module.ahead.Cross()
	return c.send()
}

// send is Try for what no reader of the host has to be settled for.
func (c *Call) send() error {
	if err := c.fits(); err != nil {
		return err
	}
	if c.outer != nil {
		if err := c.putOuter(); err != nil {
			return hostRefusal("what the call shares cannot be brought up to date: " + err.Error())
		}
		c.module.lasting.agree(c.agreed, c.within)
		defer c.outer.Leave()
	}
	c.Out.Finish()
	if c.within { // it waits
		c.module.lasting.calls.Add(-1)
	}
	return c.answered(c.module.transport.HostCall(c, &c.Out))
}

// answered takes the answer: what the host has changed, and how its function ended.
func (c *Call) answered(body []byte) error {
	c.In = wire.NewOwner(body)
	if c.within {
		c.module.lasting.calls.Add(1)
	}
	c.In.Sharing = c.Out.Sharing
	runtime.KeepAlive(c.host)
	outcome := c.In.Byte()
	if outcome == wire.Refused {
		return hostRefusal(c.In.String())
	}
	if c.lasting {
		c.module.lasting.take(c)
	}
	if err := c.takeAll(); err != nil {
		return hostRefusal("what the host has changed cannot be taken over: " + err.Error())
	}
	switch outcome {
	case wire.Panicked:
		c.panicAgain()
	case wire.Exited:
		exit()
	}
	return nil
}

// fits says why the message cannot be sent, or nil.
func (c *Call) fits() error {
	if c.Out.Err != nil {
		return hostRefusal("an argument cannot be given to the host: " + c.Out.Err.Error())
	}
	if c.Out.Size() > wire.MaxFrame(c.module.maxMessage) {
		return hostRefusal("the arguments are larger than " + wire.Size(c.module.maxMessage))
	}
	return nil
}

// takeAll takes what the host changed of what the call shares that goes on, and of the arguments.
func (c *Call) takeAll() error {
	own := c.In.Sharing
	if c.outer != nil {
		c.share(c.outer)
		err := c.outer.TakeOver(&c.In, own, keepThings, func(passed func(int) bool) error {
			err := c.takeChanges(passed)
			c.agree()
			return err
		})
		c.share(own)
		if err != nil {
			return err
		}
		c.module.lasting.agree(c.agreed, c.within)
	}
	if own != nil {
		return c.takeChanges(nil)
	}
	return nil
}

// Taken checks the results after all of them were decoded.
func (c *Call) Taken() {
	if err := c.In.End(); err != nil {
		panic(hostFailure{text: "the host's answer cannot be understood: " + err.Error()})
	}
}

// Number is the call's number.
func (c *Call) Number() uint64 { return c.number }

// Sent lets the end of the call's context reach the host, until the result is there and stop is
// called. A transport calls it when the frame was sent.
func (c *Call) Sent() (stop func() bool) {
	if c.ctx == nil || c.ctx.Done() == nil {
		return func() bool { return true }
	}
	return context.AfterFunc(c.ctx, func() {
		frame := wire.NewFrame(wire.HostCancel)
		frame.Uint(c.number)
		frame.Finish()
		c.module.transport.Post(frame)
	})
}

// hostRefusal says why a function of the host could not be called.
type hostRefusal string

func (e hostRefusal) Error() string { return string(e) }

// ReadAt reads from the host's io.ReaderAt.
func (h *Host) ReadAt(method int, p []byte, off int64) (int, error) {
	c := h.Call(method)
	c.Out.Uint(uint64(len(p)))
	c.Out.Int(off)
	if err := c.Try(); err != nil {
		return 0, err
	}
	n := copy(p, c.In.Bytes())
	err := c.InError()
	c.Taken()
	return n, err
}

// Bit is a boolean as a number.
func Bit(v bool) uint64 {
	if v {
		return 1
	}
	return 0
}
