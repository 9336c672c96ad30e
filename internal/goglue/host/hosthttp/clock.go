package hosthttp

import (
	"context"
	"sync"
	"time"

	"github.com/loadgo/load/engine"
)

// clock ends a context when a call has taken its time. It stands still while the host works for the
// call. A nil clock never ends one.
type clock struct {
	mu     sync.Mutex
	timer  *time.Timer
	left   time.Duration
	since  time.Time // when it began to go; meaningless while it stands still
	pauses int       // it goes at 0
}

// newClock starts a clock over a context, for a request that a module answers; 0 is no limit.
func newClock(ctx context.Context, module string, limit time.Duration) (context.Context, *clock, context.CancelFunc) {
	if limit == 0 {
		return ctx, nil, func() {}
	}
	ctx, cancel := context.WithCancelCause(ctx)
	c := &clock{left: limit, since: time.Now()}
	c.timer = time.AfterFunc(limit, func() { cancel(engine.TimeLimit(module, "a request", limit)) })
	return ctx, c, func() {
		c.pause()
		cancel(nil)
	}
}

// pause makes the clock stand still until resume is called as often as pause was.
func (c *clock) pause() {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.pauses++; c.pauses == 1 && c.timer.Stop() {
		c.left -= time.Since(c.since)
	}
}

func (c *clock) resume() {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.pauses--; c.pauses == 0 {
		c.since = time.Now()
		c.timer.Reset(max(c.left, 0))
	}
}
