package starlark

import (
	"context"
	"fmt"
	"reflect"

	"go.starlark.net/starlark"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/engine/starlark/internal/bounded"
	"github.com/loadgo/load/internal/quantity"
)

// crossing bounds the values that go from a script to the host, or from the host to a script, in
// one call: what they take, and how long that goes on.
type crossing struct {
	ctx    context.Context
	run    *run // that goes on meanwhile, or nil
	hold   *hold
	own    hold
	memory int64
	left   int64 // bytes
	taken  int   // how often
	failed error // why it ended early

	toHost   map[shared]reflect.Value // what was made of a value, for each type
	toScript map[hostShared]starlark.Value
	bounded.Freezer
}

// valueSize is what a value takes beside its bytes.
const valueSize = 32

// sharedSize is what it takes to know again a value that can lie in several places.
const sharedSize = 128

// newCrossing begins one; in is nil where a script looks at a field of the host's object.
func newCrossing(ctx context.Context, in *instance) *crossing {
	memory := int64(bounded.MaxBytes)
	if in != nil && in.engine.budget.Memory >= 0 {
		memory = in.engine.budget.Memory
	}
	c := &crossing{ctx: ctx, memory: memory, left: memory}
	c.hold = &c.own
	return c
}

// crossing is one of a run: what the values take counts as the run's.
func (r *run) crossing() *crossing {
	c := newCrossing(r.Ctx, r.in)
	c.run, c.hold = r, r.hold
	return c
}

// take counts a value and the bytes that it holds.
func (c *crossing) take(bytes int64) error {
	if c.failed == nil {
		c.failed = c.afford(bytes + valueSize)
	}
	return c.failed
}

func (c *crossing) afford(bytes int64) error {
	if c.left -= bytes; c.left < 0 {
		return &engine.LimitError{Reason: fmt.Sprintf("its values take more than %s of memory", quantity.About(c.memory)), Fix: bounded.MemoryFix}
	}
	c.taken++
	switch {
	case c.run != nil && c.taken%bounded.AskEvery == 0:
		if err := c.run.Worked(bounded.AskEvery); err != nil {
			return err
		}
	case c.taken%bounded.AskEvery == 0 && c.ctx.Err() != nil:
		return context.Cause(c.ctx)
	}
	if c.run != nil {
		return c.run.Room(bytes)
	}
	return nil
}
