package load

import (
	"context"
	"errors"
	"fmt"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/internal/phrase"
	"github.com/loadgo/load/internal/plan"
	"github.com/loadgo/load/report"
)

// Explain takes the way of a load, up to where something would be installed, compiled or run, and
// tells what was decided on it. It asks the finders after the answer, too: what is shadowed is
// worth knowing. The explanation exists with an error too, as far as it goes: the error is the one
// that a load would meet if the module did not run.
func (l *Loader) Explain(ctx context.Context, name string, options ...LoadOption) (e *report.Explanation, err error) {
	e = &report.Explanation{Name: name, BuildList: []find.ModuleVersion{}}
	defer func() { err = loadError(name, err) }()
	defer recovered(&err)
	r, err := l.request(name, options)
	if err != nil {
		return e, err
	}
	e.Along, e.Instances, e.Expression = r.name.Along, r.name.Instances, r.name.Expression
	if owner, ok := l.names.Registries.Owner(r.name.Target); ok && r.name.Form == find.FormPath {
		e.Registry = owner.Name
		e.Policy = append(e.Policy, report.Ruling{Allowed: true, Rule: owner.Rule, Reason: fmt.Sprintf("owns %s: nobody else is asked", owner.Pattern)})
	}
	w, err := l.walk(ctx, l.session(), r, atRelease)
	w.record(ctx, e, err)
	if err != nil || w.spec == nil {
		return e, err
	}
	spec := w.spec
	m := l.running(r.asked+r.with, spec)
	if m != nil { // it was completed when it was loaded
		spec, e.Loaded = m.entry.Spec, true
	}
	recordSpec(e, spec)
	return e, l.recordOutfit(e, spec, m)
}

// record tells what a walk has decided, and how it ended.
func (w *walk) record(ctx context.Context, e *report.Explanation, err error) {
	var missing *NotFoundError
	var refused *PolicyError
	switch {
	case errors.As(err, &missing):
		e.Asked = missing.Tried
	default:
		e.Asked = w.answers(ctx, err)
	}
	e.Policy = append(e.Policy, w.rulings...)
	if errors.As(err, &refused) {
		e.Policy = append(e.Policy, report.Ruling{Rule: refused.Rule, Reason: refused.Reason})
	}
	var granting plan.Granting
	switch policies := w.loader.config.Policies; {
	case w.spec != nil:
		granting = plan.Grant(policies, plan.Subject(w.spec), plan.GrantNames(w.spec))
	case w.release != nil:
		granting = plan.Grant(policies, w.release.Subject(), []string{w.release.Package})
	}
	e.Policy = append(e.Policy, granting.Rulings()...)
	if w.spec != nil {
		e.Asks = report.Asks(w.spec.Asks, granting.Grants, plan.GrantNames(w.spec)[0])
	}
	if release := w.release; release != nil && err == nil {
		e.Canonical, e.Module, e.Version = release.Package, release.Module, release.Version
		e.Why, e.Time, e.Origin, e.Deprecated = release.Why, release.Time, release.Origin, release.Deprecated
	}
}

// answers lists what finders and installers answered, and those that were not asked.
func (w *walk) answers(ctx context.Context, err error) []find.Tried {
	l, asked := w.loader, w.tried
	found := len(asked) > 0 && asked[len(asked)-1].Found
	if w.session == nil || err != nil && len(asked) > 0 && len(asked) < len(l.config.Path) && !found {
		return asked // the walk ended before
	}
	for _, finder := range l.config.Path[len(asked):] {
		_, tried, _ := find.Path{finder}.Ask(ctx, w.pinned, w.session)
		asked = append(asked, tried...)
	}
	for i, answer := range l.wouldInstall(w.request) {
		switch {
		case found:
			answer.Answer = "not asked: it is found already"
		case i != w.claims:
		case w.release != nil && err == nil:
			answer.Found, answer.Answer = true, w.release.Package+phrase.Version(w.release.Version)
		case err != nil:
			return append(asked, find.Tried{Who: answer.Who, Answer: err.Error()})
		}
		asked = append(asked, answer)
	}
	return asked
}

// running returns the module that a load of the name would be answered with, if it runs.
func (l *Loader) running(name string, spec *Spec) *Module {
	if m := l.cache.Get(name); m != nil {
		return m
	}
	return l.cache.Get(plan.Identity(spec))
}

func recordSpec(e *report.Explanation, spec *Spec) {
	e.Canonical, e.Module, e.Version, e.Why, e.Time = spec.Name, spec.Module, spec.Version, spec.Why, spec.Time
	e.Origin, e.Deprecated, e.Installed, e.Dir = spec.Origin, spec.Deprecated, true, spec.Source.Dir
	e.BuildList = append(e.BuildList, spec.BuildList...)
	if spec.Source.Go != nil && len(spec.Source.Go.Along) > 0 {
		e.Along = spec.Source.Go.Along
	}
}

// recordOutfit tells what a spec runs with; m is its module if it runs.
func (l *Loader) recordOutfit(e *report.Explanation, spec *Spec, m *Module) error {
	o, err := l.outfit(spec)
	e.Engines = o.answers
	if o.engine == nil {
		return err
	}
	e.Engine = o.engine.Name()
	if describer, ok := o.engine.(engine.Describer); ok {
		e.Kind = describer.Describe(spec.Source)
	}
	if m != nil {
		isolation := m.Isolation()
		e.Isolation = &isolation
	} else if err == nil {
		e.Isolation = o.isolation(l, spec)
	}
	if err != nil || !o.plan.Compiles() {
		return err
	}
	files := o.plan.Present() // before the key is read: it may be of another release
	e.Artifact = &report.ArtifactKey{SourceHash: spec.Source.Hash, Engine: e.Engine, Fingerprint: o.plan.Fingerprint, Key: o.plan.Key}
	if files != nil {
		e.Artifact.Present, e.Artifact.Size = true, files.Size()
	}
	return nil
}

// isolation tells what would keep the module of a spec from the host, by trying if the engine can.
func (o *outfit) isolation(l *Loader, spec *Spec) *engine.Isolation {
	var isolation engine.Isolation
	switch eng := o.engine.(type) {
	case engine.Trier:
		isolation = eng.Try(o.hand(l, spec, nil))
	case engine.Isolated:
		isolation = eng.Isolation()
	default:
		return nil
	}
	return &isolation
}
