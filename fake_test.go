package load_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/loadgo/load"
	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/install"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// world is a finder and an engine over modules that exist in the test only, for what real ones
// cannot be made to do: import each other, fail on demand, crash on demand.
type world struct {
	modules map[string]fake // by name, or by name@query
	opened  sync.Map        // identity → *atomic.Int32

	mu        sync.Mutex
	instances []*instance
}

type fake struct {
	canonical string // "" for the name it is found by
	version   string
	imports   []string
	parallel  bool // import all at once
	open      func(ctx context.Context) error
	run       func() // what a call does
}

func (w *world) String() string { return "world" }

func (w *world) Find(_ context.Context, name find.Name) (*load.Spec, error) {
	m, ok := w.modules[name.String()]
	if !ok {
		return nil, fmt.Errorf("%w: the world has no %s", load.ErrNotFound, name)
	}
	canonical := m.canonical
	if canonical == "" {
		canonical = name.Target
	}
	return &load.Spec{
		Name: canonical, Version: m.version, Origin: "world",
		Source: find.Source{Kind: "fake", Hash: "fake:" + name.String()},
	}, nil
}

func (w *world) Names(context.Context) iter.Seq[string] { return maps.Keys(w.modules) }

func (w *world) Name() string { return "fake" }

func (w *world) Accepts(src find.Source) bool { return src.Kind == "fake" }

func (w *world) Open(ctx context.Context, a engine.Artifact, imp engine.Importer) (engine.Instance, error) {
	count, _ := w.opened.LoadOrStore(a.Spec.Name+"@"+a.Spec.Version, new(atomic.Int32))
	count.(*atomic.Int32).Add(1)
	m := w.modules[a.Spec.Source.Hash[len("fake:"):]]
	if m.open != nil {
		if err := m.open(ctx); err != nil {
			return nil, err
		}
	}
	errs := make([]error, len(m.imports))
	var wg sync.WaitGroup
	for i, name := range m.imports {
		run := func() { _, errs[i] = imp.Import(ctx, name) }
		if m.parallel {
			wg.Go(run)
			continue
		}
		if run(); errs[i] != nil {
			break
		}
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	in := &instance{run: m.run}
	w.mu.Lock()
	w.instances = append(w.instances, in)
	w.mu.Unlock()
	return in, nil
}

// opens tells how often the module was opened.
func (w *world) opens(identity string) int {
	count, ok := w.opened.Load(identity)
	if !ok {
		return 0
	}
	return int(count.(*atomic.Int32).Load())
}

// instance is a running fake.
type instance struct {
	crash  atomic.Pointer[error]
	closed atomic.Int32
	usage  engine.Usage
	run    func() // what a call does
	holds  atomic.Bool
}

func (in *instance) Holds() bool { return in.holds.Load() }

func (in *instance) Usage() *engine.Usage { return &in.usage }

func (in *instance) Memory() engine.Memory {
	return engine.Memory{Now: 1 << 20, Peak: 2 << 20, From: "the test"}
}

func (in *instance) Symbols() []load.Symbol { return nil }

func (in *instance) Bind(symbol string, _ reflect.Type) (reflect.Value, error) {
	return reflect.Value{}, &load.SymbolError{Symbol: symbol}
}

func (in *instance) Call(context.Context, string, []any) ([]any, error) {
	if err := in.usage.Begin(); err != nil {
		return nil, err
	}
	defer in.usage.End(nil)
	if err := in.crash.Load(); err != nil {
		return nil, *err
	}
	if in.closed.Load() > 0 {
		panic("a call of a closed instance")
	}
	if in.run != nil {
		in.run()
	}
	return nil, nil
}

func (in *instance) Close(context.Context) error {
	in.closed.Add(1)
	return nil
}

func (in *instance) Crash() *atomic.Pointer[error] { return &in.crash }

// kill makes the instance one that crashed.
func (in *instance) kill(reason string) {
	err := error(&load.CrashError{Reason: reason})
	in.crash.Store(&err)
}

func newLoader(t testing.TB, w *world, change ...func(*load.Config)) *load.Loader {
	t.Helper()
	config := load.Config{Path: find.Path{w}, Engines: []engine.Engine{w}}
	for _, f := range change {
		f(&config)
	}
	l, err := load.New(config)
	require.NoError(t, err)
	t.Cleanup(func() {
		assert.NoError(t, l.Close(context.Background()))
	})
	return l
}

func mustLoad(t testing.TB, l *load.Loader, name string) *load.Module {
	t.Helper()
	m, err := l.Load(t.Context(), name)
	require.NoError(t, err)
	return m
}

// shop is an installer of one release of each of its modules, which the world then runs, and a
// completer. It writes nothing.
type shop struct {
	resolve  error // what Resolve answers, if not nil
	resolved atomic.Int32
}

func (s *shop) String() string { return "shop" }

func (s *shop) Claims(name find.Name) bool { return filepath.Ext(name.Target) == ".com" }

func (s *shop) Resolve(_ context.Context, _ *install.Session, name find.Name) (*install.Release, error) {
	s.resolved.Add(1)
	if s.resolve != nil {
		return nil, s.resolve
	}
	return &install.Release{Name: name, Package: name.Target, Module: name.Target, Version: "v1.0.0", Why: "the latest release", Origin: "shop"}, nil
}

func (s *shop) Install(ctx context.Context, _ *install.Session, r *install.Release) (*load.Spec, error) {
	return &load.Spec{
		Name: r.Package, Module: r.Module, Version: r.Version, Why: r.Why, Origin: r.Origin,
		Source:    find.Source{Kind: "fake", Hash: "fake:" + r.Package},
		BuildList: []find.ModuleVersion{{Path: r.Module, Version: r.Version, Sum: "h1:x="}},
	}, nil
}

func (s *shop) Complete(_ context.Context, _ *install.Session, spec *load.Spec) (*load.Spec, error) {
	complete := *spec
	complete.Source.Hash = "completed:" + spec.Name
	return &complete, nil
}

// press is an engine with a compile step: Open prints what was compiled into its instance.
type press struct {
	compiles    atomic.Int32
	fingerprint string
}

func (p *press) Name() string { return "press" }

func (p *press) Accepts(src find.Source) bool { return src.Kind == "fake" }

func (p *press) Fingerprint() string { return p.fingerprint }

func (p *press) Isolation() engine.Isolation {
	return engine.Isolation{Level: "partial", Measures: []engine.Measure{
		{Name: "files", InForce: true, How: "landlock"},
		{Name: "network", Why: "the kernel has no seccomp"},
	}}
}

func (p *press) Compile(_ context.Context, src find.Source, dir string) error {
	p.compiles.Add(1)
	return os.WriteFile(filepath.Join(dir, "plate"), []byte(src.Hash), 0o644)
}

func (p *press) Open(_ context.Context, a engine.Artifact, _ engine.Importer) (engine.Instance, error) {
	if _, err := a.Files.ReadFile("plate"); err != nil {
		return nil, err
	}
	return &instance{}, nil
}

var errBroken = errors.New("it is broken")

func names(l *load.Loader) []string {
	var all []string
	for m := range l.Modules() {
		all = append(all, m.String())
	}
	return slices.Clip(all)
}
