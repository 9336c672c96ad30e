package goprocess

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// keeper reads while no caller does, because a module that has values of the host may call at any
// time. A caller that comes sends it away, so that calls in quick succession are answered without
// waking another goroutine.
type keeper struct {
	runs atomic.Bool  // its goroutine is there
	busy atomic.Int64 // how often callers have read

	reads  atomic.Bool // it waits for a frame
	mu     sync.Mutex
	kicked bool // the connection's deadline was set to send it away
}

// keepAfter is how long nobody reads before the keeper does.
const keepAfter = time.Millisecond

// Given implements [host.Transport].
func (c *conn) Given() {
	if c.keeper.runs.CompareAndSwap(false, true) {
		go c.keep()
	}
}

// keep is the keeper's goroutine: it is there as long as the module has values of the host.
func (c *conn) keep() {
	tick := time.NewTicker(keepAfter)
	defer tick.Stop()
	for busy := c.keeper.busy.Load(); ; {
		select {
		case <-tick.C:
		case <-c.process.ended:
			return
		}
		if !c.host.Holds() {
			c.keeper.runs.Store(false)
			if !c.host.Holds() || !c.keeper.runs.CompareAndSwap(false, true) {
				return
			}
		}
		if now := c.keeper.busy.Load(); now != busy {
			busy = now
			continue
		}
		select {
		case <-c.turn:
			c.keepReading()
			c.turn <- struct{}{}
		default: // a caller reads
		}
	}
}

// keepReading takes frames and delivers them until a caller comes.
func (c *conn) keepReading() {
	c.keeper.reads.Store(true)
	defer func() {
		c.keeper.mu.Lock()
		defer c.keeper.mu.Unlock()
		c.keeper.reads.Store(false)
		if c.keeper.kicked {
			c.keeper.kicked = false
			_ = c.in.interrupt(time.Time{})
		}
	}()
	room := func() bool { return c.waitForRoom(context.Background()) && !c.keeper.sentAway() }
	for c.readOne(room) {
	}
}

// sentAway reports whether a caller wants to read.
func (k *keeper) sentAway() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.kicked
}

// leave sends the keeper away.
func (k *keeper) leave(c *conn) {
	if !k.reads.Load() {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.reads.Load() && !k.kicked {
		k.kicked = true
		_ = c.in.interrupt(time.Unix(1, 0))
	}
}
