package host

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/internal/budget"
	"github.com/loadgo/load/internal/wire"
)

// DefaultInFlight is how much memory of the host the messages of a module may take, where nobody
// says otherwise.
const DefaultInFlight = 256 << 20

// Reply is the answer of a call.
type Reply struct {
	Body    []byte // what follows the outcome, and Failure; it is the caller's
	Granted int    // bytes of Instance.Results that were taken for it
}

// inFlight is the memory of the host that messages of the module may take until they are dealt
// with.
type inFlight struct {
	results, calls *budget.Budget
	outgoing       *budget.Budget
	setting        string // what allows more
}

// Limits bound what crosses.
type Limits struct {
	Message  int    // bytes of the arguments or of the results of a call; 0 is [wire.MaxMessage]
	InFlight int    // bytes of the host's memory for each kind of messages; 0 is DefaultInFlight
	Setting  string // what sets InFlight: "goprocess.Config.MaxInFlight"
}

func (l Limits) inFlight() inFlight {
	max := cmp.Or(l.InFlight, DefaultInFlight)
	return inFlight{results: budget.New(max), calls: budget.New(max), outgoing: budget.New(max), setting: l.Setting}
}

// Results is the memory that answers of the module take until they are decoded.
func (i *Instance) Results() *budget.Budget { return i.inFlight.results }

// HostCalls is the memory that the arguments of the module's calls of the host take until the
// host's function has returned.
func (i *Instance) HostCalls() *budget.Budget { return i.inFlight.calls }

// Outgoing is the memory that messages to the module take until they are written.
func (i *Instance) Outgoing() *budget.Budget { return i.inFlight.outgoing }

// decode returns what decodes a reply, within the bounds. It is followed by decoded.
func (i *Instance) decode(ctx context.Context, reply Reply) incoming {
	d := incoming{Decoder: wire.NewOwner(reply.Body), ctx: ctx}
	d.Limit(i.inFlight.results)
	return d
}

// decoded gives back what a reply took.
func (i *Instance) decoded(d *incoming, reply Reply) {
	i.inFlight.results.Give(reply.Granted + d.Taken())
}

// tooMuch explains the error of a decoder that may not use so much memory; other errors stay as
// they are.
func (i *Instance) tooMuch(err error) error {
	if !errors.Is(err, wire.ErrMemory) {
		return err
	}
	return i.inFlight.limit("its values take more of the host's memory than %d times their message and what is left of %s", wire.RoomFactor, wire.Size(i.inFlight.calls.Max()))
}

// Refuse answers a call of the host that found no room for its arguments. The body is that of
// Answer.
func (i *Instance) Refuse(body []byte) *wire.Encoder {
	d := wire.NewDecoder(body)
	out := wire.NewFrame(wire.HostResult)
	number := d.Uint()
	defer i.endHostCall(number)
	if s := i.hostValues.scope(header(&d).scope); s != nil {
		s.Skip(&d)
	}
	out.Uint(number)
	out.Byte(wire.Refused)
	out.String(explained(i.inFlight.limit("the calls of the host in flight take %s of its memory, and none of them ends", wire.Size(i.inFlight.calls.Max()))))
	out.Finish()
	return out
}

func (f inFlight) limit(format string, args ...any) error {
	return &engine.LimitError{Reason: fmt.Sprintf(format, args...), Fix: "set " + f.setting + " to allow more"}
}
