package host

import (
	"reflect"

	"github.com/loadgo/load/internal/goglue/host/codec"
	"github.com/loadgo/load/internal/goglue/host/given"
	"github.com/loadgo/load/internal/wire"
)

// beginLasting appends what comes before the arguments: updates, and the name of the call's things.
func (p *plan) beginLasting(e *wire.Encoder, sharing *wire.Sharing) {
	c := p.instance.codec
	if e.Lasting = c.Lasting.Any(); e.Lasting {
		c.Lasting.Put(e, false)
	}
	if p.mode&wire.ModeLast != 0 {
		last := new(wire.Lasting)
		sharing.Last, sharing.Known, sharing.Earlier = last, c.Lasting.Known, func() *wire.Earlier { return c.Lasting.Given(sharing) }
		last.Handle = p.instance.Values.Refer(e, &given.Value{Value: reflect.ValueOf(last), Released: func() { last.Gone.Store(true) }})
	}
}

// takeLasting takes what follows the results, and lets the things of the call last.
func (p *plan) takeLasting(d *codec.Incoming, mode uint64) error {
	c := p.instance.codec
	if d.Sharing != nil && d.Err() == nil {
		if d.Sharing.Last != nil {
			c.Lasting.Add(d.Sharing.Last, d.Sharing, d.Sharing.TakeAgain(&d.Decoder))
		} else {
			c.Lasting.Renew(d.Sharing)
		}
	}
	if mode&wire.ModeLasting == 0 {
		return nil
	}
	return c.Lasting.Take(d, false)
}
