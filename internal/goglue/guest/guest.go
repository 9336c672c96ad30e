// Package guest is the part of a module that answers its host. It is compiled into every module
// together with the generated code that calls the module's functions, so it stays small: no fmt and
// no encoding/json, and reflection only behind values of type any.
package guest

import (
	"context"
	"runtime"
	"strconv"
	"syscall"
	"time"

	"github.com/loadgo/load/internal/goglue/guest/guestahead"
	"github.com/loadgo/load/internal/goglue/guest/guestcancel"
	"github.com/loadgo/load/internal/wire"
)

// Table is what the generated code hands over.
type Table struct {
	// Sum identifies the API that the module was compiled with.
	Sum string
	// Funcs are the module's functions, methods, fields and variables by number.
	Funcs []func(*Call)
	// TypeOf returns the number of a dynamic type in the API, or 0.
	TypeOf func(v any) uint64
	// TypeName names a type that TypeOf does not know.
	TypeName func(v any) string
	// Text prints a value as fmt.Sprint does.
	Text func(v any) string
	// JSON writes a value as encoding/json does; nil where the module does not contain that
	// package.
	JSON func(v any) ([]byte, error)
	// Tree appends what the host writes as encoding/json does, where JSON is nil.
	Tree func(e *wire.Encoder, v any) error
	// Named returns a pointer to a new value of a type of the standard library that the module
	// contains and that has a text form, or nil; nil itself where the API has no values of type
	// any.
	Named func(name string) any
	// Typed takes a value of the type with a number in the API; nil where no type is like that.
	Typed func(c *Call, typ uint64) any
	// Fields sets and returns fields of what a pointer leads to, a struct of the type with a number
	// in the API; nil where no type has any.
	Fields func(c *Call, typ uint64, p any)
	// Sentinels are the errors that both sides know by name: exported variables of the API, named
	// as there, and those of the standard library, named as "io.EOF".
	Sentinels []Sentinel
	// StandardError returns what an error is of [api.StandardErrors], and its fields but for what it
	// wraps; "" for others.
	StandardError func(err error) (name string, fields []any)
}

// Call is one call from the host, or one of the host. In holds what is still to be decoded, the
// arguments of the one and the results of the other; Out holds what was encoded so far.
type Call struct {
	In  wire.Decoder
	Out wire.Encoder

	// Values and Texts tell whether the value being encoded crosses by value where it can, or,
	// where its type can do that, as its own methods write it; else it crosses by handle.
	Values, Texts bool
	// Holds tells that a pointer to a struct that is copied elsewhere crosses by handle.
	Holds bool

	mode     uint64
	module   *Module
	number   uint64
	deadline uint64 // nanoseconds that the host gave it, or 0
	ctx      context.Context
	host     *Host // what is called, of a call of the host

	shown    uint64 // the handle of what fields are asked for
	outcome  int    // where the outcome is in the answer
	returned uint64 // the last handle among the results

	encoding bool   // the results, or the arguments of a call of the host, have begun
	start    int    // where they begin
	known    int    // how many things the other side has
	changed  []int  // which of them have changed
	begin    int    // where the arguments of a call of the host begin
	unlock   func() // the table, where the results have begun
	last     *Host  // by which both sides know the things of the call, where they may last
	lasting  bool   // a call of the host that brings lasting things up to date
	within   bool   // a call of the host by a goroutine that runs one of the host's

	// outer is the table of the call which was given what is called, where a call of the host brings
	// it up to date.
	outer  *wire.Sharing
	agreed map[uintptr]bool // where the last message of outer leaves both sides with the same
}

// Transport carries frames to the host.
type Transport interface {
	// HostCall sends the HostCall frame of the call and returns what follows the number in its
	// HostResult, which is the caller's.
	HostCall(c *Call, frame *wire.Encoder) []byte
	// Post sends a frame that is not answered.
	Post(frame *wire.Encoder)
}

// Module is the state of a running module.
type Module struct {
	table     Table
	transport Transport
	held      heldTable
	cancels   guestcancel.Table
	host      hostTable
	ahead     *guestahead.Ahead[Host]
	callers   wire.Callers
	lasting   lastingTable
	// maxMessage is how many bytes the arguments or the results of a call take at most.
	maxMessage int
}

// NewModule makes the state of the one module of this program.
func NewModule(table Table, transport Transport) *Module {
	return &Module{
		table: table, transport: transport, held: heldTable{step: 1, values: map[uint64]any{}, known: map[any]uint64{}, again: map[uint64]int{}}, maxMessage: maxMessage(),
		cancels: guestcancel.New(), ahead: &guestahead.Ahead[Host]{Settle: settle},
	}
}

// maxMessage reads the limit that the host has set.
func maxMessage() int {
	text, _ := syscall.Getenv(wire.MaxMessageVariable)
	if n, err := strconv.Atoi(text); err == nil && n > 0 {
		return n
	}
	return wire.MaxMessage
}

// refusal ends a call before the function runs.
type refusal string

// Refuse ends the call: its arguments cannot be used.
func (c *Call) Refuse(reason string) { panic(refusal(reason)) }

// Ready checks the arguments after all of them were decoded, and starts the results.
func (c *Call) Ready() {
	if err := c.In.End(); err != nil {
		c.Refuse("the arguments cannot be understood: " + err.Error())
	}
	c.Out.Byte(wire.Done)
}

// Result begins the result, or the argument of a call of the host, with the given index.
func (c *Call) Result(i int) {
	form := uint64(0)
	if i < wire.MaxModes {
		form = c.mode >> (i * wire.ModeBits) & (1<<wire.ModeBits - 1)
	}
	c.Values, c.Texts, c.Holds = form == wire.ModeValue, form == wire.ModeText, form == wire.ModeHold
}

// Opaque reports whether what has unexported parts crosses by handle, even if it has a text form.
func (c *Call) Opaque() bool { return c.mode&wire.ModeOpaque != 0 }

// Setting reports whether the field or the variable is to be written rather than read.
func (c *Call) Setting() bool { return c.mode&wire.ModeSet != 0 }

// Context returns a context that ends when the host's does, when the host's deadline is over, or
// when the call is over. Where the call returns an object, whose methods and goroutines may use it
// further, it outlives the call.
func (c *Call) Context() context.Context {
	if c.ctx == nil {
		c.ctx = c.module.cancels.Add(c.number, time.Duration(c.deadline))
		c.module.watch(c.number)
	}
	return c.ctx
}

// Run answers one call. The decoder stands after the frame's kind; out, which is empty, holds the
// answer afterwards as a whole frame. The answer is to be sent before anything else happens.
func (m *Module) Run(in wire.Decoder, out *wire.Encoder) {
	c := &Call{module: m, In: in, Out: wire.Encoder{Buf: append(out.Buf[:0], make([]byte, wire.HeaderSize)...)}}
	c.In.Raw(wire.WithinSize) // who runs the call knows that
	c.number = c.In.Uint()
	function := c.In.Uint()
	c.mode, c.deadline = c.In.Uint(), c.In.Uint()
	if c.mode&wire.ModeShare != 0 {
		c.share(new(wire.Sharing))
		while := &wire.While{Call: c.number}
		while.Store(c.Out.Sharing)
		c.Out.Sharing.While = while
		defer func() {
			while.Store(nil)
			c.over()
		}()
	}
	c.Out.Byte(wire.Result)
	c.Out.Uint(c.number)
	c.outcome = len(c.Out.Buf)
	defer m.callers.End(m.callers.Begin(c.number))
	m.lasting.calls.Add(1)
	defer m.lasting.calls.Add(-1)
	returned := false
	func() {
		defer func() {
			switch r := recover().(type) {
			case nil:
				if !returned { // runtime.Goexit ends the goroutine
					c.exited()
					c.end(out)
				} else if unwound(nil) {
					c.exited()
				}
			case refusal:
				c.fail(wire.Refused, string(r))
			default:
				if unwound(r) {
					c.exited()
					return
				}
				stack := stack()
				c.returned = 0
				c.Out.Truncate(c.outcome)
				c.panicked(r, stack)
				c.putLeft()
			}
		}()
		c.takeLasting()
		m.dispatch(c, function)
		returned = true
	}()
	c.end(out)
}

// end finishes the answer of a call.
func (c *Call) end(out *wire.Encoder) {
	m := c.module
	m.ahead.Cross()
	if c.ctx != nil {
		m.cancels.Returned(c.number, c.returned)
	}
	c.endLasting()
	switch {
	case c.Out.Err != nil:
		c.fail(wire.Refused, "a result cannot be returned: "+c.Out.Err.Error())
	case c.Out.Size() > wire.MaxFrame(m.maxMessage):
		c.fail(wire.Refused, "the results are larger than "+wire.Size(m.maxMessage))
	}
	c.Out.Finish()
	*out = c.Out
}

// fail answers that the function did not return.
func (c *Call) fail(outcome wire.Outcome, text string) {
	c.returned = 0
	c.Out.Truncate(c.outcome)
	c.Out.Byte(outcome)
	if outcome == wire.Refused {
		c.Out.String(text)
	}
}

func (m *Module) dispatch(c *Call, function uint64) {
	switch {
	case function == wire.FuncText:
		v := c.object()
		c.Ready()
		c.Out.String(m.table.Text(v))
	case function == wire.FuncJSON:
		v := c.object()
		c.Ready()
		c.Error(m.json(&c.Out, v))
	case function == wire.FuncEqual:
		a, b := c.object(), c.object()
		c.Ready()
		equal, err := equal(a, b)
		c.Out.Bool(equal)
		c.Error(err)
	case function == wire.FuncError:
		err, _ := c.object().(error)
		c.Ready()
		c.Error(err)
	case function == wire.FuncIs:
		err := Held[error](c)
		target := c.InError()
		c.Ready()
		is, ok := err.(interface{ Is(error) bool })
		c.Out.Bool(ok && accepts(is, target))
	case function == wire.FuncRead:
		m.read(c)
	case function == wire.FuncFields && m.table.Fields != nil:
		c.fields()
	case function == wire.FuncEnd:
		handle := c.In.Uint()
		c.Ready()
		m.cancels.EndOf(handle)
	case function-wire.FuncCount < uint64(len(m.table.Funcs)):
		m.table.Funcs[function-wire.FuncCount](c)
	default:
		c.Refuse("the module has no such function")
	}
}

// object takes a handle and returns its value.
func (c *Call) object() any {
	v, err := c.module.TakeHandle(&c.In)
	if err != nil {
		c.Refuse(err.Error())
	}
	return v
}

// Named returns a pointer to a new value of a type of the standard library, or nil.
func (m *Module) Named(name string) any {
	if m.table.Named == nil {
		return nil
	}
	return m.table.Named(name)
}

// Module returns the module that is called.
func (c *Call) Module() *Module { return c.module }

// json appends what encoding/json writes of a value: its tree.
func (m *Module) json(e *wire.Encoder, v any) error {
	start := len(e.Buf)
	var err error
	if m.table.JSON != nil {
		var text []byte
		text, err = m.table.JSON(v)
		e.Byte(wire.TreeJSON)
		e.Bytes(text)
	} else {
		err = m.table.Tree(e, v)
	}
	if err != nil {
		e.Truncate(start)
		e.Byte(wire.TreeNull)
	}
	return err
}

func (m *Module) panicText(r any) (text string) {
	defer func() {
		if recover() != nil {
			text = "a value that panics when it is printed"
		}
	}()
	if err, ok := r.(error); ok {
		return err.Error()
	}
	return m.table.Text(r)
}

// maxStack is how many bytes of a stack are reported.
const maxStack = 16 << 10

// stack returns the calling goroutine's stack as text. Package runtime/debug does the same, and
// imports fmt.
func stack() string {
	buf := make([]byte, maxStack)
	return string(buf[:runtime.Stack(buf, false)])
}

// Cancel ends the context of the call in the body of a Cancel frame.
func (m *Module) Cancel(body []byte) {
	in := wire.NewDecoder(body)
	m.cancels.End(in.Uint())
}
