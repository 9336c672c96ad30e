package host

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"time"

	"github.com/loadgo/load/internal/goglue/api"
	"github.com/loadgo/load/internal/wire"
)

// hostMethod answers a call: it takes the arguments and appends the results. The error says why
// nothing was called.
type hostMethod func(c *hostCall, value reflect.Value) error

// hostCall is one call of the host by the module.
type hostCall struct {
	instance *Instance
	number   uint64
	in       incoming
	out      *wire.Encoder
	granted  int           // bytes of the budget that were taken for it
	outer    *wire.Sharing // of the call that gave what is called, where both sides are brought up to date
	own      *wire.Sharing // of the arguments, from the call of the host's function on; nil where they share nothing
	known    int           // how many things the arguments have
}

// CancelHost ends the context of the call in the body of a HostCancel frame, which follows the
// frame's kind.
func (i *Instance) CancelHost(body []byte) {
	d := wire.NewDecoder(body)
	number := d.Uint()
	h := &i.hostValues
	h.mu.Lock()
	defer h.mu.Unlock()
	if cancel, goesOn := h.calls[number]; cancel != nil {
		cancel()
	} else if goesOn {
		h.calls[number] = func() {} // it did not get to its context yet
	}
}

// Begin notes that the call in the body of a HostCall frame, which follows the frame's kind, has
// arrived, so that it
// can be cancelled. Answer follows, perhaps in another goroutine. The context of a call whose number
// is used again ends: nothing else would end it.
func (i *Instance) Begin(body []byte) {
	d := wire.NewDecoder(body)
	h := &i.hostValues
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
func (i *Instance) End() {
	for _, s := range i.hostValues.end() {
		s.Close()
	}
}

// end is End but for the tables of the calls, which it returns: the holder of one may wait for the
// lock.
func (h *hostValues) end() map[uint64]*wire.Sharing {
	h.mu.Lock()
	defer h.mu.Unlock()
	scopes := h.scopes
	h.ended, h.callable = true, 0
	h.values, h.identities, h.scopes = nil, nil, nil
	for _, cancel := range h.calls {
		if cancel != nil {
			cancel()
		}
	}
	return scopes
}

// Answer makes the call that Begin has noted; the body is given away, and granted are the bytes of
// HostCalls that were taken for it, 0 for a small one. It hands the HostResult frame to send when
// the
// host's function has returned, or ended the goroutine: then Answer does not return.
func (i *Instance) Answer(body []byte, granted int, send func(*wire.Encoder)) {
	c := &hostCall{instance: i, in: incoming{Decoder: wire.NewOwner(body), ctx: context.Background()}, out: wire.NewFrame(wire.HostResult), granted: granted}
	if granted > 0 {
		c.in.LimitTo(granted, i.inFlight.calls)
	} else {
		c.in.Limit(i.inFlight.calls)
	}
	defer func() { i.inFlight.calls.Give(c.granted + c.in.Taken()) }()
	c.number = c.in.Uint()
	defer c.done()
	call := header(&c.in.Decoder)
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
			c.outer.Leave()
		}
		switch {
		case err != nil:
			refuse(explained(err))
		case c.out.Err != nil:
			refuse("a result of the host's function cannot be given to the module: " + c.out.Err.Error())
		case c.out.Size() > wire.MaxFrame(i.maxMessage):
			refuse(c.tooLarge())
		}
		c.out.Finish()
		send(c.out)
	}()
	err = c.make(call)
	returned = true
}

// make calls the host's function, and leaves its answer in out.
func (c *hostCall) make(call hostCallHeader) error {
	if err := c.update(call.scope); err != nil {
		return err
	}
	c.begin(wire.Done)
	v := c.instance.given(call.handle)
	if v == nil || call.method >= uint64(len(v.methods)) {
		return errors.New("the host no longer has this value")
	}
	if err := v.methods[call.method](c, v.value); err != nil {
		return err
	}
	return c.restore(wire.Done)
}

// unfinished answers that the host's function panicked with r, or, where that is nil, that it ended
// its goroutine. What it changed before is there in the module, as in Go.
func (c *hostCall) unfinished(r any) error {
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
func (c *hostCall) begin(outcome wire.Outcome) {
	c.instance.takeBack(c.out)
	c.out = wire.NewFrame(wire.HostResult)
	c.out.Uint(c.number)
	c.out.Byte(outcome)
}

func (c *hostCall) tooLarge() string {
	return "the results of the host's function are larger than " + wire.Size(c.instance.maxMessage)
}

// hostCallHeader is what a call of the host begins with, after its number.
type hostCallHeader struct{ handle, method, scope uint64 }

func header(d *wire.Decoder) (h hostCallHeader) {
	h.handle, h.method = d.Uint(), d.Uint()
	if h.method&1 != 0 {
		h.scope = d.Uint()
	}
	h.method >>= 1
	return h
}

// update takes what the module changed of the things of a call that goes on.
func (c *hostCall) update(scope uint64) error {
	if scope == 0 {
		return nil
	}
	i := c.instance
	outer := i.hostValues.scope(scope)
	if outer == nil {
		return wire.ErrOver
	}
	c.in.Sharing = outer
	defer func() { c.in.Sharing = nil }()
	err := outer.Take(&c.in.Decoder, func(passed func(int) bool) error {
		keepThings(outer.Things)
		err := i.takeChanges(&c.in, passed)
		keepThings(outer.Things)
		return err
	})
	if err == nil {
		c.outer = outer
		c.outer.Enter()
	}
	return err
}

// restore puts what the host's functions have changed of the things of the call before the results.
func (c *hostCall) restore(outcome wire.Outcome) error {
	if c.outer == nil || c.out.Err != nil {
		return nil
	}
	results, outer := c.out, c.outer
	c.outer, c.out = nil, new(wire.Encoder)
	defer c.instance.takeBack(results)
	c.begin(outcome)
	begin := len(c.out.Buf) // of the results, as in the frame without changes
	return outer.EndCall(c.out, func(beside bool) error {
		known := outer.Things
		changed, err := changes(known, beside)
		if err != nil {
			return err
		}
		start := len(c.out.Buf)
		for again := true; again; again = c.out.Err == wire.ErrAgain {
			c.instance.takeBack(c.out)
			c.out.Truncate(start)
			c.out.Sharing = outer
			outer.Restart(len(known))
			putChanges(c.out, known, changed)
		}
		c.out.Sharing = nil
		keepThings(outer.Things[len(known):])
		for _, n := range changed {
			outer.Sends(n)
		}
		return c.out.Err
	}, func() error {
		c.out.Join(results, begin)
		if c.out.Size() > wire.MaxFrame(c.instance.maxMessage) {
			return errors.New(c.tooLarge())
		}
		return nil
	})
}

// results appends what the host's function has changed of what it was given, and its results.
func (c *hostCall) results(sharing *wire.Sharing, encode func()) {
	if sharing == nil {
		encode()
		return
	}
	start, known := len(c.out.Buf), sharing.Things
	changed, err := changes(known, false)
	if err != nil {
		c.out.Fail(err)
		return
	}
	for again := true; again; again = c.out.Err == wire.ErrAgain {
		c.instance.takeBack(c.out)
		c.out.Truncate(start)
		c.out.Sharing = sharing
		sharing.Restart(len(known))
		putChanges(c.out, known, changed)
		encode()
	}
}

// context takes a context from the arguments.
func (c *hostCall) context() context.Context {
	var ctx context.Context
	var cancel context.CancelFunc
	left := time.Duration(c.in.Uint())
	if left > wire.Cancelled {
		ctx, cancel = context.WithTimeout(context.Background(), left)
	} else {
		ctx, cancel = context.WithCancel(context.Background())
	}
	h := &c.instance.hostValues
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.calls[c.number] != nil || h.ended || left == wire.Cancelled {
		cancel()
	}
	h.calls[c.number] = cancel
	return ctx
}

// done ends the call's context.
func (c *hostCall) done() { c.instance.endHostCall(c.number) }

func (i *Instance) endHostCall(number uint64) {
	h := &i.hostValues
	h.mu.Lock()
	cancel := h.calls[number]
	delete(h.calls, number)
	h.running.Store(int64(len(h.calls)))
	var waiting []*wire.Sharing
	if len(h.calls) == 0 {
		waiting = slices.Collect(maps.Values(h.scopes))
	}
	h.mu.Unlock()
	for _, s := range waiting {
		s.Wake()
	}
	if cancel != nil {
		cancel()
	}
}

// encodeGiven builds what gives a host's function, or a host's value that implements an interface,
// for the module's
// type n.
func (i *Instance) encodeGiven(t reflect.Type, n int) (encoder, error) {
	typ := &i.api.Types[n]
	if typ.Bridge != 0 {
		if encode, err := i.encodeBridged(t, n); encode != nil || err != nil {
			return encode, err
		}
	}
	if !typ.Given && i.adapts(t, n) {
		return i.encodeOwn(n), nil
	}
	if !typ.Given {
		return nil, fmt.Errorf("%s cannot be given by the host: it has parts that other packages cannot name", typ.Text)
	}
	answered := typ.Answered()
	methods := make([]hostMethod, len(answered))
	modes := make([]uint64, len(answered))
	for j, m := range answered {
		var err error
		if typ.Kind == api.KindFunc {
			methods[j], modes[j], err = i.hostMethod(t, &i.api.Funcs[m.Func-1], func(v reflect.Value) reflect.Value { return v })
		} else {
			methods[j], modes[j], err = i.interfaceMethod(t, m)
		}
		if err != nil {
			return nil, err
		}
	}
	return func(e *wire.Encoder, v reflect.Value) {
		switch v.Kind() {
		case reflect.Func, reflect.Interface, reflect.Pointer, reflect.Map:
			if v.IsNil() {
				e.Byte(wire.TagNil)
				return
			}
		}
		if !refers(v) && i.putTyped(e, v) {
			return
		}
		o := i.ownObject(v)
		if v.Kind() == reflect.Func {
			o = i.ownFunction(v, n)
		}
		if o != nil {
			i.encodeObject(e, reflect.ValueOf(o))
			return
		}
		if v.Kind() == reflect.Interface {
			v = v.Elem()
		}
		kept := still(v) // the module may keep it
		i.give(e, &hostValue{value: kept, methods: methods, identity: identify(n, kept)}, modes)
	}, nil
}
