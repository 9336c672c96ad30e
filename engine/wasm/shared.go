package wasm

import (
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/engine/wasm/internal/kernel"
	"github.com/loadgo/load/event"
	"github.com/loadgo/load/internal/signature"
	"github.com/loadgo/load/internal/wasmrun"
	"github.com/loadgo/load/internal/wasmvalue"
	"github.com/loadgo/load/store"
)

// shared is what all instances of a module share. It does not change once the first instance runs,
// and goes with the last.
type shared struct {
	name      string
	kind      kind
	program   bool // it has the function main
	asks      bool // it has a manifest
	hasMemory bool
	wasi      bool // WASI is imported
	config    Config
	isolation engine.Isolation
	limits    engine.Limits
	events    event.Sink
	usage     engine.Usage
	symbols   []engine.Symbol
	functions map[string]api.FunctionDefinition // that are called by number or bytes
	typed     map[string]*typed                 // of them, those whose types a text says
	docs      map[string]string                 // of them

	runtime   wazero.Runtime
	cache     wazero.CompilationCache
	compiled  wazero.CompiledModule
	links     []link                // in the order in which they start
	exchanged wazero.CompiledModule // the kernel's code, nil of what is no plugin

	mu    sync.Mutex
	users int // instances
	freed bool
}

// link is a module that the one that is loaded links to.
type link struct {
	name      string
	compiled  wazero.CompiledModule
	hasMemory bool
}

// start compiles the modules, from their machine code, which may be nil, and provides what they
// import.
func (s *shared) start(ctx context.Context, code *store.Artifact, imp engine.Importer, all []linked) error {
	dir, err := s.readCode(code)
	if err != nil {
		return err
	}
	if dir != nil {
		defer dir.Remove()
	}
	config := wasmrun.Limited(codeConfig(), s.config.Memory).WithCompilationCache(s.cache)
	s.runtime = wazero.NewRuntimeWithConfig(ctx, config)
	if err := s.provide(ctx, imp, all); err != nil {
		return err
	}
	for i, l := range all {
		compiled, err := s.runtime.CompileModule(wasmrun.AllWorkers(ctx), l.binary.data)
		if err != nil {
			return &engine.InitError{Reason: "it does not fit into wasm.Config.Memory: " + err.Error()}
		}
		if i == len(all)-1 {
			s.compiled = compiled
			break
		}
		s.links = append(s.links, link{l.name, compiled, len(compiled.ExportedMemories()) > 0})
	}
	s.describe()
	if dir == nil {
		return nil
	}
	return dir.Used()
}

// readCode returns the directory in which wazero finds the machine code until it was compiled.
func (s *shared) readCode(code *store.Artifact) (dir *wasmrun.CodeDir, err error) {
	if code == nil {
		s.cache = wazero.NewCompilationCache()
		return nil, nil
	}
	if dir, err = wasmrun.NewCodeDir(code); err != nil {
		return nil, err
	}
	if s.cache, err = wazero.NewCompilationCacheWithDir(dir.Path); err != nil {
		dir.Remove()
		return nil, err
	}
	return dir, nil
}

// provide makes what the modules import.
func (s *shared) provide(ctx context.Context, imp engine.Importer, all []linked) error {
	s.wasi = slices.ContainsFunc(all, func(l linked) bool { return l.binary.importsFrom(wasiModule) })
	if s.wasi {
		if err := wasmrun.ProvideWASI(ctx, s.runtime); err != nil {
			return err
		}
	}
	if s.kind == plugin {
		if err := s.provideExtism(ctx); err != nil {
			return err
		}
	}
	return s.provideRegistered(ctx, imp, all)
}

// provideExtism makes the functions of the host that plugins import, and compiles the kernel, of
// which each instance has its own.
func (s *shared) provideExtism(ctx context.Context) (err error) {
	builder := s.runtime.NewHostModuleBuilder(kernel.HostModule)
	for name, f := range extismFunctions {
		if f.call == nil {
			continue
		}
		call := func(ctx context.Context, stack []uint64) { f.call(current(ctx), ctx, stack) }
		builder.NewFunctionBuilder().WithGoFunction(api.GoFunc(call), f.params, f.results).Export(name)
	}
	if _, err := builder.Instantiate(ctx); err != nil {
		return err
	}
	s.exchanged, err = s.runtime.CompileModule(ctx, kernel.Code)
	return err
}

// instanceKey marks the contexts of calls with the instance that runs them: functions of the host
// are those of all instances.
type instanceKey struct{}

// current is the instance that calls a function of the host.
func current(ctx context.Context) *module { return ctx.Value(instanceKey{}).(*module) }

// open opens an instance.
func (s *shared) open(ctx context.Context) (*module, error) {
	s.mu.Lock()
	if s.freed {
		s.mu.Unlock()
		return nil, engine.ErrUnloaded
	}
	s.users++
	s.mu.Unlock()
	m := &module{shared: s, busy: make(chan struct{}, 1)}
	m.ctx, m.end = context.WithCancelCause(context.WithValue(context.Background(), instanceKey{}, m))
	m.stdout, m.stderr = m.streams()
	if s.kind == command { // each call starts an instance
		return m, nil
	}
	guest, err := m.instantiate(ctx)
	if err != nil {
		err = m.initError(ctx, err)
		m.end(err)
		m.free()
		return nil, err
	}
	m.guest = guest
	return m, nil
}

// leave ends the use by an instance.
func (s *shared) leave() {
	s.mu.Lock()
	s.users--
	last := s.users == 0
	s.freed = s.freed || last
	s.mu.Unlock()
	if last {
		s.free()
	}
}

// free gives back what all instances used.
func (s *shared) free() {
	ctx := context.Background()
	if s.runtime != nil {
		_ = s.runtime.Close(ctx)
	}
	if s.cache != nil {
		_ = s.cache.Close(ctx)
	}
}

// describe lists what the module exports.
func (s *shared) describe() {
	s.functions = make(map[string]api.FunctionDefinition)
	if s.program {
		s.list(engine.Symbol{Name: mainSymbol, Kind: engine.KindFunc, Signature: mainSignature})
	}
	if s.kind == command {
		return
	}
	for name, def := range s.compiled.ExportedFunctions() {
		if slices.Contains(hidden, name) && (name != startFunction || s.kind != plugin) || name == mainSymbol && s.program {
			continue
		}
		if s.typed != nil && (name == canonicalRoom || strings.HasPrefix(name, postPrefix)) {
			continue
		}
		s.functions[name] = def
		symbol := wasmvalue.Symbol(name, def)
		if t := s.typed[name]; t != nil {
			symbol = t.symbol()
		}
		if s.isBytes(def) {
			symbol = engine.Symbol{Name: name, Kind: engine.KindFunc, Signature: "func " + name + "(input ...any) (output string, err error)"}
		}
		s.list(symbol)
	}
	slices.SortFunc(s.symbols, func(a, b engine.Symbol) int { return strings.Compare(a.Name, b.Name) })
}

// list adds a function to the symbols.
func (s *shared) list(symbol engine.Symbol) {
	symbol.Params, symbol.Results = signature.Parse(symbol.Signature)
	symbol.Doc = s.docs[symbol.Name]
	s.symbols = append(s.symbols, symbol)
}
