package host

import (
	"context"
	"errors"
	"runtime"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/internal/goglue/host/codec"
	"github.com/loadgo/load/internal/wire"
)

// errExited is the end of a call in which the goroutine was ended: its caller's ends, too.
var errExited = errors.New("the call ended its goroutine: runtime.Goexit was called")

// Failure takes the end of a Result that is not [wire.Done], and returns it as an error, or nil
// where the message is damaged.
func (i *Instance) Failure(symbol string, outcome wire.Outcome, d *wire.Decoder) error {
	d.Limit(i.Results())
	defer func() { i.Results().Give(d.Taken()) }()
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
	in := codec.Incoming{Decoder: *d, Ctx: context.Background()}
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
		if own := i.Values.Given(in.Uint()); own != nil {
			return own.Value.Interface()
		}
	default:
		in.Fail(wire.ErrTag)
	}
	return nil
}

// exit ends the goroutine where the call has ended it.
func exit(err error) {
	if err == errExited {
		runtime.Goexit()
	}
}
