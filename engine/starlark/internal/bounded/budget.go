package bounded

import (
	"context"
	"fmt"
	"math"
	"runtime"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/internal/quantity"
)

// cost is an upper bound of what one step takes: the bytes that it makes, and its work, in steps of
// the interpreter. A step takes some ten nanoseconds.
type cost struct{ bytes, work int64 }

const (
	// maxWork bounds a step that cannot be interrupted, so that a call ends soon after its context.
	maxWork = 1 << 22
	// MaxBytes bounds a step where Config.Memory sets no limit.
	MaxBytes = 1 << 30
	// unseen is what a run makes before it looks at the heap again.
	unseen = 64 << 10
)

var errWork = &engine.LimitError{
	Reason: fmt.Sprintf("one of its operations would take more than %d steps at once", maxWork),
	Fix:    "do it in several operations on smaller values",
}

// Times multiplies without overflow.
func Times(a, b int64) int64 {
	if a > 0 && b > math.MaxInt64/4/a {
		return math.MaxInt64 / 4
	}
	return a * b
}

// afford refuses a step that the run has no memory, steps or time for, and counts it otherwise. A
// nil run is a thread of somebody else, which has only the bounds of a step.
func (r *Meter) afford(c cost) error {
	l := Limits{Memory: -1}
	if r != nil {
		l = r.of.Limits
	}
	if err := l.tooLarge(c.bytes); err != nil {
		return err
	}
	if c.work > maxWork {
		return errWork
	}
	if r == nil {
		return nil
	}
	if err := r.Worked(c.work); err != nil {
		return err
	}
	return r.Room(c.bytes)
}

// Worked counts steps that a built-in function has taken, and reports whether the run has to end.
func (r *Meter) Worked(steps int64) error {
	if r == nil {
		return nil
	}
	r.Thread.Steps += uint64(steps)
	if r.Thread.Steps >= r.of.Limits.Steps {
		r.tooManySteps()
	}
	return r.stopped()
}

// stopped returns why the run has to end, or nil.
func (r *Meter) stopped() error {
	if r == nil {
		return nil
	}
	if limit := r.Limit.Load(); limit != nil {
		return limit
	}
	if r.Ctx.Err() != nil {
		return context.Cause(r.Ctx)
	}
	return nil
}

// Room refuses what does not fit into the memory that is left.
func (r *Meter) Room(bytes int64) error {
	l := r.of.Limits
	if bytes <= r.left {
		r.left -= bytes
		return nil
	}
	if l.Memory < 0 {
		return nil
	}
	w := &r.of.watch
	left := l.Memory - w.grown(r)
	if bytes > left {
		runtime.GC() // what is left after it is in use
		left = l.Memory - w.grown(r)
	}
	if bytes > left {
		return l.exhausted()
	}
	r.left = min(left-bytes, unseen)
	return nil
}

// tooLarge refuses what is larger than everything that a run may have.
func (l Limits) tooLarge(bytes int64) error {
	if l.Memory < 0 && bytes <= MaxBytes || l.Memory >= 0 && bytes <= l.Memory {
		return nil
	}
	return l.exhausted()
}

func (l Limits) exhausted() error {
	if l.Memory < 0 {
		return &engine.LimitError{Reason: "its result takes more than " + quantity.About(MaxBytes) + " of memory"}
	}
	return &engine.LimitError{Reason: fmt.Sprintf("its result takes more than %s of memory", quantity.About(l.Memory)), Fix: MemoryFix}
}
