package host

import (
	"context"
	"errors"
	"fmt"
	"reflect"

	"github.com/loadgo/load/internal/goglue/host/inflight"
	"github.com/loadgo/load/internal/wire"
)

// message encodes the arguments, again and again until they have the room that they need.
func (p *plan) message(ctx context.Context, e *wire.Encoder, room *inflight.Passage, sharing *wire.Sharing, receiver *object, args []reflect.Value) error {
	grow := func(size int) error {
		ctx, cancel := p.instance.within(ctx, p.symbol, p.function)
		defer cancel()
		return room.Grow(ctx, e, size)
	}
	if last := p.size.Load(); last > 0 {
		if err := grow(int(last) + inflight.SmallMessage); err != nil {
			return err
		}
	}
	for {
		p.instance.Values.TakeBack(e)
		if sharing != nil {
			sharing.Restart(0)
		}
		if err := p.arguments(e, room.Room(), sharing, receiver, args); err != nil {
			return err
		}
		switch {
		case e.Err == wire.ErrAgain:
		case e.Err == nil:
			p.remember(e.Size())
			room.Encoded(e)
			return nil
		case room.Room() == room.Most:
			return &argumentError{p.symbol, len(args) - 1, errors.New("the arguments are larger than " + wire.Size(p.instance.Memory.MaxMessage))}
		default:
			if err := grow(inflight.PassageGrowth * room.Room()); err != nil {
				return err
			}
		}
	}
}

// remember lets the next call ask at once for the room that this one needed.
func (p *plan) remember(size int) {
	if size <= inflight.SmallMessage {
		size = 0
	}
	if int64(size) != p.size.Load() {
		p.size.Store(int64(size))
	}
}

// arguments encodes the arguments. Those that have to be encoded again leave [wire.ErrAgain] in the
// encoder, and those that do not fit [wire.ErrRoom].
func (p *plan) arguments(e *wire.Encoder, room int, sharing *wire.Sharing, receiver *object, args []reflect.Value) error {
	e.Truncate(0)
	e.Sharing, e.Room = sharing, room
	e.Buf = append(e.Buf, make([]byte, Headroom)...)
	if p.beginLasting(e, sharing); e.Err != nil && e.Err != wire.ErrRoom {
		return fmt.Errorf("what the host has changed cannot be given to the module: %w", e.Err)
	}
	if receiver != nil {
		e.Handle(receiver.handle)
	}
	for j, encode := range p.encode {
		if encode(e, args[j]); e.Fits() {
			continue
		}
		if e.Err == wire.ErrAgain || e.Err == wire.ErrRoom {
			return nil
		}
		return &argumentError{p.symbol, j, e.Err}
	}
	return nil
}
