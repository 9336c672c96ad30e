package starlark

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync/atomic"

	"go.starlark.net/starlark"

	"github.com/loadgo/load"
	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/engine/starlark/internal/bounded"
	"github.com/loadgo/load/event"
)

// run is one run of a script: of its top level, or of a function. It is on one goroutine.
type run struct {
	*bounded.Meter
	in      *instance
	hold    *hold
	waiting atomic.Int64 // bytes that it and those have taken that wait for it, while it waits for the host
	loaded  atomic.Int64 // bytes that modules have made which it loads
}

const runKey = "load run" // of the thread-local value that is the run

// run runs f on a thread of its own, within the limits and until ctx ends. what is named by a
// panic; h has the turn that f needs.
func (in *instance) run(ctx context.Context, what string, loads loadFunc, h *hold, f func(*starlark.Thread) error) (err error) {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	r := &run{Meter: in.engine.budget.Begin(ctx, in.held(ctx, h)), in: in, hold: h}
	h.running = r
	defer func() { h.running = nil }()
	r.Thread.Load, r.Thread.Print = loads, in.printLine
	r.Thread.SetLocal(runKey, r)
	if ctx.Done() != nil {
		defer context.AfterFunc(ctx, func() { r.Thread.Cancel("cancelled") })()
	}
	defer r.End()
	defer func() {
		if v := recover(); v != nil {
			err = &engine.PanicError{Module: in.name, Symbol: what, Value: fmt.Sprint(v), Stack: string(debug.Stack())}
		}
	}()
	if err := f(&r.Thread); err != nil {
		return r.failure(err)
	}
	if from := in.waitingFor(ctx); from != nil && loads != nil {
		from.loaded.Add(r.Made())
	}
	return nil
}

// waitingKey finds in a context the run that waits for what is done with it.
type waitingKey struct{}

// waitingFor returns the run that waits for one that begins, as far as the context knows it, or
// nil.
func (in *instance) waitingFor(ctx context.Context) *run {
	if r, ok := ctx.Value(waitingKey{}).(*run); ok && r.in.engine == in.engine {
		return r
	}
	return nil
}

// held returns the bytes that the runs have taken which wait for one that begins: as far as they
// are known, by the context, and by the functions that they gave to the host.
func (in *instance) held(ctx context.Context, h *hold) (bytes int64) {
	if r := in.waitingFor(ctx); r != nil {
		bytes = r.waiting.Load()
	}
	if h.has {
		bytes = max(bytes, h.turn.waiting.Load())
	}
	return bytes
}

// outside calls the host, which may call scripts with the context, and gives the turn away
// meanwhile.
func (r *run) outside(call func(context.Context) error) error {
	taken := r.Taken()
	r.waiting.Store(r.Held() + taken)
	back := r.hold.outside(taken)
	err := call(context.WithValue(r.Ctx, waitingKey{}, r))
	r.waiting.Store(0)
	return cmp.Or(err, back(r.Ctx), r.Load(r.loaded.Swap(0)))
}

type loadFunc = func(*starlark.Thread, string) (starlark.StringDict, error)

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
	switch limit := r.Limit.Load(); {
	case limit != nil:
		failed.Message, failed.Err = limit.Reason, limit
	case errors.As(err, &own):
	case r.Ctx.Err() != nil:
		failed.Err = context.Cause(r.Ctx)
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
func (in *instance) printLine(t *starlark.Thread, line string) {
	if in.print == nil {
		return
	}
	r := t.Local(runKey).(*run)
	err := r.outside(func(context.Context) error {
		in.print(event.Output{Name: in.name, Stream: "stdout", Line: line})
		return nil
	})
	if err != nil {
		t.Cancel("cancelled")
	}
}
