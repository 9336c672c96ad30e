package load

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/loadgo/load/event"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/install"
	"github.com/loadgo/load/internal/plan"
	"github.com/loadgo/load/internal/query"
	"github.com/loadgo/load/policy"
)

// session is what installers may do for the loader; see [walk.look] for what the lock file adds.
func (l *Loader) session() *install.Session {
	c := &l.config
	return &install.Session{Store: c.Store, Events: c.Events, Progress: c.Progress, Offline: c.Offline, Policies: c.Policies, Registries: l.names.Registries, Toolchain: l.artifacts.Asked(), LocalToolchain: l.artifacts.Local(), Elsewhere: c.Remote != nil}
}

// install brings a name that the path does not know, at the version that the lock file has, if it
// has one; or ends with the release that would be installed.
func (w *walk) install(ctx context.Context, to end) error {
	start := time.Now()
	if err := w.choose(ctx); err != nil || to == atRelease {
		return err
	}
	if w.release != nil {
		w.session.Emit(event.Found{Name: w.name.String(), Canonical: w.release.Package, Version: w.release.Version, Origin: w.release.Origin, Took: time.Since(start)})
		var err error
		if w.spec, err = w.installer.Install(ctx, w.session, w.release); err != nil {
			return err
		}
	}
	return w.complete(ctx)
}

// choose chooses the release to install, and lets the policies decide about it. If the registry
// cannot be asked, the answer is an installed version that does.
func (w *walk) choose(ctx context.Context) error {
	l := w.loader
	if w.installer == nil || l.config.NoInstall {
		return l.notFound(w.request, append(w.tried, l.wouldInstall(w.request)...))
	}
	if l.config.Store == nil {
		return &ConfigError{Setting: "Config.Store", Reason: find.Describe(w.installer) + " has no store to install into"}
	}
	if err := plan.PermitName(l.config.Policies, w.name); err != nil {
		return err
	}
	release, err := w.choice(ctx)
	if err != nil {
		if w.spec = w.stale(ctx, err); w.spec != nil {
			return nil
		}
		return err
	}
	w.release = release
	return install.Decide(l.config.Policies, func(p *policy.Policy) policy.Decision {
		return w.note(p.Version(release.Subject(), time.Now()))
	})
}

// choice is what to install: what the lock file holds, or else what the installer chooses.
func (w *walk) choice(ctx context.Context) (*install.Release, error) {
	l := w.loader
	switch {
	case w.pin.Held:
		return w.pin.Release(w.name, find.Describe(w.installer), l.lock.Base)
	case l.config.Frozen:
		return nil, l.notLocked(w.request, "it")
	case l.config.Offline:
		return nil, ErrOffline
	}
	return l.resolve(ctx, w.session, w.request, w.tried)
}

// stale returns an installed version that does for a name whose registry cannot be asked for a
// newer one, or nil. A registry that refuses, or whose answer is wrong, was asked.
func (w *walk) stale(ctx context.Context, cause error) *Spec {
	q, err := query.Parse(w.name.Query)
	if err != nil || !errors.Is(cause, ErrUnavailable) {
		return nil
	}
	asked := w.name
	asked.Query = ""
	for _, finder := range w.loader.config.Path {
		spec, err := find.Under(ctx, finder, asked, w.session.WithoutNetwork())
		if err == nil && spec.Version != "" && (w.name.Query == "" || q.Match(spec.Version)) {
			w.session.Emit(event.Degraded{Name: w.name.String(), Canonical: spec.Name, Version: spec.Version, Err: cause})
			return spec
		}
		var ambiguous *AmbiguousError // by its version, the name meant none of the folders
		if err != nil && !errors.Is(err, ErrNotFound) && !(w.name.Query != "" && errors.As(err, &ambiguous)) {
			return nil
		}
	}
	return nil
}

// resolve asks the installer for the version, and adds the path's answers if it does not know the
// name.
func (l *Loader) resolve(ctx context.Context, s *install.Session, r *request, tried []find.Tried) (*install.Release, error) {
	release, err := r.installer.Resolve(ctx, s, r.name)
	if !errors.Is(err, ErrNotFound) {
		return release, err
	}
	var inner *NotFoundError
	if errors.As(err, &inner) && len(inner.Tried) > 0 {
		tried = append(tried, inner.Tried...)
	} else {
		answer, _ := strings.CutPrefix(err.Error(), ErrNotFound.Error()+": ")
		tried = append(tried, find.Tried{Who: find.Describe(r.installer), Answer: answer})
	}
	missing := l.notFound(r, tried)
	if inner != nil {
		missing.Fix = cmp.Or(inner.Fix, missing.Fix)
	}
	return nil, missing
}

// wouldInstall tells what each installer would do about a name that the path does not know.
func (l *Loader) wouldInstall(r *request) []find.Tried {
	return install.Would(l.config.Installers, r.claims, l.config.NoInstall)
}

// complete lets the installers bring what a source found in place needs, until its hash is known.
func (w *walk) complete(ctx context.Context) error {
	l, s, spec := w.loader, w.session, w.spec
	if spec.Source.Hash != "" || l.config.Store == nil {
		return nil
	}
	refused := !w.pin.Held && l.config.Frozen
	if refused {
		s = s.WithoutNetwork() // what it needs is refused: there is no use in bringing it
	}
	tree := slices.DeleteFunc(slices.Clone(spec.BuildList), func(m find.ModuleVersion) bool { return m.Path != spec.Name })
	promised := *spec
	promised.BuildList = w.pin.Modules()
	spec = &promised
	for _, installer := range l.config.Installers {
		completer, ok := installer.(install.Completer)
		if spec.Source.Hash != "" || !ok {
			continue
		}
		var err error
		spec, err = completer.Complete(ctx, s, spec)
		if refused && errors.Is(err, ErrOffline) {
			return l.notLocked(w.request, "what it needs")
		}
		if err != nil {
			return err
		}
	}
	w.spec = spec
	if len(tree) == 0 || slices.ContainsFunc(spec.BuildList, func(m find.ModuleVersion) bool { return m.Path == spec.Name }) {
		return nil
	}
	whole := *spec
	whole.BuildList = slices.Concat(tree, spec.BuildList)
	slices.SortFunc(whole.BuildList, func(a, b find.ModuleVersion) int { return cmp.Compare(a.Path, b.Path) })
	w.spec = &whole
	return nil
}

// goroot returns the root of a release of the Go toolchain that is not here, which an installer
// brings.
func (l *Loader) goroot(ctx context.Context, release string, absent *ToolchainError) (string, error) {
	session := l.session()
	session.Offline = session.Offline || l.config.NoInstall
	for _, installer := range l.config.Installers {
		brings, ok := installer.(install.Toolchains)
		if !ok {
			continue
		}
		root, err := brings.Toolchain(ctx, session, release)
		switch {
		case err == nil || context.Cause(ctx) != nil:
			return root, err
		case errors.Is(err, ErrOffline):
			return "", &ToolchainError{Reason: absent.Reason + ", and " + release + " is not in the store", Fix: "load it once with a network, or install Go from https://go.dev/dl", Err: err}
		}
		return "", &ToolchainError{Reason: absent.Reason + ", and " + release + " was not installed: " + err.Error(), Err: err}
	}
	return "", absent
}
