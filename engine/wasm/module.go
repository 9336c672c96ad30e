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

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/event"
	"github.com/loadgo/load/internal/output"
	"github.com/loadgo/load/internal/signature"
	"github.com/loadgo/load/internal/spelling"
	"github.com/loadgo/load/internal/wasmrun"
	"github.com/loadgo/load/internal/wasmvalue"
)

// module is a loaded module. It implements [engine.Instance].
type module struct {
	name      string
	kind      kind
	program   bool // it has the function main
	hasMemory bool
	config    Config
	isolation engine.Isolation
	limits    engine.Limits
	events    event.Sink
	usage     *engine.Usage // of all instances of a pool
	symbols   []engine.Symbol
	functions map[string]api.FunctionDefinition // that are called by number or bytes
	typed     map[string]*typed                 // of them, those whose types a text says
	docs      map[string]string                 // of them
	globals   map[string]api.Global

	stdout, stderr *output.Stream

	ctx     context.Context // ends when the module does, with the reason
	end     context.CancelCauseFunc
	runtime wazero.Runtime
	code    *machineCode // nil until it is used

	compiled wazero.CompiledModule
	linked   []linkedModule
	size     atomic.Int64 // of the memory after the last call
	closing  sync.Once

	// busy holds a token while a call runs, to which the rest belongs.
	busy    chan struct{}
	running context.Context         // of the call
	guest   api.Module              // nil where the last one was given up
	entries map[string]api.Function // of the guest, as far as they were called: each has a stack

	// Of a plugin.
	kernel    kernel
	variables map[string][]byte // which outlive an instance
	response  response
}

// describe lists what the module exports.
func (m *module) describe() {
	m.functions = make(map[string]api.FunctionDefinition)
	if m.program {
		m.list(engine.Symbol{Name: mainSymbol, Kind: engine.KindFunc, Signature: mainSignature})
	}
	if m.kind == command {
		return
	}
	for name, def := range m.compiled.ExportedFunctions() {
		if slices.Contains(hidden, name) && (name != startFunction || m.kind != plugin) || name == mainSymbol && m.program {
			continue
		}
		if m.typed != nil && (name == canonicalRoom || strings.HasPrefix(name, postPrefix)) {
			continue
		}
		m.functions[name] = def
		s := wasmvalue.Symbol(name, def)
		if t := m.typed[name]; t != nil {
			s = t.symbol()
		}
		if m.isBytes(def) {
			s = engine.Symbol{Name: name, Kind: engine.KindFunc, Signature: "func " + name + "(input ...any) (output string, err error)"}
		}
		m.list(s)
	}
	slices.SortFunc(m.symbols, func(a, b engine.Symbol) int { return strings.Compare(a.Name, b.Name) })
}

// list adds a function to the symbols.
func (m *module) list(s engine.Symbol) {
	s.Params, s.Results = signature.Parse(s.Signature)
	s.Doc = m.docs[s.Name]
	m.symbols = append(m.symbols, s)
}

// readGlobals adds the numbers that the module exports.
func (m *module) readGlobals(b *binaryModule) {
	m.globals = make(map[string]api.Global)
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
		m.globals[e.name] = g
		m.symbols = append(m.symbols, s)
	}
	slices.SortFunc(m.symbols, func(a, b engine.Symbol) int { return strings.Compare(a.Name, b.Name) })
}

// Symbols implements [engine.Instance].
func (m *module) Symbols() []engine.Symbol { return m.symbols }

// Usage implements [engine.Counted].
func (m *module) Usage() *engine.Usage { return m.usage }

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
	size := int64(0)
	if m.kernel.memory != nil {
		size = int64(m.kernel.memory.Size())
	}
	if m.hasMemory { // wazero's answer for one without is no nil
		size += int64(guest.Memory().Size())
	}
	for _, l := range m.linked {
		if l.instance != nil && len(l.compiled.ExportedMemories()) > 0 {
			size += int64(l.instance.Memory().Size())
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
func (m *module) enter(ctx context.Context) (context.Context, func(error), error) {
	if ctx.Err() != nil {
		return nil, nil, context.Cause(ctx)
	}
	if m.reentered(ctx) {
		return nil, nil, ErrReentered
	}
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
		inner, cancel = m.within(ctx)
	}
	return inner, func(err error) {
		cancel()
		<-m.busy
		m.usage.End(err)
	}, nil
}

// within is the context of a call: it ends with the caller's, the module's, and the call's time.
func (m *module) within(ctx context.Context) (context.Context, context.CancelFunc) {
	inner, end := context.WithCancelCause(ctx)
	stop := context.AfterFunc(m.ctx, func() { end(context.Cause(m.ctx)) })
	cancel := func() {}
	if m.limits.CallTime > 0 {
		inner, cancel = context.WithTimeoutCause(inner, m.limits.CallTime, engine.TimeLimit(m.limits.CallTime))
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
	err = m.entry(guest, symbol).CallWithStack(ctx, stack)
	m.measure(guest)
	if err == nil && ctx.Err() == nil {
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
	}
	return f
}

// giveUp ends the instance and those that it links to; the next call starts fresh ones.
func (m *module) giveUp() {
	if m.guest != nil {
		_ = m.guest.Close(context.Background())
		m.guest = nil
	}
	for i := range m.linked {
		if l := &m.linked[i]; l.instance != nil {
			_ = l.instance.Close(context.Background())
			l.instance = nil
		}
	}
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

// free gives back what the module holds. Nothing of it runs any more.
func (m *module) free() {
	ctx := context.Background()
	m.stdout.Flush()
	m.stderr.Flush()
	if m.runtime != nil {
		_ = m.runtime.Close(ctx)
	}
	if m.code != nil {
		m.code.leave()
	}
}
