package load

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/loadgo/load/event"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/install"
	"github.com/loadgo/load/internal/plan"
	"github.com/loadgo/load/internal/spelling"
	"github.com/loadgo/load/report"
	"github.com/loadgo/load/store"
)

// found is what the walk from a request to a complete spec has worked out.
type found struct {
	*request
	pin  pin    // what the lock file says
	spec *Spec  // the answer
	by   string // the installer that brought it or whose it is; "" for what lies in place
}

// obtain is the way from a request to a complete spec: the path's answer, or an installer's, at the
// version that the lock file has for it.
func (l *Loader) obtain(ctx context.Context, s *install.Session, r *request, stages *report.Stages) (*Spec, error) {
	for {
		f, err := l.seek(ctx, s, r, stages)
		if err != nil {
			return nil, err
		}
		if err := l.permit(f); err != nil {
			return nil, err
		}
		// If another process locked another version meanwhile, that is the one to take.
		if kept, err := l.keep(ctx, f); kept || err != nil {
			return f.spec, err
		}
	}
}

// seek finds what is asked for or installs it, and completes it.
func (l *Loader) seek(ctx context.Context, s *install.Session, r *request, stages *report.Stages) (*found, error) {
	start := time.Now()
	p, err := l.pin(r)
	if err != nil {
		return nil, err
	}
	s = l.under(s, p)
	pinned := p.Pinned(r.name)
	spec, tried, err := l.config.Path.Ask(ctx, pinned, s)
	if err != nil {
		return nil, err
	}
	stages.Find = time.Since(start)
	if spec != nil && !l.use(spec) {
		tried = []find.Tried{{Who: spec.Origin, Answer: "it was removed while it was looked at"}}
		spec = nil
	}
	if spec == nil {
		spec, err = l.install(ctx, s, r, p, tried)
	} else {
		s.Emit(event.Found{Name: r.name.String(), Canonical: spec.Name, Version: l.asCompiled(spec).Version, Origin: spec.Origin, Took: time.Since(start)})
		spec, err = l.complete(ctx, s, spec, p)
	}
	stages.Install = time.Since(start) - stages.Find
	if err != nil {
		return nil, err
	}
	if spec, err = asAsked(spec, pinned); err != nil {
		return nil, err
	}
	return l.found(r, p, l.asCompiled(spec)), nil
}

// found says who brought a spec: the installer that claims the name, if it has a version.
func (l *Loader) found(r *request, p pin, spec *Spec) *found {
	f := &found{request: r, pin: p, spec: spec}
	switch {
	case spec.Source.Prepared:
		f.by = spec.Source.By
	case r.installer != nil && spec.Version != "":
		f.by = find.Describe(r.installer)
	}
	return f
}

// use keeps the modules of a spec that was found in the store from being removed by another
// process, and reports whether they are still there.
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
func (l *Loader) notFound(r *request, tried []find.Tried) *NotFoundError {
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
		Name:     r.name.String(),
		Tried:    tried,
		NearMiss: spelling.Near(r.name.Target, known, 3),
		Fix:      l.remedy(r),
	}
}

// remedy says what can be done about a name that was not found.
func (l *Loader) remedy(r *request) string {
	name := r.name
	first, _, _ := strings.Cut(name.Target, "/")
	switch claimed := r.installer != nil; {
	case !claimed && len(l.config.Bundles) > 0:
		return "run `load bundle -o FILE " + name.String() + "`, with all other names, where the image is built"
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

// asAsked returns the spec with what the name is to be built with besides companions, which only
// the finders and installers can bring. The error is that of a spec that is not what was asked for.
func asAsked(s *Spec, name find.Name) (*Spec, error) {
	if err := plan.Agrees(s, name); err != nil {
		return nil, err
	}
	if name.Engine != "" {
		own := *s
		own.Engine = name.Engine
		s = &own
	}
	if len(name.Along) == 0 && len(name.Instances) == 0 && name.Expression == "" {
		return s, nil
	}
	if s.Source.Go == nil {
		return nil, &CompileError{Reason: "it is no Go package: it cannot be built with companions, instantiations or expressions"}
	}
	if len(s.Source.Go.Along) != len(name.Along) {
		return nil, &InternalError{Value: fmt.Sprintf("%s does not bring companions", s.Origin)}
	}
	return plan.With(s, name.Instances, name.Expression), nil
}
