// Package guest is the part of a module that answers its host. It is compiled into every module
// together with the generated code that calls the module's functions, so it stays small: no fmt and no
// encoding/json, and reflection only behind values of type any.
package guest

import (
	"context"
	"runtime/debug"

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
	// JSON writes a value as encoding/json does; nil where the module does not contain that package.
	JSON func(v any) ([]byte, error)
}

// Call is one call from the host. In holds the arguments that are still to be decoded, Out the results
// so far.
type Call struct {
	In  wire.Decoder
	Out wire.Encoder

	// Values tells whether the result being encoded crosses by value where it can, else by handle.
	Values bool

	mode   uint64
	module *Module
	number uint64
	ctx    context.Context
}

// Module is the state of a running module.
type Module struct {
	table   Table
	held    heldTable
	cancels cancelTable
}

// NewModule makes the state of the one module of this program.
func NewModule(table Table) *Module {
	return &Module{table: table, held: heldTable{values: map[uint64]any{}}, cancels: cancelTable{funcs: map[uint64]context.CancelFunc{}}}
}

// refusal ends a call before the function runs.
type refusal string

// Refuse ends the call: its arguments cannot be used.
func (c *Call) Refuse(reason string) { panic(refusal(reason)) }

// Ready checks the arguments after all of them were decoded, and starts the results.
func (c *Call) Ready() {
	if err := c.In.End(); err != nil {
		c.Refuse(err.Error())
	}
	c.Out.Byte(wire.Done)
}

// Result begins the result with the given index.
func (c *Call) Result(i int) { c.Values = c.mode>>(i&63)&1 != 0 }

// Context returns a context that ends when the host cancels the call or the call is over.
func (c *Call) Context() context.Context {
	if c.ctx == nil {
		c.ctx = c.module.cancels.add(c.number)
	}
	return c.ctx
}

// Run answers one call. The decoder stands after the frame's kind; out, which is empty, holds the answer
// afterwards as a whole frame. The answer is to be sent before anything else happens.
func (m *Module) Run(in wire.Decoder, out *wire.Encoder) {
	c := &Call{module: m, In: in, Out: wire.Encoder{Buf: append(out.Buf[:0], make([]byte, wire.HeaderSize)...)}}
	c.number = c.In.Uint()
	function := c.In.Uint()
	c.mode = c.In.Uint()
	c.Out.Byte(wire.Result)
	c.Out.Uint(c.number)
	start := len(c.Out.Buf)
	fail := func(outcome wire.Outcome, text string) {
		c.Out.Truncate(start)
		c.Out.Byte(outcome)
		c.Out.String(text)
	}
	func() {
		defer func() {
			switch r := recover().(type) {
			case nil:
			case refusal:
				fail(wire.Refused, string(r))
			default:
				stack := debug.Stack()
				fail(wire.Panicked, m.panicText(r))
				c.Out.String(string(stack))
			}
		}()
		m.dispatch(c, function)
	}()
	if c.ctx != nil {
		m.cancels.end(c.number)
	}
	switch {
	case c.Out.Err != nil:
		fail(wire.Refused, "a result cannot be returned: "+c.Out.Err.Error())
	case c.Out.Size() > wire.MaxFrame:
		fail(wire.Refused, "the results are larger than 256 MiB")
	}
	c.Out.Finish()
	*out = c.Out
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
		text, err := m.json(v)
		c.Out.String(string(text))
		c.Error(err)
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

// Module returns the module that is called.
func (c *Call) Module() *Module { return c.module }

// json writes a value with encoding/json where the module contains it, and else by the value's own
// methods. An empty text without an error tells the host to do it from the fields.
func (m *Module) json(v any) ([]byte, error) {
	if m.table.JSON != nil {
		return m.table.JSON(v)
	}
	if j, ok := v.(interface{ MarshalJSON() ([]byte, error) }); ok {
		return j.MarshalJSON()
	}
	return nil, nil
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
