package load

import (
	"cmp"
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/event"
	"github.com/loadgo/load/internal/artifact"
	"github.com/loadgo/load/internal/plan"
	"github.com/loadgo/load/report"
	"github.com/loadgo/load/store"
)

// outfit is what a spec runs with, decided before anything of it is compiled.
type outfit struct {
	answers  []report.EngineAnswer // of all engines
	engine   engine.Engine         // that runs it, nil if none takes it
	granting plan.Granting         // what policies give it
	limits   Limits
	plan     *artifact.Plan // how the engine comes by its artifact
}

// outfit decides what a spec runs with. With an error, it returns what was decided before.
func (l *Loader) outfit(spec *Spec) (o *outfit, err error) {
	o = &outfit{granting: plan.Grant(l.config.Policies, plan.Subject(spec), plan.GrantNames(spec))}
	if o.engine, o.answers, err = l.artifacts.Choose(spec); err != nil {
		return o, err
	}
	if l.config.Limits != nil {
		o.limits = l.config.Limits(spec)
	}
	o.limits = o.granting.Within(o.limits)
	if err = o.granting.Enforceable(o.engine); err != nil {
		return o, err
	}
	o.plan, err = l.artifacts.Plan(o.engine, spec)
	return o, err
}

// hand gives compiled files to the engine.
func (o *outfit) hand(l *Loader, spec *Spec, files *store.Artifact) engine.Artifact {
	a := l.artifacts.Hand(o.engine, spec, files)
	a.Grants, a.RequireIsolation, a.Limits = o.granting.Grants, o.granting.Isolated, o.limits
	return a
}

// start compiles and opens a spec. An artifact that turns out to be damaged is made again, once.
func (l *Loader) start(ctx context.Context, spec *Spec, artifactOnly bool, imp importer) (*Module, error) {
	o, err := l.outfit(spec)
	if err != nil {
		return nil, err
	}
	m, err := l.open(ctx, o, spec, artifactOnly, imp)
	var damaged *store.DamagedError
	var nested *LoadError // of an import, which had its second try
	if !errors.As(err, &damaged) || errors.As(err, &nested) {
		return m, err
	}
	if l.config.Store == nil {
		return nil, err
	}
	if evictErr := l.artifacts.Evict(spec, damaged); evictErr != nil {
		return nil, errors.Join(err, evictErr)
	}
	return l.open(ctx, o, spec, artifactOnly, imp)
}

func (l *Loader) open(ctx context.Context, o *outfit, spec *Spec, artifactOnly bool, imp importer) (*Module, error) {
	begin := time.Now()
	files, err := o.plan.Make(ctx, artifactOnly)
	if err != nil {
		return nil, err
	}
	a := o.hand(l, spec, files)
	var opened atomic.Pointer[Module]
	a.Events = l.seeing(opened.Load)
	start := time.Now()
	instance, err := o.engine.Open(ctx, a, imp)
	if err != nil {
		return nil, err
	}
	m := newModule(l, spec, o.engine.Name(), instance)
	opened.Store(cmp.Or(imp.parent, m))
	m.grants, m.limits = a.Grants, a.Limits
	m.entry.ArtifactOnly, m.entry.Imports, m.loaded = artifactOnly, imp.imports, time.Now()
	m.stages = report.Stages{Compile: start.Sub(begin), Open: m.loaded.Sub(start), Total: m.loaded.Sub(begin)}
	engine.UsageOf(instance).OnFirst(func(took time.Duration) { l.emit(event.Called{Name: spec.Name, Took: took}) })
	if files != nil {
		m.artifactSize = files.Size()
	}
	l.emit(event.Opened{Name: spec.Name, Engine: o.engine.Name(), Isolation: m.Isolation().Level, Took: time.Since(start)})
	return m, nil
}
