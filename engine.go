package load

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync/atomic"
	"time"

	"github.com/loadgo/load/store"
)

// Engine opens artifacts as running instances. Engines are safe for concurrent use.
type Engine interface {
	// Name is the engine's short name: "goprocess".
	Name() string
	// Accepts tells whether the engine can run the source, by its content and never by executing it.
	Accepts(Source) bool
	// Open starts the artifact and runs the module's initialisation. A panic, a trap or an exit there is
	// an [*InitError].
	Open(ctx context.Context, a Artifact, imp Importer) (Instance, error)
}

// Compiler is an optional ability of an engine: it makes an artifact that the store keeps.
type Compiler interface {
	// Fingerprint changes whenever the output of Compile would for an unchanged source. It is cheap:
	// every load asks for it.
	Fingerprint() string
	// Compile writes the artifact's files into the empty directory dir. An error in the module's code is
	// a [*CompileError].
	Compile(ctx context.Context, src Source, dir string) error
}

// Released is an optional ability of a [Compiler] whose toolchain has releases. Where there is none,
// what any release made is opened.
type Released interface {
	// Release is the toolchain's, as in "go1.26.8". The error is why there is no toolchain.
	Release() (string, error)
	// FingerprintOf is what Fingerprint is with another release.
	FingerprintOf(release string) string
}

// Artifact is a module ready to be opened.
type Artifact struct {
	Spec *Spec
	// Files are the verified files that the engine compiled; nil for an engine without a compile step.
	Files *store.Artifact
	// Derive returns what was made of Files under a key before, by this process or another, or lets make
	// write it into the empty directory dir and keeps it. It is nil where the loader has no store. Files of
	// it are verified when they are opened; where Open returns the [*store.DamagedError] of one, the
	// loader takes it out of the store and opens the artifact again, once.
	Derive func(ctx context.Context, key string, make func(ctx context.Context, dir string) error) (*store.Artifact, error)
	// Limits bound what the module may use, by what the program says and by what policies say.
	Limits Limits
	// WorkDir is an empty directory for a module that runs as a process; "" where the loader has no store.
	WorkDir string
	// Grants is what a policy gives this module beyond what the engine gives to all (its limits are in Limits); RequireIsolation refuses to
	// run it without every restriction. Only a [Granter] is given either.
	Grants           Grants
	RequireIsolation bool
}

// Preparer is an optional ability of an engine that derives further files from an artifact: Prepare does
// that ahead of Open, so that an installed module starts at once.
type Preparer interface {
	Prepare(ctx context.Context, a Artifact) error
}

// Importer lets an engine load further modules while one is loading or running. It carries the import
// chain, so that cycles are found and errors show "a → b → c".
type Importer interface {
	Import(ctx context.Context, name string) (Imported, error)
}

// Imported is a module that another one has imported. [Instance] says what the methods do.
type Imported interface {
	Name() string
	Symbols() []Symbol
	Bind(symbol string, t reflect.Type) (reflect.Value, error)
	Call(ctx context.Context, symbol string, args ...any) ([]any, error)
}

// Instance is a running module. Instances are safe for concurrent use.
type Instance interface {
	// Symbols lists what the module exports, sorted by name. The caller does not change it.
	Symbols() []Symbol
	// Bind makes the symbol available as a value of type t: a function type for a function, the type of
	// the value for a variable or a constant. A type that does not fit is a [*SymbolError], and nothing runs.
	Bind(symbol string, t reflect.Type) (reflect.Value, error)
	// Call calls a function with arguments whose types are checked now, and returns its results as the
	// Go values that come closest: plain data as itself, everything else as an [*Object]. A trailing
	// error result is returned as err and is not part of the results.
	Call(ctx context.Context, symbol string, args []any) (results []any, err error)
	// Close stops the instance and frees everything it holds. It is idempotent.
	Close(ctx context.Context) error
}

// Assigner is an optional ability of an instance: it sets variables.
type Assigner interface {
	Assign(ctx context.Context, symbol string, value any) error
}

// Configured is an optional ability of an engine: Valid returns what is wrong with how it was
// configured, such as a limit below what any module needs to start. [New] refuses the engine then.
type Configured interface {
	Valid() error
}

// Memory is how much memory a module uses.
type Memory struct {
	Now  int64  `json:"now"`            // bytes
	Peak int64  `json:"peak"`           // the most there was, in bytes, or 0 where that is not known
	From string `json:"from,omitempty"` // what was measured: "resident memory of its process"; "" where nothing was
}

// Measurable is an optional ability of an instance: it tells how much memory the module uses. What shares the host's heap
// cannot tell.
type Measurable interface {
	Memory() Memory
}

// Holder is an optional ability of an instance: it reports whether the module refers to functions
// or other values of the host, so that it may call them at any time.
type Holder interface {
	Holds() bool
}

// Isolated is an optional ability of an instance: it tells what keeps the module from the host.
type Isolated interface {
	Isolation() Isolation
}

// Trier is an optional ability of an engine: Try tells what would keep a module from the host, by
// trying it without the module. The artifact's Files may be missing.
type Trier interface {
	Try(a Artifact) Isolation
}

// Isolation describes what keeps a module away from its host and machine.
type Isolation struct {
	// Level sums the measures up: "full" when everything that the engine can restrict is restricted,
	// "partial" when the system offers only some of it, "none".
	Level string `json:"level"`
	// Measures lists each restriction and whether it is in force.
	Measures []Measure `json:"measures"`
}

// Measure is one restriction of an [Isolation].
type Measure struct {
	Name    string `json:"name"`              // "files", "network", "programs", "signals", "processes", "memory", …
	InForce bool   `json:"in_force"`          //
	How     string `json:"how"`               // "landlock", "seccomp", "rlimit"
	Why     string `json:"why,omitempty"`     // why it is not in force
	Granted bool   `json:"granted,omitempty"` // the module was given this
}

// Crashable is an optional ability of an instance: Crash returns where the instance keeps the error that
// ended it, nil as long as it can be used. The error is there before anything of the instance returns
// [ErrCrashed]; the loader, which looks at every look-up, then makes a fresh instance on the next load.
type Crashable interface {
	Crash() *atomic.Pointer[error]
}

// choose returns the engine that runs the module.
func (l *Loader) choose(spec *Spec) (Engine, error) {
	engine, answers := l.chooseAmong(spec)
	if engine != nil {
		return engine, nil
	}
	err := &EngineError{Kind: spec.Source.Kind, Fix: "set Config.Engines to one that takes it"}
	for _, a := range answers {
		err.Tried = append(err.Tried, Tried{Who: a.Engine, Answer: a.Why})
	}
	return nil, err
}

// chooseAmong asks every engine: the first that accepts the source and is not ruled out is chosen.
func (l *Loader) chooseAmong(spec *Spec) (Engine, []EngineAnswer) {
	src, wanted, who := spec.Source, l.config.Engine, "Config.Engine"
	if spec.Engine != "" {
		wanted, who = spec.Engine, "the load"
	}
	var chosen Engine
	var answers []EngineAnswer
	for _, engine := range l.config.Engines {
		a := EngineAnswer{Engine: engine.Name()}
		switch {
		case wanted != "" && wanted != a.Engine:
			a.Why = fmt.Sprintf("%s asks for %s", who, wanted)
		case !engine.Accepts(src):
			a.Why = fmt.Sprintf("it does not take this source (%s)", src.Kind)
		case chosen != nil:
			a.Why = fmt.Sprintf("it takes the source, and %s comes first", chosen.Name())
		default:
			chosen, a.Chosen, a.Why = engine, true, "the first that takes the source"
			if wanted != "" {
				a.Why = who + " asks for it"
			}
		}
		answers = append(answers, a)
	}
	return chosen, answers
}

// artifactKey identifies what compiling the source would produce.
func artifactKey(engine Engine, fingerprint string, src Source) string {
	parts := []string{src.Hash, engine.Name(), fingerprint}
	if src.Go != nil { // the versions of companions are part of the hash
		for _, c := range src.Go.Along {
			parts = append(parts, "along "+c.Alias+"="+c.Path)
		}
		for _, instance := range src.Go.Instances {
			parts = append(parts, "instance "+instance)
		}
	}
	return store.Key(parts...)
}

// compile returns the artifact of a spec, from the store or made now; nil for an engine that compiles
// nothing. With artifactOnly it makes none: the source may have changed since it was compiled.
func (l *Loader) compile(ctx context.Context, engine Engine, spec *Spec, artifactOnly bool) (*store.Artifact, error) {
	compiler, ok := engine.(Compiler)
	switch {
	case !ok && artifactOnly && spec.Source.Kind != KindBuiltin:
		return nil, errNoArtifact
	case !ok:
		return nil, nil
	case l.config.Store == nil:
		return nil, &ConfigError{Setting: "Config.Store", Reason: engine.Name() + " has no store to compile into"}
	case spec.Source.Hash == "":
		return nil, &ConfigError{Setting: "Config.Installers", Reason: "none of them completes a source found in place (" + spec.Origin + ")"}
	}
	start := time.Now()
	ctx = withEvicted(ctx, spec.Name)
	files, made, err := l.config.Store.Artifact(ctx, artifactKey(engine, compiler.Fingerprint(), spec.Source), func(ctx context.Context, dir string) error {
		if artifactOnly {
			return errNoArtifact
		}
		if err := l.checkSources(spec); err != nil {
			return err
		}
		release, err := l.config.Store.Slot(ctx, "compile")
		if err != nil {
			return err
		}
		defer release()
		return compiler.Compile(ctx, spec.Source, dir)
	})
	if err != nil {
		if _, other := l.compiledBefore(engine, spec); other != nil {
			return other, nil
		}
		return nil, err
	}
	if made {
		Emit(ctx, Compiled{Name: spec.Name, Engine: engine.Name(), Bytes: files.Size(), Took: time.Since(start)})
		l.noteRelease(ctx, engine)
	}
	return files, nil
}

// start compiles and opens a spec. An artifact that turns out to be damaged is made again, once.
func (l *Loader) start(ctx context.Context, spec *Spec, artifactOnly bool, imp importer) (*Module, error) {
	engine, err := l.choose(spec)
	if err != nil {
		return nil, err
	}
	m, err := l.open(ctx, engine, spec, artifactOnly, imp)
	var damaged *store.DamagedError
	var nested *LoadError // of an import, which had its second try
	if !errors.As(err, &damaged) || errors.As(err, &nested) {
		return m, err
	}
	if l.config.Store == nil {
		return nil, err
	}
	if evictErr := l.config.Store.Evict(damaged.Key); evictErr != nil {
		return nil, errors.Join(err, evictErr)
	}
	Emit(ctx, Evicted{Name: spec.Name, Reason: damaged.Error()})
	return l.open(ctx, engine, spec, artifactOnly, imp)
}

func (l *Loader) open(ctx context.Context, engine Engine, spec *Spec, artifactOnly bool, imp importer) (*Module, error) {
	granted, isolated, err := l.grants(engine, spec)
	if err != nil {
		return nil, err
	}
	begin := time.Now()
	files, err := l.compile(ctx, engine, spec, artifactOnly)
	if err != nil {
		return nil, err
	}
	artifact := l.artifact(engine, spec, files)
	artifact.Grants, artifact.RequireIsolation = granted, isolated
	artifact.Limits = limitsWithin(artifact.Limits, granted)
	start := time.Now()
	instance, err := engine.Open(ctx, artifact, imp)
	if err != nil {
		return nil, err
	}
	m := newModule(l, spec, engine.Name(), instance)
	m.artifactOnly, m.imports, m.loaded = artifactOnly, imp.imports, time.Now()
	m.stages = Stages{Compile: start.Sub(begin), Open: m.loaded.Sub(start)}
	m.stages.Total = m.loaded.Sub(begin)
	if files != nil {
		m.artifactSize = files.Size()
	}
	Emit(ctx, Opened{Name: spec.Name, Engine: engine.Name(), Isolation: m.Isolation().Level, Took: time.Since(start)})
	return m, nil
}

// artifact hands compiled files to an engine.
func (l *Loader) artifact(engine Engine, spec *Spec, files *store.Artifact) Artifact {
	a := Artifact{Spec: spec, Files: files}
	if l.config.Limits != nil {
		a.Limits = l.config.Limits(spec)
	}
	if l.config.Store == nil {
		return a
	}
	a.WorkDir = l.config.Store.EmptyDir()
	if files != nil {
		a.Derive = func(ctx context.Context, key string, make func(context.Context, string) error) (*store.Artifact, error) {
			start := time.Now()
			ctx = withEvicted(ctx, spec.Name)
			derived, made, err := l.config.Store.Artifact(ctx, store.Key("derived", files.Key(), key), make)
			if made && err == nil {
				Emit(ctx, Compiled{Name: spec.Name, Engine: engine.Name(), Bytes: derived.Size(), Took: time.Since(start)})
			}
			return derived, err
		}
	}
	return a
}

// withEvicted lets the store's evictions of a module's files be events.
func withEvicted(ctx context.Context, name string) context.Context {
	return store.WithEvict(ctx, func(damaged *store.DamagedError) { Emit(ctx, Evicted{Name: name, Reason: damaged.Error()}) })
}

// EngineError reports a source that no engine takes.
type EngineError struct {
	Kind  Kind
	Tried []Tried // every engine's answer, in order
	Fix   string
}

func (e *EngineError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "no engine for source of kind %q", string(e.Kind))
	for _, t := range e.Tried {
		fmt.Fprintf(&b, "\n\t%s: %s", t.Who, t.Answer)
	}
	if e.Fix != "" {
		b.WriteString("\n\t" + e.Fix)
	}
	return b.String()
}
