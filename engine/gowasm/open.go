package gowasm

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/experimental"
	"github.com/tetratelabs/wazero/sys"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/event"
	"github.com/loadgo/load/internal/goglue/api"
	"github.com/loadgo/load/internal/goglue/build"
	"github.com/loadgo/load/internal/goglue/host"
	"github.com/loadgo/load/internal/goglue/host/attempt"
	"github.com/loadgo/load/internal/goglue/host/inflight"
	"github.com/loadgo/load/internal/output"
	"github.com/loadgo/load/internal/sandbox"
	"github.com/loadgo/load/internal/wasmrun"
	"github.com/loadgo/load/internal/wire"
)

// instance is a running module as the loader sees it.
type instance struct {
	*host.Instance
	module    *module
	isolation engine.Isolation
}

// Isolation implements [engine.Isolated].
func (i *instance) Isolation() engine.Isolation { return i.isolation }

// Crash implements [engine.Crashable].
func (i *instance) Crash() *atomic.Pointer[error] { return &i.module.broken }

// Close implements [engine.Instance]. A function of the host that the module has called goes on in
// the background.
func (i *instance) Close(ctx context.Context) error { return i.module.close(ctx) }

// Memory implements [engine.Measurable]: the linear memory of the module's instances, which never
// shrinks, as it was after
// the last call of each.
func (i *instance) Memory() engine.Memory {
	total := int64(0)
	for _, g := range i.module.guests {
		total += g.size.Load()
	}
	return engine.Memory{Now: total, Peak: total, From: "linear memory"}
}

// Open implements [engine.Engine].
func (e *Engine) Open(ctx context.Context, a engine.Artifact, _ engine.Importer) (engine.Instance, error) {
	if a.Grants.Access() {
		e = &Engine{config: e.config.with(a.Grants)}
	}
	if a.Limits.Memory > 0 {
		config := e.config
		config.Memory = a.Limits.Memory
		e = &Engine{config: config}
	}
	if err := e.Valid(); err != nil {
		return nil, err
	}
	if a.RequireIsolation {
		if err := sandbox.Require(e.Isolation()); err != nil {
			return nil, err
		}
	}
	if err := cmp.Or(e.checkDirectories(), a.Writable(e.config.ReadWrite)); err != nil {
		return nil, err
	}
	files, err := e.read(ctx, a)
	if err != nil {
		return nil, err
	}
	defer files.close()
	described, err := api.DecodeAPI(files.api)
	if err != nil {
		return nil, err
	}
	m := &module{name: a.Spec.Name, maxMessage: cmp.Or(e.config.MaxMessage, wire.MaxMessage)}
	limits := inflight.Limits{Message: e.config.MaxMessage, InFlight: e.config.MaxInFlight, Setting: "gowasm.Config.MaxInFlight"}
	i := &instance{Instance: host.NewInstance(m.name, described, m, limits), module: m, isolation: e.Isolation()}
	m.host = i.Instance
	i.Limit(a.Limits.CallTime)
	m.refusals.tell = i.Refused
	i.Report(host.Refusals{Judge: func(at attempt.Attempt) *engine.Refusal { return m.refusals.judge(at).AskedBy(a.Spec) }, Sink: a.Events, Network: true})
	if err := e.start(ctx, m, files, a.Events); err != nil {
		return nil, err
	}
	return i, nil
}

// files is what an artifact holds, verified.
type files struct {
	api, wasm []byte
	code      *wasmrun.CodeDir // nil where there is no store
}

// read verifies and reads an artifact; the machine code beside the rest.
func (e *Engine) read(ctx context.Context, a engine.Artifact) (*files, error) {
	var f files
	code, err := machineCode(ctx, a)
	if err != nil {
		return nil, err
	}
	coded := make(chan error, 1)
	go func() {
		var err error
		if code != nil {
			f.code, err = wasmrun.NewCodeDir(code)
		}
		coded <- err
	}()
	var errs [3]error
	f.wasm, errs[0] = wasmrun.Module(a, code, build.ProgramFile)
	f.api, errs[1] = a.Files.ReadFile(build.APIFile)
	errs[2] = <-coded
	for _, err := range errs {
		if err != nil {
			f.close()
			return nil, err
		}
	}
	return &f, nil
}

// close gives back what is not needed any more once the module is compiled.
func (f *files) close() {
	if f.code != nil {
		f.code.Remove()
	}
}

// start instantiates and initialises a module.
func (e *Engine) start(ctx context.Context, m *module, f *files, events event.Sink) error {
	m.sink, m.direct, m.freed = events, map[string]bool{}, make(chan struct{})
	printed := func(stream string) func(string) {
		return func(line string) { m.sink.Emit(event.Output{Name: m.name, Stream: stream, Line: line}) }
	}
	m.stdout, m.stderr = output.New(e.config.Stdout, printed("stdout")), output.New(e.config.Stderr, printed("stderr"))
	m.ctx, m.cancel = context.WithCancel(context.Background())
	config := e.runtimeConfig()
	if f.code != nil {
		var err error
		if m.cache, err = wazero.NewCompilationCacheWithDir(f.code.Path); err != nil {
			m.cancel()
			return err
		}
		config = config.WithCompilationCache(m.cache)
	}
	m.runtime = wazero.NewRuntimeWithConfig(m.ctx, config)
	compiled, err := m.compile(f.wasm)
	if err == nil && f.code != nil {
		err = f.code.Used()
	}
	if err != nil {
		m.cancel()
		m.free()
		var unused *engine.InitError
		if e.config.Memory > 0 && !errors.As(err, &unused) {
			return &engine.InitError{Reason: "it does not fit into gowasm.Config.Memory: " + err.Error()}
		}
		return err
	}
	for _, f := range compiled.ExportedFunctions() {
		for _, name := range f.ExportNames() {
			m.direct[name] = true
		}
	}
	for range e.config.Pool {
		m.guests = append(m.guests, newGuest(m))
	}
	return e.initialise(ctx, m, compiled, api.Sum(f.api))
}

// compile makes the module of the wasm, and what it imports.
func (m *module) compile(wasm []byte) (wazero.CompiledModule, error) {
	if err := wasmrun.ProvideWASI(m.ctx, m.runtime); err != nil {
		return nil, err
	}
	if err := m.exportHost(); err != nil {
		return nil, err
	}
	return m.runtime.CompileModule(wasmrun.AllWorkers(m.ctx), wasm)
}

// initialise starts the guests. Where the context ends first, what they do is stopped.
func (e *Engine) initialise(ctx context.Context, m *module, compiled wazero.CompiledModule, sum string) error {
	errs := make(chan error, len(m.guests))
	for i, g := range m.guests {
		// A guest that is initialised is busy.
		g.gate.enter(&entry{ctx: ctx, symbol: "init"})
		go func() {
			err := g.initialise(e.moduleConfig(g), compiled)
			if err == nil {
				err = g.hello(g.ctx, sum, i, len(m.guests), e.ownGC())
			}
			g.gate.leave()
			errs <- err
		}()
	}
	for range m.guests {
		var err error
		select {
		case err = <-errs:
			if err != nil {
				err = m.initError(err)
			}
		case <-ctx.Done():
			err = m.cancelledError(context.Cause(ctx))
		}
		if err != nil {
			m.retire(err)
			return err
		}
	}
	m.started.Store(true)
	return nil
}

func (g *guest) initialise(config wazero.ModuleConfig, compiled wazero.CompiledModule) error {
	var err error
	g.wasm, err = g.module.runtime.InstantiateModule(experimental.WithMemoryAllocator(g.ctx, &g.module.memories), compiled, config)
	switch {
	case err != nil:
		return err
	case g.wasm == nil || g.wasm.IsClosed(): // to wazero that is a success
		return sys.NewExitError(0)
	}
	g.memory = g.wasm.Memory()
	g.size.Store(int64(g.memory.Size()))
	return nil
}

// moduleConfig is everything that a guest gets.
func (e *Engine) moduleConfig(g *guest) wazero.ModuleConfig {
	m := g.module
	check := func() { g.checkpoint(nil) }
	config := wazero.NewModuleConfig().WithName("").WithStartFunctions("_initialize").WithArgs(m.name).
		WithStdout(wasmrun.Writer{To: m.stdout, Check: check}).WithStderr(wasmrun.Writer{To: m.stderr, Check: check}).
		WithSysWalltime().WithSysNanotime().WithNanosleep(m.sleep).
		WithRandSource(wasmrun.Reader{From: rand.Reader, Check: check})
	for _, variable := range e.config.Env {
		key, value, _ := strings.Cut(variable, "=")
		config = config.WithEnv(key, value)
	}
	if e.ownGC() {
		config = config.WithEnv("GOGC", ownGC)
	}
	if e.config.MaxMessage > 0 {
		config = config.WithEnv(wire.MaxMessageVariable, strconv.Itoa(e.config.MaxMessage))
	}
	if e.config.Memory > 0 {
		// The collector works harder before the limit ends the module.
		config = config.WithEnv("GOMEMLIMIT", strconv.FormatInt(e.config.Memory/10*9, 10))
	}
	return config.WithFSConfig(e.directories(&m.refusals))
}

// ownGC is how far a module's heap grows before it is collected, in percent. A collection in a
// module costs
// several times what it costs elsewhere, on the time of the call in which it happens.
const ownGC = "200"

// ownGC reports whether the module's collector is set here and not by the host's configuration. The
// guest takes
// the variable out of its environment.
func (e *Engine) ownGC() bool {
	return !slices.ContainsFunc(e.config.Env, func(v string) bool { return strings.HasPrefix(v, "GOGC=") })
}

// errRetired unwinds a guest that sleeps when its module ends.
var errRetired = errors.New("the module has ended")

// sleep is how a guest waits.
func (m *module) sleep(ns int64) {
	timer := time.NewTimer(time.Duration(ns))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-m.ctx.Done():
		panic(errRetired)
	}
}

// initError says why the initialisation did not end well.
func (m *module) initError(err error) error {
	stderr := m.stderr.Tail()
	if strings.HasPrefix(stderr, "panic: ") || strings.Contains(stderr, "\npanic: ") {
		return &engine.InitError{Reason: "its initialisation panicked", Stderr: stderr}
	}
	if errors.Is(err, errForeign) || errors.Is(err, errGarbage) {
		return &engine.InitError{Reason: err.Error(), Stderr: stderr}
	}
	return &engine.InitError{Reason: "its initialisation ended the module: " + endReason(err), Stderr: stderr}
}

// cancelledError says that the context ended the wait for the initialisation.
func (m *module) cancelledError(cause error) error {
	reason := "its initialisation was cancelled"
	if errors.Is(cause, context.DeadlineExceeded) {
		reason = "its initialisation did not end in time"
	}
	return &engine.InitError{Reason: reason, Stderr: m.stderr.Tail(), Err: cause}
}
