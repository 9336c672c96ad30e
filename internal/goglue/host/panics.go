package host

import (
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"runtime/debug"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/internal/wire"
)

// errExited is the end of a call in which the goroutine was ended: its caller's ends, too.
var errExited = errors.New("the call ended its goroutine: runtime.Goexit was called")

// Failure takes the end of a Result that is not [wire.Done], and returns it as an error, or nil
// where the message is
// damaged.
func (i *Instance) Failure(symbol string, outcome wire.Outcome, d *wire.Decoder) error {
	var err error
	switch outcome {
	case wire.Panicked:
		p := &engine.PanicError{Module: i.name, Symbol: symbol, Value: d.String(), Stack: d.String()}
		p.Recovered = i.takePanic(d, p.Value)
		err = p
	case wire.Refused:
		err = errors.New(d.String())
	case wire.Exited:
		err = errExited
	}
	if d.Err() != nil {
		return nil
	}
	return err
}

// takePanic takes the value of a panic.
func (i *Instance) takePanic(d *wire.Decoder, text string) any {
	in := incoming{Decoder: *d}
	defer func() { *d = in.Decoder }()
	switch in.Byte() {
	case wire.PanicText:
	case wire.PanicError:
		if err := i.takeError(&in); err != nil {
			return err
		}
	case wire.PanicString:
		return text
	case wire.PanicInt:
		return int(in.Int())
	case wire.PanicHeld:
		if o := i.takeObject(&in, 0); o != nil {
			return o
		}
	case wire.PanicHost:
		if own := i.given(in.Uint()); own != nil {
			return own.value.Interface()
		}
	default:
		in.Fail(wire.ErrTag)
	}
	return nil
}

// panicked appends what the host's function panicked with.
func (c *hostCall) panicked(r any) {
	stack := string(debug.Stack())
	if p, ok := r.(*engine.PanicError); ok && p.Recovered != nil {
		r = p.Recovered // a call of the module within, which had no error to return it by
	}
	c.out.String(fmt.Sprint(r))
	c.out.String(stack)
	switch r := r.(type) {
	case error:
		c.out.Byte(wire.PanicError)
		c.instance.encodeError(c.out, reflect.ValueOf(&r).Elem())
	case string:
		c.out.Byte(wire.PanicString)
	case int:
		c.out.Byte(wire.PanicInt)
		c.out.Int(int64(r))
	default:
		c.out.Byte(wire.PanicHost)
		c.instance.give(c.out, &hostValue{value: reflect.ValueOf(r)}, nil)
	}
}

// exit ends the goroutine where the call has ended it.
func exit(err error) {
	if err == errExited {
		runtime.Goexit()
	}
}
