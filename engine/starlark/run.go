package starlark

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync/atomic"

	"go.starlark.net/starlark"

	"github.com/loadgo/load"
	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/event"
)

// run is one run of a script: of its top level, or of a function. It is on one goroutine.
type run struct {
	in     *instance
	ctx    context.Context
	thread starlark.Thread
	limit  atomic.Pointer[engine.LimitError] // what was exceeded, or nil

	left    int64 // bytes that it may make before the heap is looked at
	guards  *guards
	watched bool

	// Guarded by watch.mu.
	measured bool
	before   int64 // heap in bytes when it was first measured
}

const runKey = "load run" // of the thread-local value that is the run

// run runs f on a thread of its own, within the limits and until ctx ends. what is named by a
// panic.
func (in *instance) run(ctx context.Context, what string, loads loadFunc, f func(*starlark.Thread) error) (err error) {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	r := &run{in: in, ctx: ctx, left: unseen, thread: starlark.Thread{Load: loads, Print: in.printLine}}
	r.thread.SetMaxExecutionSteps(min(unwatched, in.engine.limits.steps))
	r.thread.OnMaxSteps = r.afterSteps
	r.thread.SetLocal(runKey, r)
	if ctx.Done() != nil {
		defer context.AfterFunc(ctx, func() { r.thread.Cancel("cancelled") })()
	}
	defer r.end()
	defer func() {
		if v := recover(); v != nil {
			err = &engine.PanicError{Module: in.name, Symbol: what, Value: fmt.Sprint(v), Stack: string(debug.Stack())}
		}
	}()
	if err := f(&r.thread); err != nil {
		return r.failure(err)
	}
	return nil
}

type loadFunc = func(*starlark.Thread, string) (starlark.StringDict, error)

// unwatched is how many steps a run may take before the heap is watched: most calls end before, and
// what is large
// is checked.
const unwatched = 64

// afterSteps is called when the run has taken as many steps as it was allowed so far.
func (r *run) afterSteps(t *starlark.Thread) {
	steps := r.in.engine.limits.steps
	if t.ExecutionSteps() >= steps {
		r.tooManySteps()
		return
	}
	t.SetMaxExecutionSteps(steps)
	if w := &r.in.engine.watch; w.limit > 0 {
		r.watched = true
		w.add(r)
	}
}

// end ends what the run began.
func (r *run) end() {
	if r.watched {
		r.in.engine.watch.remove(r)
	}
}

func (r *run) tooManySteps() {
	steps := r.in.engine.limits.steps
	r.exceed(&engine.LimitError{Reason: fmt.Sprintf("it took more than %d steps", steps), Fix: "set starlark.Config.Steps to allow more"})
}

// fail stops the run for an error that could not be returned.
func (r *run) fail(err error) {
	var limit *engine.LimitError
	if errors.As(err, &limit) {
		r.exceed(limit)
	}
}

// exceed stops the run for a limit.
func (r *run) exceed(limit *engine.LimitError) {
	r.limit.CompareAndSwap(nil, limit)
	r.thread.Cancel("limit")
}

const maxTrace = 30 // calls that an error shows

// failure makes a [*engine.EvalError] of what ended the run.
func (r *run) failure(err error) error {
	failed := &engine.EvalError{Message: err.Error(), Err: errors.Unwrap(err)}
	var eval *starlark.EvalError
	if errors.As(err, &eval) {
		failed.Trace = trace(eval.CallStack)
	}
	var nested *load.LoadError
	var inner *engine.EvalError // of a script that this one called through the host
	if errors.As(err, &inner) && !errors.As(err, &nested) {
		failed.Message, failed.Err = inner.Message, inner.Err
		failed.Trace = append(inner.Trace[:len(inner.Trace):len(inner.Trace)], failed.Trace...)
	}
	failed.Trace = failed.Trace[:min(len(failed.Trace), maxTrace)]
	var own *engine.LimitError // of an operation that was refused
	switch limit := r.limit.Load(); {
	case limit != nil:
		failed.Message, failed.Err = limit.Reason, limit
	case errors.As(err, &own):
	case r.ctx.Err() != nil:
		failed.Err = context.Cause(r.ctx)
		failed.Message = "it was cancelled: " + failed.Err.Error()
	}
	return failed
}

// trace lists the calls of a stack, innermost first, without the interpreter's own functions.
func trace(stack starlark.CallStack) []string {
	var calls []string
	for i := range stack {
		frame := stack.At(i)
		if frame.Pos.Line > 0 {
			calls = append(calls, fmt.Sprintf("%s: in %s", frame.Pos, frame.Name))
		}
	}
	return calls
}

// printLine is what print does.
func (in *instance) printLine(_ *starlark.Thread, line string) {
	if in.print != nil {
		in.print(event.Output{Name: in.name, Stream: "stdout", Line: line})
	}
}
