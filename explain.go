package load

import (
	"context"
	"errors"
	"fmt"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/install"
	"github.com/loadgo/load/internal/phrase"
	"github.com/loadgo/load/internal/plan"
	"github.com/loadgo/load/report"
)

// Explain asks every finder and, where none of them knows the name, the installer that claims it
// for the version. It installs, compiles and runs nothing. The explanation is there with an error
// too, as far as it goes: the error is the one that a load would meet.
func (l *Loader) Explain(ctx context.Context, name string, options ...LoadOption) (e *report.Explanation, err error) {
	e = &report.Explanation{Name: name, BuildList: []find.ModuleVersion{}}
	defer func() { err = loadError(name, err) }()
	defer recovered(&err)
	r, err := l.request(name, options)
	if err != nil {
		return e, err
	}
	e.Along, e.Instances, e.Expression = r.name.Along, r.name.Instances, r.name.Expression
	l.explainRegistry(e, r.name)
	p, err := l.pin(r)
	if err != nil {
		return e, err
	}
	s := l.under(l.session(), p)
	spec, err := l.askFinders(ctx, s, p.Pinned(r.name), e)
	if err != nil {
		return e, err
	}
	if err := l.askInstallers(ctx, s, r, p, spec != nil, e); err != nil || spec == nil {
		return e, err
	}
	l.explainPolicy(e, r, l.found(r, p, spec), nil, nil)
	if spec, err = asAsked(spec, p.Pinned(r.name)); err != nil {
		return e, err
	}
	spec = l.asCompiled(spec)
	m := l.running(r.asked+r.with, spec)
	if m != nil { // it was completed when it was loaded
		spec, e.Loaded = m.spec, true
	}
	l.explainSpec(e, spec)
	if m != nil {
		isolation := m.Isolation()
		e.Isolation = &isolation
	}
	return e, nil
}

// askFinders asks all of them, those after the answer too: what is shadowed is worth knowing.
func (l *Loader) askFinders(ctx context.Context, s *install.Session, name find.Name, e *report.Explanation) (*Spec, error) {
	var spec *Spec
	for _, finder := range l.config.Path {
		answer, tried, err := find.Path{finder}.Ask(ctx, name, s)
		e.Asked = append(e.Asked, tried...)
		if spec == nil {
			if err != nil {
				return nil, err
			}
			spec = answer
		}
	}
	return spec, nil
}

// askInstallers asks the one that claims the name for a version, unless it is found already.
func (l *Loader) askInstallers(ctx context.Context, s *install.Session, r *request, p pin, found bool, e *report.Explanation) error {
	first := r.claims
	asked := first >= 0 && !found && !l.config.NoInstall
	for i, answer := range l.wouldInstall(r) {
		if found {
			answer.Answer = "not asked: it is found already"
		} else if i == first && asked {
			release, err := l.permitted(ctx, s, r, p, e)
			var missing *NotFoundError
			switch {
			case errors.As(err, &missing):
				e.Asked = missing.Tried
				return err
			case err != nil:
				answer.Answer = err.Error()
				e.Asked = append(e.Asked, answer)
				return err
			}
			answer.Found, answer.Answer = true, release.Package+phrase.Version(release.Version)
			e.Canonical, e.Module, e.Version = release.Package, release.Module, release.Version
			e.Why, e.Time, e.Origin, e.Deprecated = release.Why, release.Time, release.Origin, release.Deprecated
		}
		e.Asked = append(e.Asked, answer)
	}
	if !found && !asked {
		return l.notFound(r, e.Asked)
	}
	return nil
}

// permitted is the release that would be installed, and what the policies say about it.
func (l *Loader) permitted(ctx context.Context, s *install.Session, r *request, p pin, e *report.Explanation) (*install.Release, error) {
	err := l.permitName(r)
	var release *install.Release
	if err == nil {
		release, err = l.release(ctx, s, r, p, e.Asked)
	}
	if err == nil {
		err = s.Consider(release)
	}
	l.explainPolicy(e, r, nil, release, err)
	if err != nil {
		return nil, err
	}
	return release, nil
}

// running returns the module that a load of the name would be answered with, if it runs.
func (l *Loader) running(name string, spec *Spec) *Module {
	if m := l.cache.get(name); m != nil {
		return m
	}
	return l.cache.get(plan.Identity(spec))
}

func (l *Loader) explainSpec(e *report.Explanation, spec *Spec) {
	e.Canonical, e.Module, e.Version, e.Why, e.Time = spec.Name, spec.Module, spec.Version, spec.Why, spec.Time
	e.Origin, e.Deprecated, e.Installed, e.Dir = spec.Origin, spec.Deprecated, true, spec.Source.Dir
	e.BuildList = append(e.BuildList, spec.BuildList...)
	if spec.Source.Go != nil && len(spec.Source.Go.Along) > 0 {
		e.Along = spec.Source.Go.Along
	}
	var eng engine.Engine
	if eng, e.Engines = l.chooseAmong(spec); eng == nil {
		return
	}
	e.Engine = eng.Name()
	e.Isolation = l.tryIsolation(eng, spec)
	if describer, ok := eng.(engine.Describer); ok {
		e.Kind = describer.Describe(spec.Source)
	}
	if compiler, ok := eng.(engine.Compiler); ok {
		l.explainArtifact(e, eng, compiler, spec)
	}
}

// explainArtifact tells what was compiled of a spec, or would be.
func (l *Loader) explainArtifact(e *report.Explanation, eng engine.Engine, compiler engine.Compiler, spec *Spec) {
	release, _ := l.toolchain(eng, spec)
	e.Artifact = &report.ArtifactKey{SourceHash: spec.Source.Hash, Engine: eng.Name(), Fingerprint: fingerprint(compiler, release)}
	if files := l.fromBundle(eng, compiler, spec); files != nil {
		e.Artifact.Key, e.Artifact.Present, e.Artifact.Size = files.Key(), true, files.Size()
		return
	}
	if spec.Source.Hash == "" || l.config.Store == nil {
		return
	}
	e.Artifact.Key = artifactKey(eng, e.Artifact.Fingerprint, spec.Source)
	// A damaged artifact counts as missing: a load makes it again.
	files, err := l.config.Store.Lookup(e.Artifact.Key)
	if err != nil || files == nil {
		if release, files = l.compiledBefore(eng, spec); files == nil {
			return
		}
		e.Artifact.Fingerprint, e.Artifact.Key = eng.(engine.Released).FingerprintOf(release), files.Key()
	}
	e.Artifact.Present, e.Artifact.Size = true, files.Size()
}

// tryIsolation tells what would keep the module of a spec from the host, with what policies grant
// it, by trying where the engine can.
func (l *Loader) tryIsolation(eng engine.Engine, spec *Spec) *engine.Isolation {
	var isolation engine.Isolation
	switch eng := eng.(type) {
	case engine.Trier:
		a := l.artifact(eng.(engine.Engine), spec, nil)
		if granted, _, err := l.grants(eng.(engine.Engine), spec); err == nil {
			a.Grants, a.Limits = granted, limitsWithin(a.Limits, granted)
		}
		isolation = eng.Try(a)
	case engine.Isolated:
		isolation = eng.Isolation()
	default:
		return nil
	}
	return &isolation
}

// explainRegistry tells which registry owns a name, and by which rule.
func (l *Loader) explainRegistry(e *report.Explanation, name find.Name) {
	owner, ok := l.names.Registries.Owner(name.Target)
	if name.Form != find.FormPath || !ok {
		return
	}
	e.Registry = owner.Name
	e.Policy = append(e.Policy, report.Ruling{Allowed: true, Rule: owner.Rule, Reason: fmt.Sprintf("owns %s: nobody else is asked", owner.Pattern)})
}
