package starlark

import (
	"context"
	"fmt"
	"math"
	"runtime"

	"github.com/loadgo/load/engine"
)

// cost is an upper bound of what one step takes: the bytes that it makes, and its work, in steps of
// the
// interpreter. A step takes some ten nanoseconds.
type cost struct{ bytes, work int64 }

const (
	// maxWork bounds a step that cannot be interrupted, so that a call ends soon after its context.
	maxWork = 1 << 22
	// maxBytes bounds a step where Config.Memory sets no limit.
	maxBytes = 1 << 30
	// unseen is what a run makes before it looks at the heap again.
	unseen = 64 << 10
)

var errWork = &engine.LimitError{
	Reason: fmt.Sprintf("one of its operations would take more than %d steps at once", maxWork),
	Fix:    "do it in several operations on smaller values",
}

// times multiplies without overflow.
func times(a, b int64) int64 {
	if a > 0 && b > math.MaxInt64/4/a {
		return math.MaxInt64 / 4
	}
	return a * b
}

// afford refuses a step that the run has no memory, steps or time for, and counts it otherwise. A
// nil run is a thread of somebody else, which has only the bounds of a step.
func (r *run) afford(c cost) error {
	l := limits{memory: -1}
	if r != nil {
		l = r.in.engine.limits
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
	if err := r.worked(c.work); err != nil {
		return err
	}
	return r.room(c.bytes)
}

// worked counts steps that a built-in function has taken, and reports whether the run has to end.
func (r *run) worked(steps int64) error {
	if r == nil {
		return nil
	}
	r.thread.Steps += uint64(steps)
	if r.thread.Steps >= r.in.engine.limits.steps {
		r.tooManySteps()
	}
	return r.stopped()
}

// stopped returns why the run has to end, or nil.
func (r *run) stopped() error {
	if r == nil {
		return nil
	}
	if limit := r.limit.Load(); limit != nil {
		return limit
	}
	if r.ctx.Err() != nil {
		return context.Cause(r.ctx)
	}
	return nil
}

// room refuses what does not fit into the memory that is left.
func (r *run) room(bytes int64) error {
	l := r.in.engine.limits
	if bytes <= r.left {
		r.left -= bytes
		return nil
	}
	if l.memory < 0 {
		return nil
	}
	w := &r.in.engine.watch
	left := l.memory - w.grown(r)
	if bytes > left {
		runtime.GC() // what is left after it is in use
		left = l.memory - w.grown(r)
	}
	if bytes > left {
		return l.exhausted()
	}
	r.left = min(left-bytes, unseen)
	return nil
}

// tooLarge refuses what is larger than everything that a run may have.
func (l limits) tooLarge(bytes int64) error {
	if l.memory < 0 && bytes <= maxBytes || l.memory >= 0 && bytes <= l.memory {
		return nil
	}
	return l.exhausted()
}

func (l limits) exhausted() error {
	if l.memory < 0 {
		return &engine.LimitError{Reason: "its result takes more than " + mebibytes(maxBytes) + " of memory"}
	}
	return &engine.LimitError{Reason: fmt.Sprintf("its result takes more than %s of memory", mebibytes(l.memory)), Fix: memoryFix}
}
