package load

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/event"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/install"
	"github.com/loadgo/load/internal/artifact"
	"github.com/loadgo/load/internal/lock"
	"github.com/loadgo/load/internal/naming"
	"github.com/loadgo/load/internal/plan"
	"github.com/loadgo/load/internal/running"
	"github.com/loadgo/load/internal/watching"
	"github.com/loadgo/load/internal/weakset"
	"github.com/loadgo/load/policy"
	"github.com/loadgo/load/store"
)

// Config says where a [Loader] looks, what it may install and what runs the modules. The zero
// Config makes a loader that knows no module; package standard fills in what is left empty. New
// copies it.
type Config struct {
	Path       find.Path           // the finders, in order
	Bundles    []Bundle            // prepared modules, looked through before Path
	Installers []install.Installer // asked, in order, when the path does not know a name
	Engines    []engine.Engine     // the first that accepts a source runs it

	// Store keeps what is installed and compiled. Without one nothing can be.
	Store *store.Store

	// Remote is asked for what the store does not have before it is compiled; nil for none.
	Remote engine.Remote

	// Events receives what happens; nil drops it. Progress, if not nil, is told how much of each
	// file that is downloaded has arrived: from many goroutines, so it must not block for long.
	Events   Sink
	Progress func(install.Transfer)

	// MaxModules is how many modules run at a time, and MemoryLimit how much memory they use
	// together, in bytes, as their engines report it; 0 is no limit. Beyond it, what was not used
	// for the longest time is unloaded, if it is idle: no call of it runs, the host holds none of
	// its objects, no module imported it, and it is not pinned (see [Module.Pin]). Where that is
	// not enough, modules go on running, and an [event.Exceeded] event tells. A [Ref] loads its
	// module again at the next use; a function that was bound otherwise then answers [ErrUnloaded].
	MaxModules  int
	MemoryLimit int64

	// IdleTimeout is how long a module may be unused before it is unloaded; 0 keeps it. It is idle
	// as for MaxModules, and stays besides while it holds functions or other values of the host. It
	// is unloaded at most an eighth of the time late. A [Ref] loads it again at the next use; a
	// function that was bound otherwise then answers [ErrUnloaded].
	IdleTimeout time.Duration

	// Limits, where it is not nil, bounds what each module may use. It is asked at every start of
	// one.
	Limits func(*Spec) Limits

	// Notify makes what tells [Loader.Watch] of changes in directories: notify.New, of the package
	// of that name. It calls changed with the path of what has changed, or with "" for anything.
	Notify func(changed func(path string)) (Notifier, error)

	// Policies decide what may be installed and run, and what modules are given; each has to allow
	// a module, and what they grant adds up. They are not changed while the loader is in use.
	Policies []*policy.Policy

	// LockFile is the path of the lock file, see package lockfile; "" for none. A name that it
	// holds gets the version that it holds, with the sums that it holds. What else is installed is
	// added to it.
	LockFile string

	// Frozen never writes the lock file, and refuses what an installer brings or brought and is not
	// in it.
	Frozen bool

	// Offline keeps installers from the network: what is not here cannot be loaded.
	Offline bool

	// NoInstall turns automatic installs off: a name that the path does not know is not found.
	NoInstall bool

	// Toolchain is the Go toolchain that compiles. "" is "auto": the one that is here or, where
	// there is none or a module needs a newer one, the one that an installer brings into the store,
	// as the go command does; GOTOOLCHAIN=local in the go command's configuration keeps it from
	// that, and so does "local". A release, such as "go1.26.8", is that one, brought if need be.
	Toolchain string

	// Aliases are further names of modules, as [Loader.Alias] takes them: "yaml":
	// "gopkg.in/yaml.v3".
	Aliases map[string]string

	// Engine is the name of the only engine to use; "" leaves the choice to their order.
	Engine string
}

// Loader loads modules by name and keeps them. All methods are safe for concurrent use.
type Loader struct {
	config Config
	names  *naming.Names
	cache  running.Table[Module]

	artifacts artifact.Maker

	reloading chan struct{} // holds a token while a reload is under way

	watching sync.Once   // begins to watch the memory
	exceeds  atomic.Bool // the limits are exceeded

	watchers  watching.Set
	followers weakset.Set[follower]
	looking   looking

	closing chan struct{} // closed when Close begins
	ending  sync.Once

	// life is the context of background work. It ends when Close cannot wait any longer, or has
	// waited.
	life  context.Context
	hurry context.CancelFunc

	lock  lock.File
	letGo func() // of the store, called when Close is done
}

// New makes a loader. It does no I/O. The error is a [*ConfigError].
func New(config Config) (*Loader, error) {
	path, err := withBundles(config.Bundles, config.Path)
	if err != nil {
		return nil, err
	}
	config.Path, config.Bundles = path, slices.Clone(config.Bundles)
	config.Installers = slices.Clone(config.Installers)
	config.Engines = slices.Clone(config.Engines)
	config.Policies = slices.Clone(config.Policies)
	if err := cmp.Or(
		plan.NoNil(config.Policies, "Config.Policies", "policy"), plan.NoNil(config.Path, "Config.Path", "finder"),
		plan.NoNil(config.Installers, "Config.Installers", "installer"), plan.NoNil(config.Engines, "Config.Engines", "engine"),
	); err != nil {
		return nil, err
	}
	for _, p := range config.Policies {
		if err := p.Check(); err != nil {
			return nil, &ConfigError{Setting: "Config.Policies", Reason: err.Error()}
		}
	}
	registries, err := policy.NewRegistries(config.Policies)
	if err != nil {
		return nil, &ConfigError{Setting: "Config.Policies", Reason: err.Error()}
	}
	var names []string
	for _, eng := range config.Engines {
		if slices.Contains(names, eng.Name()) {
			return nil, &ConfigError{Setting: "Config.Engines", Reason: "it holds two engines named " + eng.Name()}
		}
		if configured, ok := eng.(engine.Configured); ok && configured.Valid() != nil {
			return nil, &ConfigError{Setting: "Config.Engines", Reason: eng.Name() + ": " + configured.Valid().Error()}
		}
		names = append(names, eng.Name())
	}
	if config.Engine != "" && !slices.Contains(names, config.Engine) {
		return nil, &ConfigError{Setting: "Config.Engine", Reason: fmt.Sprintf("there is no engine %q; the engines are %q", config.Engine, names)}
	}
	if config.Frozen && config.LockFile == "" {
		return nil, &ConfigError{Setting: "Config.Frozen", Reason: "there is no Config.LockFile"}
	}
	if err := artifact.CheckToolchain(config.Toolchain); err != nil {
		return nil, err
	}
	if config.IdleTimeout < 0 {
		return nil, &ConfigError{Setting: "Config.IdleTimeout", Reason: fmt.Sprintf("%v is less than nothing; 0 keeps modules", config.IdleTimeout)}
	}
	l := &Loader{config: config, names: naming.New(registries)}
	if err := l.lock.Init(config.LockFile); err != nil {
		return nil, &ConfigError{Setting: "Config.LockFile", Reason: err.Error()}
	}
	l.cache.Init(entryOf, new(sync.Mutex))
	l.cache.Follows, l.cache.Ended = l.followers.Any, l.retireLater
	l.reloading, l.closing = make(chan struct{}, 1), make(chan struct{})
	l.life, l.hurry = context.WithCancel(context.Background())
	for _, alias := range slices.Sorted(maps.Keys(config.Aliases)) {
		if err := l.names.Alias(alias, config.Aliases[alias], func() bool { return false }); err != nil {
			return nil, &ConfigError{Setting: fmt.Sprintf("Config.Aliases[%q]", alias), Reason: err.Error()}
		}
	}
	l.config.Aliases = nil
	l.artifacts = artifact.Maker{
		Engines: config.Engines, Engine: config.Engine, Toolchain: config.Toolchain, Policies: config.Policies, LockFile: l.lock.Path, Events: config.Events, GOROOT: l.goroot, Remote: config.Remote, Offline: config.Offline,
	}
	for i, b := range config.Bundles {
		l.artifacts.Bundles = append(l.artifacts.Bundles, b)
		l.config.Path[i] = l.artifacts.Finder(b)
	}
	l.letGo = func() {}
	if config.Store != nil {
		l.letGo = config.Store.Hold()
		l.config.Store = artifact.Telling(config.Store, l.emit)
	}
	l.artifacts.Store = l.config.Store
	return l, nil
}

// Load returns the module of that name, as [find.ParseName] reads names: the running one where
// there is one, or else it is found, installed if need be, compiled, executed and registered. Any
// number of goroutines that ask at once share one load, which ends early only when each of them has
// gone. Where ctx ends first, the error is the context's cause. A failed load is forgotten: the
// next call tries again. A registered module is returned whatever the state of ctx.
//
// A module is registered under the name asked for, under its alias, under its canonical name with
// its version and, where no version was asked for, without. Names that lead to the same module and
// version share one instance; different versions live side by side. A relative directory keeps the
// meaning it had when it was first loaded. A module that is built with something, as the options
// say, is one of its own and registered apart from the one without; its alias alone leads to it
// without the options.
//
// Every error is a [*LoadError] that shows the chain of imports.
func (l *Loader) Load(ctx context.Context, name string, options ...LoadOption) (*Module, error) {
	if len(options) == 0 {
		if m := l.cache.Registered()[name]; m != nil && m.entry.Noted() && !m.entry.Crashed() {
			return m, nil
		}
	}
	return l.load(ctx, name, options, importer{})
}

// LoadAll loads several modules at once and returns them in the order of their names. A module that
// cannot be loaded is nil and does not stop the others; the errors are joined in the same order.
func (l *Loader) LoadAll(ctx context.Context, names ...string) ([]*Module, error) {
	modules, errs := make([]*Module, len(names)), make([]error, len(names))
	var wg sync.WaitGroup
	for i, name := range names {
		wg.Go(func() { modules[i], errs[i] = l.Load(ctx, name) })
	}
	wg.Wait()
	return modules, errors.Join(errs...)
}

// load is Load beyond the quick look-up, on behalf of the module that imports the name, if there is
// one.
func (l *Loader) load(ctx context.Context, asked string, options []LoadOption, by importer) (*Module, error) {
	if m := l.lookUp(asked, by.generation); m != nil && len(options) == 0 {
		m.entry.Use()
		return m, nil
	}
	r, err := l.request(asked, options)
	if err != nil {
		return nil, loadError(asked, err)
	}
	if r.name.Alias != "" && by.imports != nil {
		return nil, loadError(asked, &NameError{Name: asked, Reason: fmt.Sprintf("only the program gives names to modules: leave out %q", r.name.Alias+"=")})
	}
	if m := l.lookUp(asked+r.with, by.generation); m != nil {
		m.entry.Use()
		return m, nil
	}
	if err := cmp.Or(r.gone, context.Cause(ctx)); err != nil {
		return nil, loadError(r.name.String(), err)
	}
	if by.generation == nil {
		l.reap(ctx, r.key)
	}
	m, err := l.loadAs(ctx, r, r.key, by)
	if err != nil {
		return nil, err
	}
	c := l.table(by.generation)
	if by.generation != nil && !c.Holds(m) {
		return m, nil // it runs beside the generation, and may be unloaded meanwhile
	}
	if r.name.Alias != "" {
		if by := c.Alias(m, r.name.Alias); plan.Identity(by.entry.Spec) != plan.Identity(m.entry.Spec) {
			return nil, loadError(asked, &NameError{Name: asked, Reason: fmt.Sprintf("%s is the name of %s already", r.name.Alias, by)})
		}
	}
	c.Alias(m, asked+r.with)
	if m.entry.Use() && by.generation == nil {
		if l.limited() {
			l.keepWithin(ctx, m)
		}
		l.look()
		l.watchers.Look()
	}
	return m, nil
}

// loadAs returns the module of a key, or finds and starts it.
func (l *Loader) loadAs(ctx context.Context, r *request, key string, by importer) (*Module, error) {
	if g := by.generation; g != nil {
		if old := g.Replaces(key); old != nil {
			r, key = g.requests[old], plan.Identity(old.entry.Spec)
		}
	}
	name := r.name.String()
	m, err := l.table(by.generation).Load(ctx, key, name, by.flight, func(ctx context.Context, f *running.Flight[Module]) (m *Module, err error) {
		defer recovered(&err)
		return l.fly(ctx, r, f, by.generation)
	})
	return m, loadError(name, err)
}

// fly is one load from the request to the module, shared by everyone who asked for it.
func (l *Loader) fly(ctx context.Context, r *request, f *running.Flight[Module], g *generation) (m *Module, err error) {
	start := time.Now()
	defer func() {
		if err != nil && g == nil { // of a reload, Kept tells
			l.emit(event.Failed{Name: f.Name, Err: loadError(f.Name, err), Took: time.Since(start)})
		}
	}()
	defer recovered(&err)

	w, err := l.obtain(ctx, l.session(), r)
	if err != nil {
		return nil, err
	}
	spec := w.spec
	if g == nil {
		if spec, m, err = l.succeed(ctx, spec, f); err != nil {
			return nil, err
		}
		trial := m
		defer func() {
			if trial != nil && m != trial {
				_ = trial.entry.Close(context.WithoutCancel(ctx)) // nobody has seen it
			}
		}()
	}
	var further []string
	if r.name.Query == "" && r.name.Form != find.FormURL { // a URL has its version in itself
		further = append(further, spec.Name+r.with)
	}
	if m := l.lookUp(plan.Identity(spec), g); m != nil && g != nil {
		return m, nil // it runs already, and is not to be replaced
	}
	// The install may have ended at a module that runs already under another name.
	if m, err := l.table(g).Claim(ctx, f, plan.Identity(spec), further...); m != nil || err != nil {
		return m, err
	}
	if m == nil {
		m, err = l.start(ctx, spec, false, importer{loader: l, flight: f, imports: f.Imports, generation: g})
	} else {
		l.cache.Adopt(f, m)
	}
	if err != nil {
		return nil, err
	}
	m.request = r
	m.stages.Find, m.stages.Install, m.stages.Total = w.stages.Find, w.stages.Install, time.Since(start)
	l.emit(event.Loaded{Name: f.Name, Canonical: spec.Name, Version: spec.Version, Took: time.Since(start)})
	return m, nil
}

// Find returns the answer of the path without loading, installing or completing anything.
func (l *Loader) Find(ctx context.Context, name string, options ...LoadOption) (spec *Spec, err error) {
	defer func() { err = loadError(name, err) }()
	defer recovered(&err)
	r, err := l.request(name, options)
	if err != nil {
		return nil, err
	}
	w, err := l.walk(ctx, l.session(), r, atAnswer)
	if err != nil {
		return nil, err
	}
	return w.spec, nil
}

// emit sends an event to the loader's sink.
func (l *Loader) emit(e event.Event) { l.config.Events.Emit(e) }
