package artifact

import (
	"context"
	"errors"
	"time"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/event"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/install"
	"github.com/loadgo/load/store"
)

var errNoArtifact = errors.New("its artifact is gone from the store, and its source may have changed")

// Make returns the artifact, from the bundle, from the store, or made now; nil for an engine that
// compiles nothing. With artifactOnly it makes none: the source may have changed since it was
// compiled.
func (p *Plan) Make(ctx context.Context, artifactOnly bool) (*store.Artifact, error) {
	m, spec := p.maker, p.spec
	switch {
	case !p.Compiles() && artifactOnly && spec.Source.Kind != find.KindBuiltin:
		return nil, errNoArtifact
	case !p.Compiles() || p.bundled != nil:
		return p.bundled, nil
	case p.Key == "":
		return nil, &engine.ConfigError{Setting: "Config.Installers", Reason: "none of them completes a source found in place (" + spec.Origin + ")"}
	}
	start := time.Now()
	if !artifactOnly {
		p.settle(ctx)
	}
	files, made, err := m.trusted(ctx, spec, p.Key, func(ctx context.Context, dir string) error {
		if artifactOnly {
			return errNoArtifact
		}
		if passed := p.fetch(ctx, dir); passed != nil {
			return p.compile(ctx, dir, passed)
		}
		return nil
	})
	if err != nil {
		if _, other := m.compiledBefore(p.engine, spec); other != nil {
			return other, nil
		}
		return nil, err
	}
	switch took := time.Since(start); {
	case made && p.fetched:
		m.Events.Emit(event.Fetched{Name: spec.Name, Engine: p.engine.Name(), From: m.Remote.String(), Bytes: files.Size(), Took: took})
	case made:
		m.Events.Emit(event.Compiled{Name: spec.Name, Engine: p.engine.Name(), Bytes: files.Size(), Took: took})
	}
	return files, nil
}

// compile compiles the source into an empty directory. passed is why nothing was fetched.
func (p *Plan) compile(ctx context.Context, dir string, passed error) error {
	m, spec := p.maker, p.spec
	if err := m.checkSources(spec); err != nil {
		return err
	}
	means := engine.Means{}
	if p.missing != nil {
		if _, other := m.compiledBefore(p.engine, spec); other != nil {
			return p.missing // what another release made does as well
		}
		var err error
		if means.GOROOT, err = m.root(ctx, p.Release, p.missing); err != nil {
			return p.notPrepared(refused(err, passed))
		}
	}
	processors, done, err := m.Store.Slot(ctx, "compile")
	if err != nil {
		return err
	}
	defer done()
	means.Processors = processors
	if e, ok := p.compiler.(engine.Equipped); ok {
		err = e.CompileWith(ctx, means, spec.Source, dir)
	} else {
		err = p.compiler.Compile(ctx, spec.Source, dir)
	}
	if err != nil || p.Release == "" {
		return err
	}
	// Before the artifact exists: a process that is killed in between notes it again.
	return m.Store.NoteRelease(ctx, p.Release)
}

// Hand gives compiled files to an engine, without limits and grants.
func (m *Maker) Hand(eng engine.Engine, spec *find.Spec, files *store.Artifact) engine.Artifact {
	a := engine.Artifact{Spec: spec, Files: m.telling(spec, files), Events: m.Events, Trusted: m.trusts}
	if m.Store == nil {
		return a
	}
	a.WorkDir = m.Store.EmptyDir()
	if files == nil {
		return a
	}
	sum := files.Sum()
	if sum == "" {
		return a
	}
	a.Derive = func(ctx context.Context, key string, make func(context.Context, string) error) (*store.Artifact, error) {
		start := time.Now()
		// Not by its key: a bundle, another host or a compiler that was replaced may have made other
		// files of the same source, and code that was made of those is not the code of these.
		derived, made, err := m.of(spec).Artifact(ctx, store.Key("derived", sum, key), make)
		if made && err == nil {
			m.Events.Emit(event.Compiled{Name: spec.Name, Engine: eng.Name(), Bytes: derived.Size(), Took: time.Since(start)})
		}
		return m.telling(spec, derived), err
	}
	return a
}

// trusts lists what no module may write.
func (m *Maker) trusts() []string {
	files := []string{m.LockFile}
	if m.Store != nil {
		files = append(files, m.Store.Dir())
	}
	for _, p := range m.Policies {
		files = append(files, p.File())
	}
	for _, eng := range m.Engines {
		if t, ok := eng.(engine.Truster); ok {
			files = append(files, t.Trusts()...)
		}
	}
	return files
}

// Evict drops a damaged artifact of a spec, so that it is made again.
func (m *Maker) Evict(spec *find.Spec, damaged *store.DamagedError) error {
	if err := m.Store.Evict(damaged.Key); err != nil {
		return err
	}
	m.Events.Emit(event.Evicted{Name: spec.Name, Reason: damaged.Error()})
	return nil
}

// of is the store, which tells of what it evicts of a module.
func (m *Maker) of(spec *find.Spec) *store.Store {
	return m.Store.Telling(store.Hooks{
		Evicted: func(damaged *store.DamagedError) {
			m.Events.Emit(event.Evicted{Name: spec.Name, Reason: damaged.Error()})
		},
	})
}

// checkSources reads the installed sources that a module is compiled from: an artifact is keyed by
// their sums as long as it exists, so that they have to be right once.
func (m *Maker) checkSources(spec *find.Spec) error {
	began := time.Now()
	err := m.Store.CheckTree(spec.Source.Dir)
	if g := spec.Source.Go; err == nil && g != nil && g.ModCache == m.Store.ModDir() {
		var modules []store.RecordModule
		for _, m := range spec.BuildList {
			if !find.IsURL(m.Path) { // no tree, which is checked by now
				modules = append(modules, store.RecordModule(m))
			}
		}
		err = m.Store.CheckModules(modules)
	}
	var changed *store.ChangedError
	if !errors.As(err, &changed) {
		if err == nil {
			m.Events.Emit(event.Verified{Name: spec.Name, What: "sources", Took: time.Since(began)})
		}
		return err
	}
	return &install.ChecksumError{
		Subject: changed.Name, Want: changed.Want, Got: changed.Got, Where: "in the store", By: "when it was installed",
		Fix: "somebody, or a failing disk, changed it in the store, and nothing of it was used; run `load verify -repair`, and then load it again",
	}
}
