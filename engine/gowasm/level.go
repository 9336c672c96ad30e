package gowasm

import (
	"context"
	"errors"
	"fmt"

	"github.com/tetratelabs/wazero/api"

	"github.com/loadgo/load/internal/wasmrun"
	"github.com/loadgo/load/internal/wire"
)

// Calls within each other, where the host and the module call back and forth, are bounded in number
// and by the machine stacks of those that wait. A stack belongs to one function of wazero, grows by
// doubling to at most some 100 MB, and never shrinks.
const (
	maxLevels = 1000
	maxStacks = 128 << 20
	// maxKept is how much of the stacks stays for the next calls, beside those as they begin.
	maxKept = 16 << 20
)

var (
	errTooDeep   = fmt.Errorf("the host and the module call each other, more than %d calls deep", maxLevels)
	errTooLarge  = errors.New("the host and the module call each other, and the machine stacks of the calls that wait take more than " + wire.Size(maxStacks))
	errUncounted = errors.New("it called its host before it was called")
)

// level holds what a call enters the guest by. A function of wazero can be entered once at a time,
// so each call within a call needs its own.
type level struct {
	number uint64 // how many calls lie below
	small  uint32 // address of the buffer for small messages, or 0
	stack  [2]uint64

	buffer, message, call, panicked entrance
	direct                          []entrance // by number on the wire

	running *entrance // what the call is in
	below   int       // bytes of machine stacks of the calls below
	waits   int       // of this one, while it waits in the host
}

// entrance is a function of the guest that calls enter by.
type entrance struct {
	name string
	f    api.Function // nil where it was not used yet, or its stack was given back
	kept int          // of its stack, counted in guest.kept
}

// level returns what the call enters by, or why it may not.
func (g *guest) level(call *entry) (*level, error) {
	if call.level >= maxLevels {
		return nil, errTooDeep
	}
	for len(g.levels) <= call.level {
		g.levels = append(g.levels, &level{
			number: uint64(len(g.levels)),
			buffer: entrance{name: "load_buffer"}, message: entrance{name: "load_message"},
			call: entrance{name: "load_call"}, panicked: entrance{name: "load_panicked"},
		})
	}
	lv := g.levels[call.level]
	if call.level > 0 {
		lower := g.levels[call.level-1]
		lv.below = lower.below + lower.waits
	}
	if lv.below > maxStacks {
		return nil, errTooLarge
	}
	return lv, nil
}

// through calls the guest by an entrance.
func (g *guest) through(ctx context.Context, lv *level, e *entrance, stack []uint64) error {
	if e.f == nil {
		e.f = g.wasm.ExportedFunction(e.name)
	}
	g.inside, lv.running = lv, e
	err := e.f.CallWithStack(ctx, stack)
	size := wasmrun.StackOf(e.f)
	if size == e.kept {
		return err
	}
	g.kept += size - e.kept
	e.kept = size
	if g.kept > maxKept && size > leastStack {
		g.kept -= size
		e.f, e.kept = nil, 0
	}
	return err
}

// leastStack is the size of a stack with which a function begins, roughly.
const leastStack = 16 << 10

// outside counts the stack of the call that is about to wait in the host. The returned function is
// called when the call goes on.
func (g *guest) outside() (goesOn func()) {
	lv := g.inside
	if lv == nil {
		panic(errUncounted)
	}
	lv.waits = wasmrun.StackOf(lv.running.f)
	return func() { g.inside, lv.waits = lv, 0 }
}
