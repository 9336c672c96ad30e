package wasm

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tetratelabs/wazero/api"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/engine/wasm/internal/kernel"
	"github.com/loadgo/load/internal/output"
	"github.com/loadgo/load/internal/spelling"
	"github.com/loadgo/load/internal/wasmrun"
	"github.com/loadgo/load/internal/wasmvalue"
)

// module is an instance of a loaded module. It implements [engine.Instance].
type module struct {
	*shared
	globals map[string]api.ValueType // those that are numbers

	stdout, stderr *output.Stream

	ctx     context.Context // ends when the instance does, with the reason
	end     context.CancelCauseFunc
	size    atomic.Int64 // of the memory after the last call
	closing sync.Once

	// busy holds a token while a call runs, to which the rest belongs.
	busy     chan struct{}
	running  context.Context         // of the call
	guest    api.Module              // nil where the last one was given up
	linked   []api.Module            // what it links to, as shared.links has it
	memories wasmrun.Memories        // of them
	entries  map[string]api.Function // of the guest, as far as they were called: each has a stack
	kept     int                     // bytes of these stacks

	// Of a plugin.
	exchange        api.Module // the kernel
	exchangedMemory wasmrun.Memories
	kernel          kernel.Kernel
	variables       map[string][]byte // which outlive a guest
	response        response
}

// readGlobals adds the numbers that the module exports.
func (m *module) readGlobals(b *binaryModule) {
	if m.guest == nil {
		return
	}
	m.globals = make(map[string]api.ValueType)
	for _, e := range b.exports {
		if e.kind != 3 {
			continue
		}
		g := m.guest.ExportedGlobal(e.name)
		if g == nil || !wasmvalue.IsNumber(g.Type()) {
			continue
		}
		s := engine.Symbol{Name: e.name, Kind: engine.KindConst, Signature: "const " + e.name + " " + wasmvalue.GoType(g.Type())}
		if _, ok := g.(api.MutableGlobal); ok {
			s.Kind, s.Signature = engine.KindVar, "var "+e.name+" "+wasmvalue.GoType(g.Type())
		}
		m.globals[e.name] = g.Type()
		m.symbols = append(m.symbols, s)
	}
	slices.SortFunc(m.symbols, func(a, b engine.Symbol) int { return strings.Compare(a.Name, b.Name) })
}

// Symbols implements [engine.Instance].
func (m *module) Symbols() []engine.Symbol { return m.symbols }

// Usage implements [engine.Counted]: that of all instances.
func (m *module) Usage() *engine.Usage { return &m.usage }

// Isolation implements [engine.Isolated].
func (m *module) Isolation() engine.Isolation { return m.isolation }

// Memory implements [engine.Measurable]: the linear memory, which never shrinks, as it was after
// the last call.
func (m *module) Memory() engine.Memory {
	size := m.size.Load()
	return engine.Memory{Now: size, Peak: size, From: "linear memory"}
}

// measure notes how large the memory of an instance is.
func (m *module) measure(guest api.Module) {
	size := int64(m.kernel.Size())
	if m.hasMemory { // wazero's answer for one without is no nil
		size += int64(guest.Memory().Size())
	}
	for i, instance := range m.linked {
		if m.links[i].hasMemory {
			size += int64(instance.Memory().Size())
		}
	}
	m.size.Store(size)
}

// find returns the symbol of a name, or an error that names those that are spelled alike.
func (m *module) find(symbol string) (engine.Symbol, error) {
	if m.usage.Refused() {
		return engine.Symbol{}, engine.ErrUnloaded
	}
	if s, ok := engine.FindSymbol(m.symbols, symbol); ok {
		return s, nil
	}
	near := spelling.Near(symbol, func(yield func(string) bool) {
		for _, s := range m.symbols {
			if !yield(s.Name) {
				return
			}
		}
	}, 3)
	return engine.Symbol{}, &engine.SymbolError{Module: m.name, Symbol: symbol, NearMiss: near}
}

// enter waits until no other call runs, and lets one in. What is returned with the context ends the
// call; it is given what the call ended with.
func (m *module) enter(ctx context.Context, symbol string) (context.Context, func(error), error) {
	if ctx.Err() != nil {
		return nil, nil, context.Cause(ctx)
	}
	if m.reentered(ctx) {
		return nil, nil, ErrReentered
	}
	began := engine.Now()
	if err := m.usage.Begin(); err != nil {
		return nil, nil, err
	}
	select {
	case m.busy <- struct{}{}:
	case <-ctx.Done():
		err := context.Cause(ctx)
		m.usage.End(err)
		return nil, nil, err
	case <-m.ctx.Done():
		m.usage.End(engine.ErrUnloaded)
		return nil, nil, engine.ErrUnloaded
	}
	inner, cancel := m.ctx, func() {}
	if ctx.Done() != nil || m.limits.CallTime > 0 {
		inner, cancel = m.within(ctx, symbol)
	}
	return inner, func(err error) {
		cancel()
		<-m.busy
		m.usage.EndSince(began, err)
	}, nil
}

// within is the context of a call: it ends with the caller's, the module's, and the call's time.
func (m *module) within(ctx context.Context, symbol string) (context.Context, context.CancelFunc) {
	inner, end := context.WithCancelCause(context.WithValue(ctx, instanceKey{}, m))
	stop := context.AfterFunc(m.ctx, func() { end(context.Cause(m.ctx)) })
	cancel := func() {}
	if m.limits.CallTime > 0 {
		inner, cancel = context.WithTimeoutCause(inner, m.limits.CallTime, engine.TimeLimit(m.name, symbol, m.limits.CallTime))
	}
	return inner, func() {
		cancel()
		stop()
		end(nil)
	}
}

// present returns the instance, a fresh one if there is none.
func (m *module) present(ctx context.Context) (api.Module, error) {
	if m.guest != nil && !m.guest.IsClosed() {
		return m.guest, nil
	}
	m.giveUp()
	guest, err := m.instantiate(ctx)
	if err != nil {
		return nil, m.initError(ctx, err)
	}
	m.guest = guest
	return guest, nil
}

// invoke calls an exported function in the instance, which is given up where it did not survive:
// after a trap or an exit, and where the context ended, with which wazero closes it.
func (m *module) invoke(ctx context.Context, symbol string, stack []uint64) error {
	guest, err := m.present(ctx)
	if err != nil {
		return err
	}
	m.running = ctx
	f := m.entry(guest, symbol)
	before := wasmrun.StackOf(f)
	err = f.CallWithStack(ctx, stack)
	m.measure(guest)
	if err == nil && ctx.Err() == nil {
		m.keep(wasmrun.StackOf(f) - before)
		return nil
	}
	m.giveUp()
	if err == nil {
		return nil
	}
	return m.callError(ctx, symbol, err)
}

// entry returns what a function of the instance is called by.
func (m *module) entry(guest api.Module, symbol string) api.Function {
	f, ok := m.entries[symbol]
	if !ok {
		f = guest.ExportedFunction(symbol)
		m.entries[symbol] = f
		m.keep(wasmrun.StackOf(f))
	}
	return f
}

// maxKept is how much of the machine stacks of its functions stays with an instance: each has its
// own, which grows to some 100 MB, and never shrinks.
const maxKept = 4 << 20

// keep counts what the stacks have grown by. Where they are too large, all are given back.
func (m *module) keep(more int) {
	if m.kept += more; m.kept > maxKept {
		clear(m.entries)
		m.kept = 0
	}
}

// rest gives back the memory that is exchanged with a plugin, where no call runs. It reports
// whether there was any.
func (m *module) rest() bool {
	select {
	case m.busy <- struct{}{}:
		defer func() { <-m.busy }()
		return m.kernel.Rest(&m.exchangedMemory)
	default:
		return false // it is being closed
	}
}

// giveUp ends the instance and those that it links to; the next call starts fresh ones.
func (m *module) giveUp() {
	for _, instance := range append(m.linked, m.guest) {
		if instance != nil {
			_ = instance.Close(context.Background())
		}
	}
	m.guest, m.linked, m.entries = nil, nil, nil
	m.memories.Release()
}

// errAwake unwinds an instance that sleeps or prints when its call ends.
var errAwake = errors.New("the call has ended")

// awake unwinds the instance if its call has ended.
func (m *module) awake() {
	if m.running.Err() != nil {
		panic(errAwake)
	}
}

// paced is a writer of an instance that ends with the call.
func (m *module) paced(to io.Writer) io.Writer { return wasmrun.Writer{To: to, Check: m.awake} }

// sleep is how a module waits.
func (m *module) sleep(ns int64) {
	timer := time.NewTimer(time.Duration(ns))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-m.running.Done():
		panic(errAwake)
	}
}

// Close implements [engine.Instance]. A call that runs ends at its next loop or function, with
// [engine.ErrUnloaded].
func (m *module) Close(ctx context.Context) error {
	m.usage.Refuse()
	m.end(engine.ErrUnloaded)
	freed := make(chan struct{})
	go func() {
		defer close(freed)
		m.busy <- struct{}{} // no call runs, and none will
		m.closing.Do(m.free)
		<-m.busy
	}()
	timer := time.NewTimer(closeTime)
	defer timer.Stop()
	select {
	case <-freed:
	case <-timer.C:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	return nil
}

// closeTime is how long Close waits for what cannot be stopped: a call of the system.
const closeTime = time.Second

// free gives back what the instance holds. Nothing of it runs any more.
func (m *module) free() {
	m.stdout.Flush()
	m.stderr.Flush()
	m.giveUp()
	if m.exchange != nil {
		_ = m.exchange.Close(context.Background())
	}
	m.exchangedMemory.Release()
	m.leave()
}
