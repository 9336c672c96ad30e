package wasm

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
	"github.com/tetratelabs/wazero/sys"

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
	if err := e.Valid(); err != nil {
		return nil, err
	}
	if a.RequireIsolation {
		if err := sandbox.Require(e.Isolation()); err != nil {
			return nil, err
		}
	}
	if err := e.checkDirectories(); err != nil {
		return nil, err
	}
	all, err := p.modules(a)
	if err != nil {
		return nil, err
	}
	o := &opening{engine: e, artifact: a, importer: imp, plan: p, modules: all}
	if has(a, typesFile) {
		types, err := a.Files.ReadFile(typesFile)
		if err != nil {
			return nil, err
		}
		if o.typed, err = all[len(all)-1].binary.typedFunctions(types); err != nil {
			return nil, err
		}
	}
	if has(a, docsFile) {
		text, err := a.Files.ReadFile(docsFile)
		if err != nil {
			return nil, err
		}
		if err := json.Unmarshal(text, &o.docs); err != nil {
			return nil, err
		}
	}
	first, err := o.open(ctx)
	if err != nil || config.Instances <= 1 {
		return instance(first, err)
	}
	return newPool(o, first), nil
}

func instance(m *module, err error) (engine.Instance, error) {
	if err != nil {
		return nil, err
	}
	return m, nil
}

// opening is what instances are opened of.
type opening struct {
	engine   *Engine
	artifact engine.Artifact
	importer engine.Importer
	plan     plan
	modules  []linked
	typed    map[string]*typed
	docs     map[string]string // of functions
	code     machineCode
	usage    engine.Usage
}

// open opens an instance.
func (o *opening) open(ctx context.Context) (*module, error) {
	main, config := o.modules[len(o.modules)-1].binary, o.engine.config
	m := &module{
		name: o.artifact.Spec.Name, config: config, isolation: o.engine.Isolation(), limits: o.plan.limited(o.artifact.Limits), events: o.artifact.Events,
		kind: main.kind(), program: main.isCommand() && !main.importsExtism() && len(o.modules) == 1, hasMemory: main.has(sectionMemory), busy: make(chan struct{}, 1), usage: &o.usage, typed: o.typed, docs: o.docs,
	}
	if o.plan.Asks != nil {
		m.kind = plugin
	}
	m.ctx, m.end = context.WithCancelCause(context.Background())
	m.stdout, m.stderr = m.streams()
	if err := m.start(ctx, o); err != nil {
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

// machineCode is the machine code of an artifact's modules, which all instances of them use.
type machineCode struct {
	cache wazero.CompilationCache
	users atomic.Int32
}

// use begins the use of the code for an instance, which is taken from the store by the first. The
// directory, if there is one, can go when the modules are compiled.
func (c *machineCode) use(ctx context.Context, a engine.Artifact) (dir *wasmrun.CodeDir, err error) {
	defer func() {
		if err == nil {
			c.users.Add(1)
		}
	}()
	if c.cache != nil {
		return nil, nil
	}
	code, err := wasmrun.MachineCode(ctx, a, codeConfig(), moduleFiles(a)...)
	if err != nil {
		return nil, err
	}
	if code == nil {
		c.cache = wazero.NewCompilationCache()
		return nil, nil
	}
	if dir, err = wasmrun.NewCodeDir(code); err != nil {
		return nil, err
	}
	if c.cache, err = wazero.NewCompilationCacheWithDir(dir.Path); err != nil {
		dir.Remove()
		return nil, err
	}
	return dir, nil
}

// leave ends the use by an instance. The code goes with the last.
func (c *machineCode) leave() {
	if c.users.Add(-1) == 0 {
		_ = c.cache.Close(context.Background())
	}
}

// start compiles the modules, from the machine code that the store keeps, and starts an instance.
func (m *module) start(ctx context.Context, o *opening) error {
	dir, err := o.code.use(ctx, o.artifact)
	if err != nil {
		return err
	}
	m.code = &o.code
	if dir != nil {
		defer dir.Remove()
	}
	all := o.modules
	config := wasmrun.Limited(codeConfig(), m.config.Memory).WithCompilationCache(o.code.cache)
	m.runtime = wazero.NewRuntimeWithConfig(m.ctx, config)
	if err := m.provide(ctx, o.importer, all); err != nil {
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
		WithRandSource(wasmrun.Reader{From: m.random(), Check: m.awake})
	if clock := m.config.Clock; clock != nil {
		config = config.WithWalltime(func() (int64, int32) { now := clock(); return now.Unix(), int32(now.Nanosecond()) }, sys.ClockResolution(1)).
			WithNanotime(func() int64 { return clock().UnixNano() }, sys.ClockResolution(1))
	}
	for _, variable := range m.config.Env {
		key, value, _ := strings.Cut(variable, "=")
		config = config.WithEnv(key, value)
	}
	return config.WithFSConfig(m.config.directories())
}

// random is where an instance's random numbers come from.
func (m *module) random() io.Reader {
	if m.config.Random != nil {
		return m.config.Random()
	}
	return rand.Reader
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
