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
	"github.com/loadgo/load/internal/query"
)

// session is what installers may do for the loader; see [Loader.under] for what the lock file adds.
func (l *Loader) session() *install.Session {
	c := &l.config
	return &install.Session{Store: c.Store, Events: c.Events, Offline: c.Offline, Policies: c.Policies, Registries: l.names.Registries, Toolchain: l.toolchainAsked(), LocalToolchain: l.keepsToolchain()}
}

// offline returns the session of the same work without a network.
func offline(s *install.Session) *install.Session {
	other := *s
	other.Offline = true
	return &other
}

// install brings a name that the path does not know, at the version that the lock file has, if it
// has one; tried are the path's answers.
func (l *Loader) install(ctx context.Context, s *install.Session, r *request, p pin, tried []find.Tried) (*Spec, error) {
	start := time.Now()
	if r.installer == nil || l.config.NoInstall {
		return nil, l.notFound(r, append(tried, l.wouldInstall(r)...))
	}
	if l.config.Store == nil {
		return nil, &ConfigError{Setting: "Config.Store", Reason: find.Describe(r.installer) + " has no store to install into"}
	}
	if err := l.permitName(r); err != nil {
		return nil, err
	}
	release, err := l.release(ctx, s, r, p, tried)
	if err != nil {
		if spec := l.stale(ctx, s, r.name, err); spec != nil {
			return l.complete(ctx, s, spec, p)
		}
		return nil, err
	}
	if err := s.Consider(release); err != nil {
		return nil, err
	}
	s.Emit(event.Found{Name: r.name.String(), Canonical: release.Package, Version: release.Version, Origin: release.Origin, Took: time.Since(start)})
	spec, err := r.installer.Install(ctx, s, release)
	if err != nil {
		return nil, err
	}
	return l.complete(ctx, s, spec, p)
}

// release is what to install: what the lock file holds, or else what the installer chooses.
func (l *Loader) release(ctx context.Context, s *install.Session, r *request, p pin, tried []find.Tried) (*install.Release, error) {
	switch {
	case p.Held:
		return p.Release(r.name, find.Describe(r.installer), l.lock.Base)
	case l.config.Frozen:
		return nil, l.notLocked(r, "it")
	case l.config.Offline:
		return nil, ErrOffline
	}
	return l.resolve(ctx, s, r, tried)
}

// stale returns an installed version that does for a name whose registry cannot be asked for a
// newer one, or nil. A registry that refuses, or whose answer is wrong, was asked.
func (l *Loader) stale(ctx context.Context, s *install.Session, name find.Name, cause error) *Spec {
	q, err := query.Parse(name.Query)
	if err != nil || !errors.Is(cause, ErrUnavailable) {
		return nil
	}
	asked := name
	asked.Query = ""
	for _, finder := range l.config.Path {
		spec, err := find.Under(ctx, finder, asked, offline(s))
		if err == nil && spec.Version != "" && (name.Query == "" || q.Match(spec.Version)) {
			s.Emit(event.Degraded{Name: name.String(), Canonical: spec.Name, Version: spec.Version, Err: cause})
			return spec
		}
		var ambiguous *AmbiguousError // by its version, the name meant none of the folders
		if err != nil && !errors.Is(err, ErrNotFound) && !(name.Query != "" && errors.As(err, &ambiguous)) {
			return nil
		}
	}
	return nil
}

// resolve asks the installer for the version, and adds the path's answers where it does not know
// the name.
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
	tried := make([]find.Tried, len(l.config.Installers))
	first := r.claims
	for i, installer := range l.config.Installers {
		tried[i] = find.Tried{Who: find.Describe(installer), Answer: "not its kind of name"}
		switch {
		case first >= 0 && i > first:
			tried[i].Answer = "not asked: " + tried[first].Who + " claims the name"
		case i == first && l.config.NoInstall:
			tried[i].Answer = "installs are turned off"
		case i == first:
			tried[i].Answer = "it would be asked to install it"
		}
	}
	return tried
}

// complete lets the installers bring what a source found in place needs, until its hash is known.
func (l *Loader) complete(ctx context.Context, s *install.Session, spec *Spec, p pin) (*Spec, error) {
	if spec.Source.Hash != "" || l.config.Store == nil {
		return spec, nil
	}
	if !p.Held && l.config.Frozen {
		s = offline(s) // what it needs is refused: there is no use in bringing it
	}
	tree := slices.DeleteFunc(slices.Clone(spec.BuildList), func(m find.ModuleVersion) bool { return m.Path != spec.Name })
	promised := *spec
	promised.BuildList = p.Modules()
	spec = &promised
	for _, installer := range l.config.Installers {
		completer, ok := installer.(install.Completer)
		if spec.Source.Hash != "" || !ok {
			continue
		}
		var err error
		spec, err = completer.Complete(ctx, s, spec)
		if !p.Held && l.config.Frozen && errors.Is(err, ErrOffline) {
			return nil, l.notLocked(p.request, "what it needs")
		}
		if err != nil {
			return nil, err
		}
	}
	if len(tree) == 0 || slices.ContainsFunc(spec.BuildList, func(m find.ModuleVersion) bool { return m.Path == spec.Name }) {
		return spec, nil
	}
	whole := *spec
	whole.BuildList = slices.Concat(tree, spec.BuildList)
	slices.SortFunc(whole.BuildList, func(a, b find.ModuleVersion) int { return cmp.Compare(a.Path, b.Path) })
	return &whole, nil
}
