package wasm

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"strings"
	"sync"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/event"
	"github.com/loadgo/load/internal/output"
	"github.com/loadgo/load/internal/sandbox"
	"github.com/loadgo/load/internal/wasmrun"
)

// wasiFunctions are the types of what WASI provides, by name.
var wasiFunctions = sync.OnceValue(func() map[string]functionType {
	ctx := context.Background()
	r := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigInterpreter())
	defer r.Close(ctx)
	all := make(map[string]functionType)
	builder := r.NewHostModuleBuilder(wasiModule)
	wasi_snapshot_preview1.NewFunctionExporter().ExportFunctions(builder)
	compiled, err := builder.Compile(ctx)
	if err != nil {
		return all // and every import is named as missing
	}
	for name, f := range compiled.ExportedFunctions() {
		all[name] = functionType{f.ParamTypes(), f.ResultTypes()}
	}
	return all
})

// Open implements [engine.Engine].
func (e *Engine) Open(ctx context.Context, a engine.Artifact, imp engine.Importer) (engine.Instance, error) {
	p, err := readPlan(a)
	if err != nil {
		return nil, err
	}
	config, err := e.config.with(a.Grants, a.Limits).narrowed(p.Asks, a.Spec.Source.Dir)
	if err != nil {
		return nil, err
	}
	e = &Engine{config: config}
	if a.RequireIsolation {
		if missing := sandbox.Missing(e.Isolation()); len(missing) > 0 {
			return nil, &engine.IsolationError{Missing: missing}
		}
	}
	if err := e.checkDirectories(); err != nil {
		return nil, err
	}
	all, err := p.modules(a)
	if err != nil {
		return nil, err
	}
	main := all[len(all)-1].binary
	m := &module{name: a.Spec.Name, config: e.config, isolation: e.Isolation(), limits: p.limited(a.Limits), events: a.Events, kind: main.kind(), hasMemory: main.has(sectionMemory), busy: make(chan struct{}, 1)}
	if p.Asks != nil {
		m.kind = plugin
	}
	m.ctx, m.end = context.WithCancelCause(context.Background())
	m.stdout, m.stderr = m.streams()
	if err := m.start(ctx, a, imp, all); err != nil {
		m.end(err)
		m.free()
		return nil, err
	}
	return m, nil
}

// streams are what is printed to.
func (m *module) streams() (stdout, stderr *output.Stream) {
	printed := func(stream string) func(string) {
		return func(line string) { m.events.Emit(event.Output{Name: m.name, Stream: stream, Line: line}) }
	}
	return output.New(m.config.Stdout, printed("stdout")), output.New(m.config.Stderr, printed("stderr"))
}

// start compiles the modules, from the machine code that the store keeps, and starts an instance.
func (m *module) start(ctx context.Context, a engine.Artifact, imp engine.Importer, all []linked) error {
	config := wasmrun.Limited(codeConfig(), m.config.Memory)
	code, err := wasmrun.MachineCode(ctx, a, codeConfig(), moduleFiles(a)...)
	if err != nil {
		return err
	}
	if code != nil {
		dir, err := wasmrun.NewCodeDir(code)
		if err != nil {
			return err
		}
		defer dir.Remove()
		if m.cache, err = wazero.NewCompilationCacheWithDir(dir.Path); err != nil {
			return err
		}
		config = config.WithCompilationCache(m.cache)
	}
	m.runtime = wazero.NewRuntimeWithConfig(m.ctx, config)
	if err := m.provide(ctx, imp, all); err != nil {
		return err
	}
	for _, l := range all {
		compiled, err := m.runtime.CompileModule(wasmrun.AllWorkers(ctx), l.binary.data)
		if err != nil {
			return &engine.InitError{Reason: "it does not fit into wasm.Config.Memory: " + err.Error()}
		}
		m.linked = append(m.linked, linkedModule{name: l.name, compiled: compiled})
	}
	main := len(all) - 1
	m.compiled, m.linked = m.linked[main].compiled, m.linked[:main]
	m.describe()
	if m.kind == command {
		return nil // each call starts an instance
	}
	if m.guest, err = m.instantiate(ctx); err != nil {
		return m.initError(ctx, err)
	}
	m.readGlobals(all[main].binary)
	return nil
}

// provide makes what the modules import.
func (m *module) provide(ctx context.Context, imp engine.Importer, all []linked) error {
	if slices.ContainsFunc(all, func(l linked) bool { return l.binary.importsFrom(wasiModule) }) {
		if err := wasmrun.ProvideWASI(m.ctx, m.runtime); err != nil {
			return err
		}
	}
	if m.kind == plugin {
		if err := m.provideExtism(); err != nil {
			return err
		}
	}
	return m.provideRegistered(ctx, imp, all)
}

// instantiate starts an instance, after those that it links to, and runs its initialisation.
func (m *module) instantiate(ctx context.Context) (guest api.Module, err error) {
	m.running = ctx
	m.kernel.begin(nil) // the initialisation of a plugin may use it
	for i := range m.linked {
		l := &m.linked[i]
		if l.instance, err = m.startInstance(ctx, l.compiled, l.name); err != nil {
			m.giveUp()
			return nil, err
		}
	}
	if guest, err = m.startInstance(ctx, m.compiled, ""); err != nil {
		m.giveUp()
		return nil, err
	}
	m.measure(guest)
	m.entries = make(map[string]api.Function)
	return guest, nil
}

func (m *module) startInstance(ctx context.Context, compiled wazero.CompiledModule, name string) (api.Module, error) {
	guest, err := m.runtime.InstantiateModule(ctx, compiled, m.moduleConfig().WithName(name))
	if err != nil {
		return nil, err
	}
	if err := initialise(ctx, guest); err != nil {
		_ = guest.Close(context.Background())
		return nil, err
	}
	return guest, nil
}

// initialise calls what a module's language needs before anything else is called.
func initialise(ctx context.Context, guest api.Module) error {
	first := "_initialize"
	if guest.ExportedFunction(first) == nil {
		first = "__wasm_call_ctors"
	}
	for _, name := range []string{first, "hs_init"} {
		f := guest.ExportedFunction(name)
		if f == nil {
			continue
		}
		params := f.Definition().ParamTypes()
		if name != "hs_init" && len(params) > 0 || name == "hs_init" && len(params) != 2 {
			continue
		}
		if _, err := f.Call(ctx, make([]uint64, len(params))...); err != nil {
			return err
		}
	}
	return nil
}

// moduleConfig is everything that an instance gets.
func (m *module) moduleConfig() wazero.ModuleConfig {
	config := wazero.NewModuleConfig().WithName("").WithStartFunctions().WithArgs(m.name).
		WithStdout(m.paced(m.stdout)).WithStderr(m.paced(m.stderr)).
		WithSysWalltime().WithSysNanotime().WithNanosleep(m.sleep).
		WithRandSource(wasmrun.Reader{From: rand.Reader, Check: m.awake})
	for _, variable := range m.config.Env {
		key, value, _ := strings.Cut(variable, "=")
		config = config.WithEnv(key, value)
	}
	return config.WithFSConfig(m.config.directories())
}

// initError says why the initialisation did not end well.
func (m *module) initError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		reason := "its initialisation was cancelled"
		if errors.Is(context.Cause(ctx), context.DeadlineExceeded) {
			reason = "its initialisation did not end in time"
		}
		return &engine.InitError{Reason: reason, Stderr: m.stderr.Tail(), Err: context.Cause(ctx)}
	}
	reason, _ := trapReason(err)
	return &engine.InitError{Reason: "its initialisation ended the module: " + cmp.Or(reason, "it exited"), Stderr: m.stderr.Tail()}
}
