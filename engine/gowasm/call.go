package gowasm

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/loadgo/load/internal/goglue/api"
	"github.com/loadgo/load/internal/goglue/host"
	"github.com/loadgo/load/internal/wire"
)

// Call implements [host.Transport].
func (m *module) Call(ctx context.Context, symbol string, function int, mode uint64, message *wire.Encoder) (host.Reply, error) {
	g, err := m.guest(message.Handles)
	if err != nil {
		return host.Reply{}, err
	}
	call, lv, err := g.enter(ctx, symbol, function, mode&wire.ModeStay != 0)
	if err != nil {
		return host.Reply{}, err
	}
	number := call.number
	var head [host.Headroom]byte
	from := host.PutHead(ctx, message, &head, 0, 0, number, function, mode)
	size, err := g.send(g.ctx, lv, message, from)
	if err != nil {
		return host.Reply{}, g.fail(err)
	}
	if message.Written != nil {
		message.Written()
	}
	body, err := g.run(call, func() ([]byte, error) { return g.exchange(g.ctx, lv, size) })
	if err != nil {
		return host.Reply{}, err
	}
	d := wire.NewDecoder(body)
	if d.Byte() != wire.Result || d.Uint() != number || d.Err() != nil {
		m.retire(m.crash(errGarbage))
		return host.Reply{}, m.err()
	}
	rest, err := m.outcome(symbol, &d)
	return host.Reply{Body: rest}, err
}

// Direct implements [host.Direct].
func (m *module) Direct(ctx context.Context, symbol string, function int, stack []uint64) error {
	g := m.idle()
	call, lv, err := g.enter(ctx, symbol, function, false)
	if err != nil {
		return err
	}
	var panicked []byte
	if ctx.Done() == nil {
		panicked, err = g.finish(g.direct(g.ctx, lv, function, stack))
		forget(call)
	} else {
		panicked, err = g.run(call, func() ([]byte, error) { return g.direct(g.ctx, lv, function, stack) })
	}
	if err == nil && panicked != nil {
		d := wire.NewDecoder(panicked)
		_, err = m.outcome(symbol, &d)
	}
	return err
}

// HasDirect implements [host.Direct].
func (m *module) HasDirect(function int) bool { return m.direct[api.DirectName(function)] }

// outcome takes the end of a Result.
func (m *module) outcome(symbol string, d *wire.Decoder) ([]byte, error) {
	outcome := d.Byte()
	if outcome == wire.Done {
		return d.Rest(), nil
	}
	if err := m.host.Failure(symbol, outcome, d); err != nil {
		return d.Rest(), err
	}
	m.retire(m.crash(errGarbage))
	return nil, m.err()
}

// enter lets a call of the symbol, which perhaps serves a request, into the guest. If it got in,
// handles that the host has dropped are released first.
func (g *guest) enter(ctx context.Context, symbol string, function int, serves bool) (*entry, *level, error) {
	if ctx.Err() != nil {
		return nil, nil, context.Cause(ctx)
	}
	call := entries.Get().(*entry)
	call.ctx, call.symbol, call.serves = ctx, symbol, serves
	call.watched = ctx.Done() != nil && g.module.host.TakesContext(function)
	if !g.gate.enter(call) {
		if ctx.Err() != nil {
			return nil, nil, context.Cause(ctx)
		}
		return nil, nil, g.module.err()
	}
	lv, err := g.level(call)
	if ended := g.module.err(); ended != nil {
		err = ended
	}
	if err != nil {
		g.gate.leave()
		return nil, nil, err
	}
	if frame := g.releases.take(); frame != nil {
		size, err := g.send(g.ctx, lv, frame, wire.HeaderSize)
		if err == nil {
			_, err = g.exchange(g.ctx, lv, size)
		}
		if err != nil {
			return nil, nil, g.fail(err)
		}
	}
	return call, lv, nil
}

// fail ends a call that the guest did not survive.
func (g *guest) fail(err error) error {
	g.module.retire(g.module.crash(err))
	g.gate.leave()
	return g.module.err()
}

// finish leaves the guest after what a call did in it.
func (g *guest) finish(body []byte, err error) ([]byte, error) {
	if err != nil {
		return nil, g.fail(err)
	}
	g.size.Store(int64(g.memory.Size()))
	g.gate.leave()
	return body, nil
}

// entries are reused where nobody but the caller knows of them.
var entries = sync.Pool{New: func() any { return new(entry) }}

// forget gives a call back that has left.
func forget(call *entry) {
	*call = entry{}
	entries.Put(call)
}

// run runs what a call does in the guest, and leaves it. Where the call's context ends first, run
// returns and
// the rest goes on in the background.
func (g *guest) run(call *entry, do func() ([]byte, error)) ([]byte, error) {
	if call.ctx.Done() == nil {
		defer forget(call)
		return g.finish(do())
	}
	type result struct {
		body []byte
		err  error
	}
	done := make(chan result, 1)
	go func() {
		body, err := g.finish(do())
		done <- result{body, err}
	}()
	select {
	case r := <-done:
		return r.body, r.err
	case <-call.ctx.Done():
	}
	linger := time.NewTimer(linger)
	defer linger.Stop()
	select {
	case <-done: // it ended on its own
	case <-linger.C:
		g.abandon(call)
	}
	return nil, context.Cause(call.ctx)
}

const (
	// linger is how long a cancelled call may take to end before the guest is retired. Its caller
	// waits so
	// long, so that it knows the guest's state afterwards.
	linger = 10 * time.Millisecond
	// patience is how long a cancelled call may take that has asked and was told, that answers a
	// request, or that lies on top of others. Its caller does not wait. The time counts in which the
	// module runs for it: neither that in which it waits in the host nor that of calls on top of it,
	// whose module it would cost. It is looked at that often.
	patience = 5 * time.Second
	looks    = 50
	// maxDeaf is how many checkpoints a cancelled call may pass before it asks whether it is
	// cancelled: a few milliseconds of computing. Time would also count while the host runs
	// something else.
	maxDeaf = 500
)

// stopped is how a module ends whose cancelled call went on.
func stopped(symbol string) error {
	return fmt.Errorf("a call of %s was cancelled and stopped", symbol)
}

// abandon lets a call that was cancelled go on for a while, or retires its guest.
func (g *guest) abandon(call *entry) {
	if g.gate.cancel(call) {
		g.cancelled.Add(1)
		g.look(call, looks)
	} else if inside, _ := g.gate.where(call); inside {
		g.module.retire(g.module.crash(stopped(call.symbol)))
	}
}

// look looks after a cancelled call until it has left, and retires the guest when the module has
// been seen to run for the call that often.
func (g *guest) look(call *entry, left int) {
	inside, runs := g.gate.where(call)
	if runs {
		left--
	}
	switch {
	case !inside || g.module.err() != nil:
		g.cancelled.Add(-1)
	case left < 0:
		g.module.retire(g.module.crash(stopped(call.symbol)))
	default:
		time.AfterFunc(patience/looks, func() { g.look(call, left) })
	}
}

// releases collects handles that the host has dropped. It is safe for concurrent use.
type releases struct {
	mu      sync.Mutex
	handles []uint64
}

// Release implements [host.Transport]: the next call takes the handle along.
func (m *module) Release(handle uint64) {
	r := &m.guestOf(handle).releases
	r.mu.Lock()
	defer r.mu.Unlock()
	r.handles = append(r.handles, handle)
}

// Given implements [host.Transport]: a module calls the host only within calls of the host.
func (m *module) Given() {}

// take returns a Release frame, or nil where there is nothing to release.
func (r *releases) take() *wire.Encoder {
	r.mu.Lock()
	handles := r.handles
	r.handles = nil
	r.mu.Unlock()
	if len(handles) == 0 {
		return nil
	}
	frame := wire.NewFrame(wire.Release)
	frame.Uint(uint64(len(handles)))
	for _, h := range handles {
		frame.Uint(h)
	}
	return frame
}
