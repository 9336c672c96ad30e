package bounded

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"go.starlark.net/starlark"

	"github.com/loadgo/load/engine"
)

// Budget is what each run of an engine's scripts may use.
type Budget struct {
	Limits
	watch watch
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

	left    int64 // bytes that it may make before the heap is looked at
	guards  *guards
	watched bool

	// Guarded by watch.mu.
	measured bool
	before   int64 // heap in bytes when it was first measured
}

const meterKey = "load meter" // of the thread-local value that is the meter

// Begin begins a run on a thread of its own. The caller ends it.
func (b *Budget) Begin(ctx context.Context) *Meter {
	r := &Meter{of: b, Ctx: ctx, left: unseen}
	r.Thread.SetMaxExecutionSteps(min(unwatched, b.Steps))
	r.Thread.OnMaxSteps = r.afterSteps
	r.Thread.SetLocal(meterKey, r)
	return r
}

// unwatched is how many steps a run may take before the heap is watched: most calls end before, and
// what is large is checked.
const unwatched = 64

// afterSteps is called when the run has taken as many steps as it was allowed so far.
func (r *Meter) afterSteps(t *starlark.Thread) {
	steps := r.of.Limits.Steps
	if t.ExecutionSteps() >= steps {
		r.tooManySteps()
		return
	}
	t.SetMaxExecutionSteps(steps)
	if w := &r.of.watch; w.limit > 0 {
		r.watched = true
		w.add(r)
	}
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
