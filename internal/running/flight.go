package running

import (
	"context"
	"errors"
	"time"

	"github.com/loadgo/load/engine"
)

// Flight is one load under way. It runs on a goroutine and a context of its own, so that no
// caller's cancellation fails the others.
type Flight[M any] struct {
	Name    string // as asked, for the import chain
	keys    []string
	Imports *Imports[M] // of its module
	cancel  context.CancelCauseFunc
	done    chan struct{} // closed once module and err are set

	module *M
	err    error // does not name the flight's own module: each caller has its own name for it

	// Guarded by the mutex of the table.
	callers   int                // who wait for it; at zero it is abandoned
	ended     bool               // its module is registered, or there will be none
	abandoned bool               // nobody wants its module any more
	waits     map[*Flight[M]]int // which flights its imports wait for, and how often
}

// Farewell is how long the last caller of a cancelled load waits for the load to end: long enough
// to tidy up and to say what it was doing, short enough for someone who pressed Ctrl-C.
const Farewell = 2 * time.Second

// Load returns the module of the key, joins the flight that is loading it, or starts one that runs
// open. from is the flight whose module imports it, or nil.
func (c *Table[M]) Load(ctx context.Context, key, name string, from *Flight[M], open func(context.Context, *Flight[M]) (*M, error)) (*M, error) {
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return nil, engine.ErrClosed
	}
	if m := c.Get(key); m != nil {
		c.mu.Unlock()
		return m, nil
	}
	f := c.flights[key]
	if f == nil {
		f = &Flight[M]{Name: name, keys: []string{key}, Imports: new(Imports[M]), done: make(chan struct{}), waits: make(map[*Flight[M]]int)}
		flightCtx, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
		f.cancel = cancel
		c.flights[key] = f
		c.running.Add(1)
		go c.run(flightCtx, f, open)
	}
	return c.wait(ctx, f, from)
}

// Claim makes the flight the only one that opens the module of this identity. Where the module runs
// already, or another flight is opening it under another name, that module is the answer; a nil
// module without an error leaves the work to the caller. The module will be registered under its
// identity and the further names.
func (c *Table[M]) Claim(ctx context.Context, f *Flight[M], identity string, further ...string) (*M, error) {
	c.mu.Lock()
	if m := c.Get(identity); m != nil {
		c.mu.Unlock()
		return m, nil
	}
	if other := c.flights[identity]; other != nil && other != f {
		return c.wait(ctx, other, f)
	}
	defer c.mu.Unlock()
	f.keys = append(append(f.keys, identity), further...)
	if !f.abandoned {
		c.flights[identity] = f
	}
	return nil, nil
}

// Adopt makes a module that was started apart from the flight the one that it loads.
func (c *Table[M]) Adopt(f *Flight[M], m *M) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f.Imports = c.of(m).Imports
}

// wait waits for f on behalf of from. It is called with mu held and releases it: looking for a
// circle of waiting flights and recording the wait that would close it must be one step, or two
// goroutines both find no circle and then wait for each other.
func (c *Table[M]) wait(ctx context.Context, f, from *Flight[M]) (*M, error) {
	if from != nil {
		if path := waitPath(f, from); path != nil {
			c.mu.Unlock()
			return nil, cycleError(path)
		}
		from.waits[f]++
	}
	f.callers++
	c.mu.Unlock()

	select {
	case <-f.done:
		c.leave(f, from, nil)
		return f.module, f.err
	case <-ctx.Done():
	}
	cause := context.Cause(ctx)
	if !c.leave(f, from, cause) {
		return nil, cause // others still wait for it, or it has just ended
	}
	timer := time.NewTimer(Farewell)
	defer timer.Stop()
	select {
	case <-f.done:
		return nil, f.err
	case <-timer.C:
		return nil, cause
	}
}

// leave takes a caller off the flight and, where it was the last one and gives up for a cause,
// abandons the flight: it is cancelled, and forgotten at once so that the next caller starts
// afresh.
func (c *Table[M]) leave(f, from *Flight[M], cause error) (abandoned bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if from != nil {
		if from.waits[f]--; from.waits[f] == 0 {
			delete(from.waits, f)
		}
	}
	f.callers--
	if cause == nil || f.callers > 0 || f.ended {
		return false
	}
	c.abandon(f, cause)
	return true
}

// abandon cancels a flight. It is called with mu held.
func (c *Table[M]) abandon(f *Flight[M], cause error) {
	f.abandoned = true
	c.forget(f, f.keys)
	f.cancel(cause)
}

// forget takes keys of the flight back, except those that a later flight holds by now.
func (c *Table[M]) forget(f *Flight[M], keys []string) {
	for _, key := range keys {
		if c.flights[key] == f {
			delete(c.flights, key)
		}
	}
}

// run carries a flight out, on its own goroutine.
func (c *Table[M]) run(ctx context.Context, f *Flight[M], open func(context.Context, *Flight[M]) (*M, error)) {
	defer c.running.Done()
	defer f.cancel(nil)
	for !c.attempt(ctx, f, open) {
	}
}

// attempt opens the module once and reports whether the flight has ended. Whatever open does, the
// end of the goroutine included, the flight ends and is forgotten.
func (c *Table[M]) attempt(ctx context.Context, f *Flight[M], open func(context.Context, *Flight[M]) (*M, error)) (ended bool) {
	f.err = &engine.InternalError{Value: "the goroutine of the load ended"} // until open returns
	defer func() { ended = c.finish(ctx, f) }()
	f.module, f.err = open(ctx, f)
	return
}

// finish registers the module of a flight and wakes those who wait for it. A module that nobody
// waits for any more is closed. A flight that imported what was replaced meanwhile has not ended:
// it starts again.
func (c *Table[M]) finish(ctx context.Context, f *Flight[M]) (ended bool) {
	c.mu.Lock()
	if !f.abandoned && !c.closed && c.outdated(f.Imports) {
		again := f.module
		f.module, f.Imports = nil, new(Imports[M])
		c.forget(f, f.keys[1:])
		f.keys = f.keys[:1]
		opened := again != nil && !c.of(again).registered
		c.mu.Unlock()
		if opened {
			_ = c.of(again).Close(context.WithoutCancel(ctx)) // nobody has seen it
		}
		return false
	}
	c.forget(f, f.keys)
	f.ended = true
	abandoned := f.abandoned
	if f.module != nil && !abandoned && (!c.of(f.module).registered || c.Holds(f.module)) {
		c.register(f.module, f.keys)
		if c.Ended != nil && c.crash(f.Imports) != nil { // the next use may meet it alive
			c.withdraw([]*M{f.module}, crashedImport)
		}
	}
	unwanted := f.module != nil && !c.of(f.module).registered
	c.mu.Unlock()
	if abandoned {
		if unwanted {
			f.err = c.of(f.module).Close(context.WithoutCancel(ctx))
		}
		f.module, f.err = nil, interrupted(f.err, context.Cause(ctx))
	}
	close(f.done)
	return true
}

// waitPath returns the flights that lead from f, each waiting for the next, to the one given, both
// included; nil where f does not wait for it. It is called with mu held.
func waitPath[M any](f, to *Flight[M]) []*Flight[M] {
	seen := make(map[*Flight[M]]bool)
	var walk func(f *Flight[M]) []*Flight[M]
	walk = func(f *Flight[M]) []*Flight[M] {
		if f == to {
			return []*Flight[M]{f}
		}
		seen[f] = true
		for next := range f.waits {
			if seen[next] {
				continue
			}
			if path := walk(next); path != nil {
				return append([]*Flight[M]{f}, path...)
			}
		}
		return nil
	}
	return walk(f)
}

// cycleError shows the path and the import that closes it.
func cycleError[M any](path []*Flight[M]) error {
	var chain []string
	for _, f := range append(path, path[0]) {
		chain = append(chain, f.Name)
	}
	return &engine.CycleError{Chain: chain}
}

// interrupted is the error of a load that was cancelled for a cause: what it says itself, where
// that is the reason of the cause, or else the cause.
func interrupted(err, cause error) error {
	var init *engine.InitError
	switch {
	case errors.Is(err, cause):
		return err
	case errors.As(err, &init):
		return &engine.InitError{Reason: init.Reason, Stderr: init.Stderr, Err: cause}
	}
	return cause
}

// Key is what was asked for.
func (f *Flight[M]) Key() string { return f.keys[0] }

// Waiters tells how many callers wait for the load of a key.
func (c *Table[M]) Waiters(key string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	if f := c.flights[key]; f != nil {
		return f.callers
	}
	return 0
}
