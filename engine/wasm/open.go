package wasm

import (
	"cmp"
	"context"
	"crypto/rand"
	"embed"
	"errors"
	"slices"
	"strings"
	"sync"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental/sysfs"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"

	"github.com/loadgo/load"
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
	e = &Engine{config: e.config.with(a.Grants, a.Limits)}
	if a.RequireIsolation {
		if missing := sandbox.Missing(e.Isolation()); len(missing) > 0 {
			return nil, &engine.IsolationError{Missing: missing}
		}
	}
	if err := e.checkDirectories(); err != nil {
		return nil, err
	}
	data, err := a.Files.ReadFile(moduleFile)
	if err != nil {
		return nil, err
	}
	b, err := read(data)
	if err != nil {
		return nil, err
	}
	m := &module{name: a.Spec.Name, config: e.config, isolation: e.Isolation(), limits: a.Limits, events: a.Events, kind: b.kind(), hasMemory: b.has(sectionMemory), busy: make(chan struct{}, 1)}
	m.ctx, m.end = context.WithCancelCause(context.Background())
	m.stdout, m.stderr = m.streams()
	if err := m.start(ctx, a, imp, b, data); err != nil {
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

// start compiles the module, from the machine code that the store keeps, and starts an instance.
func (m *module) start(ctx context.Context, a engine.Artifact, imp engine.Importer, b *binaryModule, data []byte) error {
	config := wasmrun.Limited(codeConfig(), m.config.Memory)
	code, err := wasmrun.MachineCode(ctx, a, moduleFile, codeConfig())
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
	if err := m.provide(b); err != nil {
		return err
	}
	if err := m.provideRegistered(ctx, imp, b.imports); err != nil {
		return err
	}
	if m.compiled, err = m.runtime.CompileModule(wasmrun.AllWorkers(ctx), data); err != nil {
		return &engine.InitError{Reason: "it does not fit into wasm.Config.Memory: " + err.Error()}
	}
	m.describe(b)
	if m.kind == command {
		return nil // each call starts an instance
	}
	if m.guest, err = m.instantiate(ctx); err != nil {
		return m.initError(ctx, err)
	}
	m.readGlobals(b)
	return nil
}

// provide makes what the module imports.
func (m *module) provide(b *binaryModule) error {
	if slices.ContainsFunc(b.imports, func(i importation) bool { return i.module == wasiModule }) {
		if err := wasmrun.ProvideWASI(m.ctx, m.runtime); err != nil {
			return err
		}
	}
	if m.kind == plugin {
		return m.provideExtism()
	}
	return nil
}

// instantiate starts an instance and runs its initialisation.
func (m *module) instantiate(ctx context.Context) (api.Module, error) {
	m.running = ctx
	m.kernel.begin(nil) // the initialisation of a plugin may use it
	guest, err := m.runtime.InstantiateModule(ctx, m.compiled, m.moduleConfig())
	if err != nil {
		return nil, err
	}
	if err := initialise(ctx, guest); err != nil {
		_ = guest.Close(context.Background())
		return nil, err
	}
	m.measure(guest)
	m.entries = make(map[string]api.Function)
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

// directories mounts what is granted.
func (c Config) directories() wazero.FSConfig {
	files := wasmrun.NewFiles()
	// Without a root, Go's runtime takes every path for a descriptor that is not open.
	files.Mount("/", &sysfs.ReadFS{FS: &sysfs.AdaptFS{FS: embed.FS{}}})
	for _, dir := range c.ReadOnly {
		files.Mount(dir, &sysfs.ReadFS{FS: wasmrun.NewRooted(dir)})
	}
	for _, dir := range c.ReadWrite {
		files.Mount(dir, wasmrun.NewRooted(dir))
	}
	return files.Config()
}

// checkDirectories refuses directories that cannot be granted.
func (e *Engine) checkDirectories() error {
	if field, reason := wasmrun.BadDirectory(e.config.ReadOnly, e.config.ReadWrite); reason != "" {
		return &load.ConfigError{Setting: "wasm.Config." + field, Reason: reason}
	}
	return nil
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
