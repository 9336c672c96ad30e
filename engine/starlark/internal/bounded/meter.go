package bounded

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"

	"go.starlark.net/starlark"

	"github.com/loadgo/load/engine"
)

// Budget is what each run of an engine's scripts may use.
type Budget struct {
	Limits
	watch   watch
	outside atomic.Int64 // calls of scripts, in each other, that wait for the host
}

func NewBudget(l Limits) *Budget {
	return &Budget{Limits: l, watch: watch{limit: l.Memory}}
}

// Meter counts what one run of a script uses, and stops it at a limit. It is on one goroutine.
type Meter struct {
	of     *Budget
	Ctx    context.Context
	Thread starlark.Thread
	Limit  atomic.Pointer[engine.LimitError] // what was exceeded, or nil

	held    int64 // bytes that the calls have taken which wait for it, and modules that it loaded before it was measured
	loaded  int64 // those of the modules
	given   int64 // bytes that it might make before the heap was looked at first
	left    int64 // bytes that it may make before the heap is looked at
	guards  *guards
	watched bool

	// Guarded by watch.mu.
	measured bool
	before   int64 // heap in bytes when it was first measured
}

const meterKey = "load meter" // of the thread-local value that is the meter

// Begin begins a run on a thread of its own, for which others wait that have taken so many bytes:
// together they have the memory of one. The caller ends it.
func (b *Budget) Begin(ctx context.Context, held int64) *Meter {
	r := &Meter{of: b, Ctx: ctx, held: held, given: unseen}
	if b.Memory >= 0 {
		r.given = min(r.given, max(b.Memory-held, 0))
	}
	r.left = r.given
	r.Thread.SetMaxExecutionSteps(min(unwatched, b.Steps))
	r.Thread.OnMaxSteps = r.afterSteps
	r.Thread.SetLocal(meterKey, r)
	return r
}

const (
	// unwatched is how many steps a run may take before the heap is watched: most calls end before,
	// and what is large is checked.
	unwatched = 64
	// stride is how many steps a run takes between two looks at the heap, and at how deep its calls
	// are in each other. A call takes two steps at least, and one makes some 600 bytes at most where
	// nothing else counts them: an empty dict.
	stride = 5_000
)

// Calls in each other are on the stack of one goroutine, which would end the program at half a
// gigabyte; one takes some two kilobytes. The language knows no recursion, but a script may have any
// number of functions.
const (
	// MaxDepth is how many calls of one run may be in each other; it is noticed within a stride.
	MaxDepth = 10_000
	// maxOutside is how many may wait for functions of the host, which may call scripts again.
	maxOutside = 100_000
)

// afterSteps is called when the run has taken as many steps as it was allowed so far.
func (r *Meter) afterSteps(t *starlark.Thread) {
	steps, taken := r.of.Limits.Steps, t.ExecutionSteps()
	if taken >= steps {
		r.tooManySteps()
		return
	}
	if t.CallStackDepth() > MaxDepth {
		r.exceed(&engine.LimitError{Reason: fmt.Sprintf("its functions call each other deeper than %d", MaxDepth)})
		return
	}
	t.SetMaxExecutionSteps(min(steps, taken+stride))
	w := &r.of.watch
	switch {
	case w.limit <= 0:
	case !r.watched:
		r.watched = true
		w.add(r)
	case w.grown(r) > w.limit:
		runtime.GC() // what is left after it is in use
		if w.grown(r) > w.limit {
			r.exceed(w.exceeded())
		}
	}
}

// Outside counts the calls of a thread that is going to wait for a function of the host, which is
// over when inside is called.
func (b *Budget) Outside(t *starlark.Thread) (inside func(), err error) {
	depth := int64(t.CallStackDepth())
	inside = func() { b.outside.Add(-depth) }
	if b.outside.Add(depth) > maxOutside {
		inside()
		return nil, &engine.LimitError{Reason: fmt.Sprintf("more than %d calls of scripts wait for functions of the program, or call each other through them", maxOutside)}
	}
	return inside, nil
}

// Held returns the bytes that the calls have taken which wait for the run.
func (r *Meter) Held() int64 { return r.held }

// Taken returns the bytes that the run itself has taken, which is going to wait for the host.
func (r *Meter) Taken() int64 {
	w := &r.of.watch
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.limit <= 0:
		return 0
	case !r.measured:
		return r.given - r.left
	}
	return max(r.grown(heapSize())-r.held, 0)
}

// Made returns the bytes that last longer than the run, at most: its own, and those of modules that
// it loaded.
func (r *Meter) Made() int64 { return r.Taken() + r.loaded }

// Load counts what modules have made that the run has loaded, and stops it where that is too much.
func (r *Meter) Load(made int64) error {
	l, w := r.of.Limits, &r.of.watch
	if made == 0 || l.Memory < 0 {
		return nil
	}
	w.mu.Lock()
	if !r.measured { // else they are in what has grown
		r.held, r.loaded = r.held+made, r.loaded+made
		less := max(r.left-max(l.Memory-r.held, 0), 0)
		r.given, r.left = r.given-less, r.left-less
	}
	w.mu.Unlock()
	if r.held+r.Taken() <= l.Memory || w.grown(r) <= l.Memory {
		return nil
	}
	runtime.GC() // what is left after it is in use
	if w.grown(r) <= l.Memory {
		return nil
	}
	r.exceed(w.exceeded())
	return r.stopped()
}

// End ends what the run began.
func (r *Meter) End() {
	if r.watched {
		r.of.watch.remove(r)
	}
}

func (r *Meter) tooManySteps() {
	steps := r.of.Limits.Steps
	r.exceed(&engine.LimitError{Reason: fmt.Sprintf("it took more than %d steps", steps), Fix: "set starlark.Config.Steps to allow more"})
}

// fail stops the run for an error that could not be returned.
func (r *Meter) fail(err error) {
	var limit *engine.LimitError
	if errors.As(err, &limit) {
		r.exceed(limit)
	}
}

// exceed stops the run for a limit.
func (r *Meter) exceed(limit *engine.LimitError) {
	r.Limit.CompareAndSwap(nil, limit)
	r.Thread.Cancel("limit")
}
