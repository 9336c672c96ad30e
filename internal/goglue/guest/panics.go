package guest

import (
	"runtime"

	"github.com/loadgo/load/internal/wire"
)

// hostPanic is what a function of the host panicked with, where it has no form in the module. It
// goes home as itself.
type hostPanic struct {
	host *Host
	text string
}

func (p *hostPanic) String() string     { return p.text }
func (p *hostPanic) HostHandle() uint64 { return p.host.handle }

// panicked answers with a panic: its value as text, the stack, and the value.
func (c *Call) panicked(r any, stack string) {
	c.Out.Byte(wire.Panicked)
	c.Out.String(c.module.panicText(r))
	c.Out.String(stack)
	switch r := r.(type) {
	case hostFailure:
		c.Out.Byte(wire.PanicText)
	case runtime.Error:
		c.Out.Byte(wire.PanicHeld)
		c.module.PutHandle(&c.Out, r)
	case error:
		c.Out.Byte(wire.PanicError)
		c.Error(r)
	case string:
		c.Out.Byte(wire.PanicString)
	case int:
		c.Out.Byte(wire.PanicInt)
		c.Out.Int(int64(r))
	case fromHost:
		c.Out.Byte(wire.PanicHost)
		c.Out.Uint(r.HostHandle())
	default:
		c.Out.Byte(wire.PanicHeld)
		c.module.PutHandle(&c.Out, r)
	}
}

// exited answers that the call ended its goroutine.
func (c *Call) exited() {
	c.fail(wire.Exited, "")
	c.putLeft()
}

// putLeft appends what the call changed of what it shares before it panicked or ended its
// goroutine.
func (c *Call) putLeft() {
	s, answer := c.In.Sharing, c.Out
	if s == nil {
		return
	}
	c.Out = wire.Encoder{Sharing: s}
	defer func() {
		if r := recover(); r != nil { // a method that writes a text
			c.Out.Fail(hostRefusal("what it has changed cannot be written: " + c.module.panicText(r)))
		}
		answer.Fail(c.Out.Err)
		answer.Join(&c.Out, 0)
		c.Out = answer
	}()
	if c.unlock != nil { // it panicked while its results were written
		c.unlock()
		s.Restart(c.known)
	}
	c.unlock = s.End(&c.Out)
	start, known := len(c.Out.Buf), len(s.Things)
	changed := changes(s.Things, false)
	c.putChanges(s.Things, changed)
	for c.Out.Err == wire.ErrAgain {
		c.again(s, start, known)
		c.putChanges(s.Things, changed)
	}
}

// panicAgain panics with what a function of the host panicked with.
func (c *Call) panicAgain() {
	text, stack := c.In.String(), c.In.String()
	var value any = hostFailure{text: text, stack: stack}
	switch c.In.Byte() {
	case wire.PanicError:
		value = c.InError()
	case wire.PanicString:
		value = text
	case wire.PanicInt:
		value = int(c.In.Int())
	case wire.PanicHost:
		c.Tag()
		value = &hostPanic{c.Host(), text}
	}
	c.Taken()
	panic(value)
}
