package load

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/loadgo/load/store"
)

// Config says where a [Loader] looks, what it may install and what runs the modules. The zero Config
// makes a loader that knows no module; package standard fills in what is left empty. New copies it.
type Config struct {
	Path       Path        // the finders, in order
	Installers []Installer // asked, in order, when the path does not know a name
	Engines    []Engine    // the first that accepts a source runs it

	// Store keeps what is installed and compiled. Without one nothing can be.
	Store *store.Store

	// Events receives what happens; nil keeps the sink of each call's context, see [WithSink].
	Events Sink

	// NoInstall turns automatic installs off: a name that the path does not know is not found.
	NoInstall bool

	// Engine is the name of the only engine to use; "" leaves the choice to their order.
	Engine string
}

// Loader loads modules by name and keeps them. All methods are safe for concurrent use.
type Loader struct {
	config Config
	cache  cache
}

// New makes a loader. It does no I/O. The error is a [*ConfigError].
func New(config Config) (*Loader, error) {
	config.Path = slices.Clone(config.Path)
	config.Installers = slices.Clone(config.Installers)
	config.Engines = slices.Clone(config.Engines)
	if slices.Contains(config.Path, nil) {
		return nil, &ConfigError{Setting: "Config.Path", Reason: "it holds a nil finder"}
	}
	if slices.Contains(config.Installers, nil) {
		return nil, &ConfigError{Setting: "Config.Installers", Reason: "it holds a nil installer"}
	}
	var names []string
	for _, engine := range config.Engines {
		if engine == nil {
			return nil, &ConfigError{Setting: "Config.Engines", Reason: "it holds a nil engine"}
		}
		if slices.Contains(names, engine.Name()) {
			return nil, &ConfigError{Setting: "Config.Engines", Reason: "it holds two engines named " + engine.Name()}
		}
		names = append(names, engine.Name())
	}
	if config.Engine != "" && !slices.Contains(names, config.Engine) {
		return nil, &ConfigError{Setting: "Config.Engine", Reason: fmt.Sprintf("there is no engine %q; the engines are %q", config.Engine, names)}
	}
	l := &Loader{config: config}
	l.cache.init()
	return l, nil
}

// Load returns the module of that name, as [ParseName] reads names: the running one where there is one,
// or else it is found, installed if need be, compiled, executed and registered. Any number of goroutines
// that ask at once share one load, which ends early only when each of them has gone. Where ctx ends
// first, the error is the context's cause. A failed load is forgotten: the next call tries again. A
// registered module is returned whatever the state of ctx.
//
// A module is registered under the name asked for, under its alias, under its canonical name with its
// version and, where no version was asked for, without. Names that lead to the same module and version
// share one instance; different versions live side by side. A relative directory keeps the meaning it
// had when it was first loaded. A module that is built with something, as the options say, is one of its
// own and registered apart from the one without; its alias alone leads to it without the options.
//
// Every error is a [*LoadError] that shows the chain of imports.
func (l *Loader) Load(ctx context.Context, name string, options ...LoadOption) (*Module, error) {
	if len(options) == 0 {
		// The quick part of cache.get, in place: calling it would cost a quarter of the look-up.
		if m := (*l.cache.modules.Load())[name]; m != nil && m.crash.Load() == nil {
			return m, nil
		}
	}
	return l.load(ctx, name, options, nil)
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

// load is Load beyond the quick look-up. from is the flight whose module imports the name, or nil.
func (l *Loader) load(ctx context.Context, asked string, options []LoadOption, from *flight) (*Module, error) {
	if m := l.cache.get(asked); m != nil && len(options) == 0 {
		return m, nil
	}
	name, err := parseRequest(asked, options)
	if err != nil {
		return nil, loadError(asked, err)
	}
	with := builtWith(name.Along, name.Instances)
	if m := l.cache.get(asked + with); m != nil {
		return m, nil
	}
	key := name.String()
	if name.Form == FormDir {
		if key, err = filepath.Abs(name.Target); err != nil {
			return nil, loadError(asked, err)
		}
	}
	if ctx.Err() != nil {
		return nil, loadError(name.String(), context.Cause(ctx))
	}
	key += with
	l.cache.reap(ctx, key)
	m, err := l.cache.load(ctx, key, name.String(), from, func(ctx context.Context, f *flight) (*Module, error) {
		return l.fly(ctx, name, f)
	})
	if err != nil {
		return nil, loadError(name.String(), err)
	}
	if name.Alias != "" {
		if by := l.cache.alias(m, name.Alias); by.spec.identity() != m.spec.identity() {
			return nil, loadError(asked, &NameError{Name: asked, Reason: fmt.Sprintf("%s is the name of %s already", name.Alias, by)})
		}
	}
	l.cache.alias(m, asked+with)
	return m, nil
}

// fly is one load from the name to the module, shared by everyone who asked for it.
func (l *Loader) fly(ctx context.Context, name Name, f *flight) (m *Module, err error) {
	start := time.Now()
	ctx = l.context(ctx)
	defer func() {
		if err != nil {
			Emit(ctx, Failed{Name: f.name, Err: loadError(f.name, err), Took: time.Since(start)})
		}
	}()
	defer recovered(&err)

	spec, err := l.obtain(ctx, name)
	if err != nil {
		return nil, err
	}
	var further []string
	if name.Query == "" && name.Form != FormURL { // a URL has its version in itself
		further = append(further, spec.Name+builtWith(name.Along, name.Instances))
	}
	// The install may have ended at a module that runs already under another name.
	if m, err := l.cache.claim(ctx, f, spec.identity(), further...); m != nil || err != nil {
		return m, err
	}
	m, err = l.start(ctx, spec, importer{loader: l, flight: f})
	if err != nil {
		return nil, err
	}
	Emit(ctx, Loaded{Name: f.name, Canonical: spec.Name, Version: spec.Version, Took: time.Since(start)})
	return m, nil
}

// Find returns the answer of the path without loading, installing or completing anything.
func (l *Loader) Find(ctx context.Context, name string, options ...LoadOption) (spec *Spec, err error) {
	defer func() { err = loadError(name, err) }()
	defer recovered(&err)
	parsed, err := parseRequest(name, options)
	if err != nil {
		return nil, err
	}
	spec, tried, err := l.config.Path.find(l.context(ctx), parsed)
	if err == nil && spec == nil {
		err = l.notFound(parsed, append(tried, l.wouldInstall(parsed)...))
	}
	if err != nil {
		return nil, err
	}
	return spec.with(parsed)
}

// Install finds the module or installs it, with everything it imports, and compiles it, so that a later
// Load needs no network and no compiler. Nothing of the module runs.
func (l *Loader) Install(ctx context.Context, name string, options ...LoadOption) (spec *Spec, err error) {
	defer func() { err = loadError(name, err) }()
	defer recovered(&err)
	parsed, err := parseRequest(name, options)
	if err != nil {
		return nil, err
	}
	ctx = l.context(ctx)
	if spec, err = l.obtain(ctx, parsed); err != nil {
		return nil, err
	}
	engine, err := l.choose(spec.Source)
	if err != nil {
		return nil, err
	}
	if _, err := l.compile(ctx, engine, spec); err != nil {
		return nil, err
	}
	return spec, nil
}

// Modules lists the modules that run, each once, sorted by name and version.
func (l *Loader) Modules() iter.Seq[*Module] {
	return func(yield func(*Module) bool) {
		for _, m := range l.cache.all() {
			if !m.crashed() && !yield(m) {
				return
			}
		}
	}
}

// Unload takes the module of that name out of the cache, under all its names, and closes it: everything
// of it answers [ErrUnloaded] from then on. A module that is built with something is named with the options
// that it was loaded with. A name that is not loaded is no error. A load of the name that is under way is
// not disturbed.
func (l *Loader) Unload(ctx context.Context, name string, options ...LoadOption) error {
	if len(options) > 0 {
		parsed, err := parseRequest(name, options)
		if err != nil {
			return fmt.Errorf("unload %s: %w", name, err)
		}
		name += builtWith(parsed.Along, parsed.Instances)
	}
	m := (*l.cache.modules.Load())[name]
	if m == nil || !l.cache.drop(m) {
		return nil
	}
	return l.unload(ctx, m)
}

func (l *Loader) unload(ctx context.Context, m *Module) error {
	err := m.close(ctx)
	Emit(l.context(ctx), Unloaded{Name: m.String()})
	if err != nil {
		return fmt.Errorf("unload %s: %w", m, err)
	}
	return nil
}

// Close ends the loads that are under way, waits for them, and closes every module. Loads after it
// return [ErrClosed]. It is idempotent. Where ctx ends first, the rest goes on in the background.
func (l *Loader) Close(ctx context.Context) error {
	modules, ended := l.cache.close()
	errs := make([]error, len(modules)+1)
	var wg sync.WaitGroup
	for i, m := range modules {
		wg.Go(func() { errs[i] = l.unload(ctx, m) })
	}
	wg.Wait()
	select {
	case <-ended:
	case <-ctx.Done():
		errs[len(modules)] = context.Cause(ctx)
	}
	return errors.Join(errs...)
}

// context leads the events of finders, installers, engines and the store to the loader's sink.
func (l *Loader) context(ctx context.Context) context.Context {
	if l.config.Events != nil {
		ctx = WithSink(ctx, l.config.Events)
	}
	return store.WithWait(ctx, func(lock string) { Emit(ctx, Waiting{Lock: lock}) })
}

// importer loads for the module of a flight.
type importer struct {
	loader *Loader
	flight *flight
}

func (i importer) Import(ctx context.Context, name string) (*Module, error) {
	return i.loader.load(ctx, name, nil, i.flight)
}
