package wasm

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"sync"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
	"github.com/tetratelabs/wazero/sys"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/engine/wasm/internal/kernel"
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
	if err := cmp.Or(e.checkDirectories(), a.Writable(e.config.ReadWrite)); err != nil {
		return nil, err
	}
	code, err := wasmrun.MachineCode(ctx, a, codeConfig(), moduleFiles(a)...)
	if err != nil {
		return nil, err
	}
	all, err := p.modules(a, code)
	if err != nil {
		return nil, err
	}
	main := all[len(all)-1].binary
	s := &shared{
		name: a.Spec.Name, config: config, isolation: e.Isolation(), limits: p.limited(a.Limits), events: a.Events, asks: p.Asks != nil,
		kind: main.kind(), program: main.isCommand() && !main.importsExtism() && len(all) == 1, hasMemory: main.has(sectionMemory),
	}
	if s.asks {
		s.kind = plugin
	}
	if err := s.texts(a, main); err != nil {
		return nil, err
	}
	if err := s.start(ctx, code, imp, all); err != nil {
		s.free()
		return nil, err
	}
	first, err := s.open(ctx)
	if err != nil {
		return nil, err
	}
	first.readGlobals(main)
	if config.Instances <= 1 {
		return first, nil
	}
	return newPool(first), nil
}

// texts reads what the artifact holds about the types and the documentation of functions.
func (s *shared) texts(a engine.Artifact, main *binaryModule) error {
	if has(a, typesFile) {
		types, err := a.Files.ReadFile(typesFile)
		if err != nil {
			return err
		}
		if s.typed, err = main.typedFunctions(types); err != nil {
			return err
		}
	}
	if has(a, docsFile) {
		text, err := a.Files.ReadFile(docsFile)
		if err != nil {
			return err
		}
		return json.Unmarshal(text, &s.docs)
	}
	return nil
}

// streams are what is printed to.
func (m *module) streams() (stdout, stderr *output.Stream) {
	printed := func(stream string) func(string) {
		return func(line string) { m.events.Emit(event.Output{Name: m.name, Stream: stream, Line: line}) }
	}
	return output.New(m.config.Stdout, printed("stdout")), output.New(m.config.Stderr, printed("stderr"))
}

// instantiate starts an instance, after those that it links to, and runs its initialisation.
func (m *module) instantiate(ctx context.Context) (guest api.Module, err error) {
	m.running = ctx
	if m.exchanged != nil && m.exchange == nil {
		if err := m.openKernel(ctx); err != nil {
			return nil, err
		}
	}
	m.kernel.Begin(nil) // the initialisation of a plugin may use it
	for _, l := range m.links {
		instance, err := m.startInstance(ctx, l.compiled)
		if err != nil {
			m.giveUp()
			return nil, err
		}
		m.linked = append(m.linked, instance)
	}
	if guest, err = m.startInstance(ctx, m.compiled); err != nil {
		m.giveUp()
		return nil, err
	}
	m.measure(guest)
	m.entries, m.kept = make(map[string]api.Function), 0
	return guest, nil
}

// openKernel starts the kernel of a plugin.
func (m *module) openKernel(ctx context.Context) (err error) {
	within := experimental.WithMemoryAllocator(ctx, &m.exchangedMemory)
	if m.exchange, err = m.runtime.InstantiateModule(within, m.exchanged, plainConfig); err != nil {
		return err
	}
	m.kernel = kernel.New(m.exchange)
	return nil
}

func (m *module) startInstance(ctx context.Context, compiled wazero.CompiledModule) (api.Module, error) {
	guest, err := m.runtime.InstantiateModule(m.linking(ctx, &m.memories), compiled, m.moduleConfig())
	if err != nil {
		return nil, err
	}
	if err := initialise(context.WithValue(ctx, instanceKey{}, m), guest); err != nil {
		_ = guest.Close(context.Background())
		return nil, err
	}
	return guest, nil
}

// linking is the context in which an instance is started: by it wazero finds what belongs to this
// one alone, and where its memory lies.
func (m *module) linking(ctx context.Context, memories *wasmrun.Memories) context.Context {
	ctx = experimental.WithMemoryAllocator(context.WithValue(ctx, instanceKey{}, m), memories)
	return experimental.WithImportResolver(ctx, func(name string) api.Module {
		if name == extismModule && m.exchange != nil {
			return m.exchange
		}
		for i, instance := range m.linked {
			if m.links[i].name == name {
				return instance
			}
		}
		return nil
	})
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

// moduleConfig is everything that an instance gets. Without WASI it reaches nothing of it.
func (m *module) moduleConfig() wazero.ModuleConfig {
	if !m.wasi {
		return plainConfig
	}
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

// plainConfig is what an instance gets that reaches nothing. Without a source, wazero makes one of
// 5 KiB for each.
var plainConfig = wazero.NewModuleConfig().WithName("").WithStartFunctions().WithRandSource(rand.Reader)

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
