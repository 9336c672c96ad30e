package goprocess

import (
	"context"
	"time"

	"github.com/loadgo/load/internal/wire"
)

// releaseDelay is how long handles are collected before the module is told to forget them.
const releaseDelay = 5 * time.Millisecond

// Release implements [host.Transport].
func (c *conn) Release(handle uint64) {
	if c.broken.Load() != nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.releases = append(c.releases, handle)
	if len(c.releases) == 1 {
		time.AfterFunc(releaseDelay, c.release)
	}
}

func (c *conn) release() {
	c.mu.Lock()
	handles := c.releases
	c.releases = nil
	c.mu.Unlock()
	frame := wire.NewFrame(wire.Release)
	frame.Uint(uint64(len(handles)))
	for _, h := range handles {
		frame.Uint(h)
	}
	frame.Finish()
	c.send(context.Background(), frame, 0)
}
