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
	"github.com/loadgo/load/policy"
	"github.com/loadgo/load/report"
	"github.com/loadgo/load/store"
)

// walk is the way of a request to its module, as far as it has come, and what was decided on it.
// Find, Explain, Install and Load are walks that end at different places.
type walk struct {
	*request
	loader  *Loader
	session *install.Session // with what the lock file holds about the name
	pin     plan.Pin         // what the lock file says
	pinned  find.Name        // the name at the version that the lock file holds

	tried   []find.Tried     // what the finders answered
	release *install.Release // what an installer chose, or nil
	spec    *Spec            // the answer
	by      string           // the installer that brought it or whose it is; "" for what lies in place
	rulings []report.Ruling  // the rules that allow it
	missing bool             // the lock file is to hold more than it does
	stages  report.Stages
}

// end is where a walk ends.
type end int

const (
	atAnswer    end = iota // of the path
	atRelease              // the path's answer, or what would be installed; both are permitted
	atPermitted            // complete: found, or installed, with everything that it needs
	atSpec                 // and fit for the lock file
)

// obtain is the way from a request to a complete spec: the path's answer, or an installer's, at the
// version that the lock file has for it.
func (l *Loader) obtain(ctx context.Context, s *install.Session, r *request) (*walk, error) {
	for {
		w, err := l.walk(ctx, s, r, atSpec)
		if err != nil {
			return nil, err
		}
		// If another process locked another version meanwhile, that is the one to take.
		if kept, err := w.keep(ctx); kept || err != nil {
			return w, err
		}
	}
}

// walk goes from a request to an end. With an error, it returns how far it came.
func (l *Loader) walk(ctx context.Context, s *install.Session, r *request, to end) (*walk, error) {
	start := time.Now()
	w := &walk{request: r, loader: l}
	if err := w.look(s); err != nil {
		return w, err
	}
	var err error
	if w.spec, w.tried, err = l.config.Path.Ask(ctx, w.pinned, w.session); err != nil {
		return w, err
	}
	w.stages.Find = time.Since(start)
	switch {
	case to == atAnswer && w.spec == nil:
		return w, l.notFound(r, append(w.tried, l.wouldInstall(r)...))
	case to >= atPermitted && w.spec != nil && !l.use(w.spec):
		w.tried = []find.Tried{{Who: w.spec.Origin, Answer: "it was removed while it was looked at"}}
		w.spec = nil
	}
	if w.spec == nil {
		err = w.install(ctx, to)
	} else if to >= atPermitted {
		w.session.Emit(event.Found{Name: r.name.String(), Canonical: w.spec.Name, Version: l.artifacts.AsCompiled(ctx, w.spec).Version, Origin: w.spec.Origin, Took: time.Since(start)})
		err = w.complete(ctx)
	}
	w.stages.Install = time.Since(start) - w.stages.Find
	if err != nil || w.spec == nil {
		return w, err
	}
	if w.spec, err = asAsked(w.spec, w.pinned); err != nil || to == atAnswer {
		return w, err
	}
	w.spec = l.artifacts.AsCompiled(ctx, w.spec)
	if err := w.permit(); err != nil || to == atPermitted {
		return w, err
	}
	w.missing, err = w.fits()
	return w, err
}

// permit says who brought the spec, the installer that claims the name if it has a version, and
// lets the policies decide about it.
func (w *walk) permit() error {
	switch {
	case w.spec.Source.Prepared:
		w.by = w.spec.Source.By
	case w.installer != nil && w.spec.Version != "":
		w.by = find.Describe(w.installer)
	}
	w.rulings = nil // those of a release are about the same
	return plan.Permit(w.loader.config.Policies, w.name, w.spec, w.by, w.pin.Locked(), w.note)
}

// note records a decision that allows.
func (w *walk) note(d policy.Decision) policy.Decision {
	if d.Allowed {
		w.rulings = append(w.rulings, report.Ruling{Allowed: true, Rule: d.Rule, Reason: d.Reason})
	}
	return d
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
		for _, m := range l.cache.All() {
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
