package load

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/event"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/internal/plan"
	"github.com/loadgo/load/report"
	"github.com/loadgo/load/store"
)

// choose returns the engine that runs the module.
func (l *Loader) choose(spec *Spec) (engine.Engine, error) {
	engine, answers := l.chooseAmong(spec)
	if engine != nil {
		return engine, nil
	}
	err := &EngineError{Kind: spec.Source.Kind, Fix: "set Config.Engines to one that takes it"}
	for _, a := range answers {
		err.Tried = append(err.Tried, find.Tried{Who: a.Engine, Answer: a.Why})
	}
	return nil, err
}

// chooseAmong asks every engine: the first that accepts the source and is not ruled out is chosen.
func (l *Loader) chooseAmong(spec *Spec) (engine.Engine, []report.EngineAnswer) {
	src, wanted, who := spec.Source, l.config.Engine, "Config.Engine"
	if spec.Engine != "" {
		wanted, who = spec.Engine, "the load"
	}
	if prepared := l.preparedFor(spec); wanted == "" && prepared != "" {
		wanted, who = prepared, "what was prepared"
	}
	var chosen engine.Engine
	var answers []report.EngineAnswer
	for _, engine := range l.config.Engines {
		a := report.EngineAnswer{Engine: engine.Name()}
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
func artifactKey(eng engine.Engine, fingerprint string, src find.Source) string {
	parts := []string{src.Hash, eng.Name(), fingerprint}
	if src.Go != nil { // the versions of companions are part of the hash
		for _, c := range src.Go.Along {
			parts = append(parts, "along "+c.Alias+"="+c.Path)
		}
		for _, instance := range src.Go.Instances {
			parts = append(parts, "instance "+instance)
		}
		if src.Go.Expression != "" {
			parts = append(parts, "expression "+src.Go.Expression)
		}
	}
	return store.Key(parts...)
}

// compile returns the artifact of a spec, from the store or made now; nil for an engine that
// compiles nothing. With artifactOnly it makes none: the source may have changed since it was
// compiled.
func (l *Loader) compile(ctx context.Context, eng engine.Engine, spec *Spec, artifactOnly bool) (*store.Artifact, error) {
	compiler, ok := eng.(engine.Compiler)
	switch {
	case !ok && artifactOnly && spec.Source.Kind != find.KindBuiltin:
		return nil, errNoArtifact
	case !ok:
		return nil, nil
	}
	if files := l.fromBundle(eng, compiler, spec); files != nil {
		return files, nil
	}
	switch {
	case spec.Source.Prepared:
		return nil, notPrepared(eng, spec)
	case l.config.Store == nil:
		return nil, &ConfigError{Setting: "Config.Store", Reason: eng.Name() + " has no store to compile into"}
	case spec.Source.Hash == "":
		return nil, &ConfigError{Setting: "Config.Installers", Reason: "none of them completes a source found in place (" + spec.Origin + ")"}
	}
	start := time.Now()
	release, missing := l.toolchain(eng, spec)
	files, made, err := l.artifacts(spec.Name).Artifact(ctx, artifactKey(eng, fingerprint(compiler, release), spec.Source), func(ctx context.Context, dir string) error {
		if artifactOnly {
			return errNoArtifact
		}
		if err := l.checkSources(spec); err != nil {
			return err
		}
		means := engine.Means{}
		if missing != nil {
			if _, other := l.compiledBefore(eng, spec); other != nil {
				return missing // what another release made does as well
			}
			var err error
			if means.GOROOT, err = l.goroot(ctx, release, missing); err != nil {
				return err
			}
		}
		processors, done, err := l.config.Store.Slot(ctx, "compile")
		if err != nil {
			return err
		}
		defer done()
		means.Processors = processors
		if err := compileWith(ctx, compiler, means, spec.Source, dir); err != nil {
			return err
		}
		if release == "" {
			return nil
		}
		// Before the artifact exists: a process that is killed in between notes it again.
		return l.config.Store.NoteRelease(ctx, release)
	})
	if err != nil {
		if _, other := l.compiledBefore(eng, spec); other != nil {
			return other, nil
		}
		return nil, err
	}
	if made {
		l.emit(event.Compiled{Name: spec.Name, Engine: eng.Name(), Bytes: files.Size(), Took: time.Since(start)})
	}
	return files, nil
}

// compileWith compiles with what the compiler is given, where it takes anything.
func compileWith(ctx context.Context, c engine.Compiler, means engine.Means, src find.Source, dir string) error {
	if e, ok := c.(engine.Equipped); ok {
		return e.CompileWith(ctx, means, src, dir)
	}
	return c.Compile(ctx, src, dir)
}

// fingerprint is that of a compiler with a release of its toolchain, "" where it has none.
func fingerprint(c engine.Compiler, release string) string {
	if released, ok := c.(engine.Released); ok {
		return released.FingerprintOf(release)
	}
	return c.Fingerprint()
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
	l.emit(event.Evicted{Name: spec.Name, Reason: damaged.Error()})
	return l.open(ctx, engine, spec, artifactOnly, imp)
}

func (l *Loader) open(ctx context.Context, eng engine.Engine, spec *Spec, artifactOnly bool, imp importer) (*Module, error) {
	granted, isolated, err := l.grants(eng, spec)
	if err != nil {
		return nil, err
	}
	begin := time.Now()
	files, err := l.compile(ctx, eng, spec, artifactOnly)
	if err != nil {
		return nil, err
	}
	artifact := l.artifact(eng, spec, files)
	artifact.Grants, artifact.RequireIsolation = granted, isolated
	artifact.Limits = limitsWithin(artifact.Limits, granted)
	var opened atomic.Pointer[Module]
	artifact.Events = l.seeing(opened.Load)
	start := time.Now()
	instance, err := eng.Open(ctx, artifact, imp)
	if err != nil {
		return nil, err
	}
	m := newModule(l, spec, eng.Name(), instance)
	opened.Store(cmp.Or(imp.parent, m))
	m.grants, m.limits = granted, artifact.Limits
	m.artifactOnly, m.imports, m.loaded = artifactOnly, imp.imports, time.Now()
	m.stages = report.Stages{Compile: start.Sub(begin), Open: m.loaded.Sub(start)}
	m.stages.Total = m.loaded.Sub(begin)
	if files != nil {
		m.artifactSize = files.Size()
	}
	l.emit(event.Opened{Name: spec.Name, Engine: eng.Name(), Isolation: m.Isolation().Level, Took: time.Since(start)})
	return m, nil
}

// artifact hands compiled files to an engine.
func (l *Loader) artifact(eng engine.Engine, spec *Spec, files *store.Artifact) engine.Artifact {
	a := engine.Artifact{Spec: spec, Files: files, Events: l.config.Events}
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
			derived, made, err := l.artifacts(spec.Name).Artifact(ctx, store.Key("derived", files.Key(), key), make)
			if made && err == nil {
				l.emit(event.Compiled{Name: spec.Name, Engine: eng.Name(), Bytes: derived.Size(), Took: time.Since(start)})
			}
			return derived, err
		}
	}
	return a
}

// artifacts is the store, which tells of what it evicts of a module.
func (l *Loader) artifacts(name string) *store.Store {
	return l.config.Store.Telling(store.Hooks{
		Evicted: func(damaged *store.DamagedError) { l.emit(event.Evicted{Name: name, Reason: damaged.Error()}) },
	})
}

// EngineError reports a source that no engine takes.
type EngineError struct {
	Kind  find.Kind
	Tried []find.Tried // every engine's answer, in order
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

// compiledBefore returns what some release compiled of a source, if there is no toolchain to
// compile it now, and that release.
func (l *Loader) compiledBefore(eng engine.Engine, spec *Spec) (string, *store.Artifact) {
	released, ok := eng.(engine.Released)
	if !ok || l.config.Store == nil || spec.Source.Hash == "" || l.toolchainAsked() != "" {
		return "", nil
	}
	if _, missing := released.Release(); missing == nil {
		return "", nil
	}
	for _, release := range l.config.Store.Releases() {
		key := artifactKey(eng, released.FingerprintOf(release), plan.OfRelease(spec, release).Source)
		if files, err := l.config.Store.Lookup(key); err == nil && files != nil {
			return release, files
		}
	}
	return "", nil
}

// asCompiled returns a standard package as that of the release that compiles it, where that is not
// the toolchain in which it was found: the one that is asked for or, without a toolchain, the one
// that compiled it before.
func (l *Loader) asCompiled(spec *Spec) *Spec {
	asked := l.toolchainAsked()
	if !plan.Standard(spec) || spec.Source.Dir != "" && asked == "" || spec.Source.Prepared {
		return spec
	}
	if asked != "" {
		return plan.OfRelease(spec, asked)
	}
	engine, err := l.choose(spec)
	if err != nil {
		return spec // the load says so
	}
	if release, _ := l.compiledBefore(engine, spec); release != "" {
		return plan.OfRelease(spec, release)
	}
	return spec
}

// checkSources reads the installed sources that a module is compiled from: an artifact is keyed by
// their sums as long as it is there, so that they have to be right once.
func (l *Loader) checkSources(spec *Spec) error {
	err := l.config.Store.CheckTree(spec.Source.Dir)
	if g := spec.Source.Go; err == nil && g != nil && g.ModCache == l.config.Store.ModDir() {
		var modules []store.RecordModule
		for _, m := range spec.BuildList {
			if !find.IsURL(m.Path) { // no tree, which is checked by now
				modules = append(modules, store.RecordModule(m))
			}
		}
		err = l.config.Store.CheckModules(modules)
	}
	var changed *store.ChangedError
	if !errors.As(err, &changed) {
		return err
	}
	return &ChecksumError{
		Subject: changed.Name, Want: changed.Want, Got: changed.Got, Where: "in the store", By: "when it was installed",
		Fix: "somebody, or a failing disk, changed it in the store, and nothing of it was used; run `load verify -repair`, and then load it again",
	}
}
