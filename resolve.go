package load

import (
	"context"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/loadgo/load/event"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/internal/phrase"
	"github.com/loadgo/load/internal/spelling"
	"github.com/loadgo/load/store"
)

// identity names the module, its version and what it is built with: two specs of one identity are one module.
func identity(s *Spec) string { return s.Name + phrase.Version(s.Version) + specBuiltWith(s) }

// obtain is the way from a name to a complete spec: the path's answer, or an installer's, at the version that
// the lock file has for it.
func (l *Loader) obtain(ctx context.Context, name find.Name, stages *Stages) (*Spec, error) {
	for {
		p, err := l.pin(name)
		if err != nil {
			return nil, err
		}
		spec, err := l.seek(ctx, name, p, stages)
		if err != nil {
			return nil, err
		}
		if err := l.permitSpec(name, p, spec); err != nil {
			return nil, err
		}
		// Where another process locked another version meanwhile, that is the one to take.
		if kept, err := l.keep(ctx, name, p, spec); kept || err != nil {
			return spec, err
		}
	}
}

func (l *Loader) seek(ctx context.Context, name find.Name, p pin, stages *Stages) (*Spec, error) {
	start := time.Now()
	ctx = l.withPin(ctx, p)
	asked := p.name(name)
	spec, tried, err := l.config.Path.Ask(ctx, asked)
	if err != nil {
		return nil, err
	}
	stages.Find = time.Since(start)
	if spec != nil && !l.use(spec) {
		tried = []find.Tried{{Who: spec.Origin, Answer: "it was removed while it was looked at"}}
		spec = nil
	}
	if spec == nil {
		spec, err = l.install(ctx, name, p, tried)
	} else {
		event.Emit(ctx, event.Found{Name: name.String(), Canonical: spec.Name, Version: spec.Version, Origin: spec.Origin, Took: time.Since(start)})
		spec, err = l.complete(ctx, spec, p)
	}
	stages.Install = time.Since(start) - stages.Find
	if err != nil {
		return nil, err
	}
	if err := agrees(spec, asked); err != nil {
		return nil, err
	}
	if spec, err = withName(spec, asked); err != nil {
		return nil, err
	}
	return l.asCompiledBefore(spec), nil
}

// use keeps the modules of a spec that was found in the store from being removed by another process, and tells whether
// they are still there.
func (l *Loader) use(spec *Spec) bool {
	s := l.config.Store
	if s == nil || spec.Source.Go == nil || spec.Source.Go.ModCache != s.ModDir() {
		return true
	}
	list := make([]store.RecordModule, len(spec.BuildList))
	for i, m := range spec.BuildList {
		list[i] = store.RecordModule(m)
	}
	s.UseModules(list)
	return !slices.ContainsFunc(list, func(m store.RecordModule) bool { return !s.HasModule(m.Path, m.Version) })
}

// notFound tells everyone's answer, what may have been meant and what to do.
func (l *Loader) notFound(name find.Name, tried []find.Tried) *NotFoundError {
	known := func(yield func(string) bool) {
		for _, finder := range l.config.Path {
			if lister, ok := finder.(find.Lister); ok {
				for known := range lister.Names(context.Background()) {
					if !yield(known) {
						return
					}
				}
			}
		}
		for _, m := range l.cache.all() {
			if !yield(m.Name()) {
				return
			}
		}
	}
	return &NotFoundError{
		Name:     name.String(),
		Tried:    tried,
		NearMiss: spelling.Near(name.Target, known, 3),
		Fix:      l.remedy(name),
	}
}

// remedy says what can be done about a name that was not found.
func (l *Loader) remedy(name find.Name) string {
	first, _, _ := strings.Cut(name.Target, "/")
	switch claimed := l.claimant(name) >= 0; {
	case claimed && l.config.NoInstall:
		return "run `load get " + name.String() + "`, or set Config.NoInstall to false"
	case claimed:
		return "check the spelling of the name and of its version"
	case name.Form == find.FormDir:
		return "check that the path exists and holds Go or Starlark files"
	case name.Form == find.FormPath && !strings.Contains(first, ".") && len(l.config.Installers) > 0:
		return "an install needs the full path, such as github.com/user/" + path.Base(name.Target)
	}
	return "set Config.Installers to one that installs such names"
}
