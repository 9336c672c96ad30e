package goproxy

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"golang.org/x/mod/module"

	"github.com/loadgo/load/find"
	"github.com/loadgo/load/install"
	"github.com/loadgo/load/internal/query"
	"github.com/loadgo/load/store"
)

// companions are the packages that go into the same build as the one that was asked for. One with a
// query makes its module a root of the module graph at the version that the query leads to; one
// without comes from where the graph has it, and only else from its newest module.
type companions struct {
	asked  []find.Companion          // sorted by path
	wanted map[string]module.Version // import path → what its query leads to; no version where it has none
}

// paths returns the import paths, after those given.
func (c *companions) paths(first ...string) []string {
	for _, companion := range c.asked {
		first = append(first, companion.Path)
	}
	return first
}

// key tells companions apart: what was asked for, or what it led to.
func (c *companions) key() []string {
	var key []string
	for _, companion := range c.asked {
		key = append(key, companion.Path+"@"+companion.Query)
	}
	return key
}

// subject is the part of a build's identity that names its companions.
func (c *companions) subject() string {
	var b strings.Builder
	for _, companion := range c.asked {
		b.WriteString("\nalong " + companion.Path)
	}
	return b.String()
}

// recorded are the companions as records of the store are looked up by.
func (c *companions) recorded() []store.RecordCompanion {
	var along []store.RecordCompanion
	for _, companion := range c.asked {
		along = append(along, store.RecordCompanion{Path: companion.Path, Query: companion.Query})
	}
	return along
}

// found returns the companions as they were asked for, at the versions that a build has of them.
func found(asked []find.Companion, build []store.RecordCompanion) []find.Companion {
	var along []find.Companion
	for i, companion := range asked {
		companion.Version = build[i].Version
		along = append(along, companion)
	}
	return along
}

// pinned returns the release with companions whose queries have one answer for ever, by which they
// are recorded.
func (in *Installer) pinned(ctx context.Context, session *install.Session, release *install.Release) (*install.Release, error) {
	if len(release.Name.Along) == 0 {
		return release, nil
	}
	r := in.newRequest(ctx, session, session.Store)
	defer r.close()
	r.along.asked = slices.Clone(release.Name.Along)
	if err := r.pin(ctx); err != nil {
		return nil, err
	}
	pinned := *release
	pinned.Name.Along = r.along.asked
	return &pinned, nil
}

// pin replaces queries whose answer may be another one tomorrow by the version that is today's.
func (r *request) pin(ctx context.Context) error {
	for i, companion := range r.along.asked {
		q, err := companionQuery(companion)
		if err != nil {
			return err
		}
		switch q.Kind() {
		case query.Latest, query.Upgrade, query.Patch, query.Revision:
			m, err := r.lookupCompanion(ctx, companion, q)
			if err != nil {
				return err
			}
			r.along.asked[i].Query = m.Version
		}
	}
	return nil
}

// want makes the modules of companions with a query roots.
func (r *request) want(ctx context.Context, roots map[string]string) error {
	r.along.wanted = make(map[string]module.Version)
	for _, companion := range r.along.asked {
		q, err := companionQuery(companion)
		if err != nil {
			return err
		}
		var m module.Version
		if q.Kind() != query.Any {
			if m, err = r.lookupCompanion(ctx, companion, q); err != nil {
				return err
			}
			raise(roots, m.Path, m.Version)
		}
		r.along.wanted[companion.Path] = m
	}
	return nil
}

func companionQuery(c find.Companion) (query.Query, error) {
	q, err := query.Parse(c.Query)
	if err != nil {
		return q, &find.VersionError{Module: c.Path, Query: c.Query, Reason: "companion " + c.Path + ": " + err.Error(), Fix: "ask for @latest, @v1.2 or @v1.2.3"}
	}
	return q, nil
}

// lookupCompanion finds the module of a companion, at the version that a query leads to.
func (r *request) lookupCompanion(ctx context.Context, c find.Companion, q query.Query) (module.Version, error) {
	switch {
	case r.standard(c.Path):
		return module.Version{}, &find.VersionError{Module: c.Path, Query: c.Query, Reason: "companion " + c.Path + " has the version of the Go toolchain and no other"}
	case r.main != nil && within(r.main.Path, c.Path):
		return module.Version{}, &find.VersionError{Module: c.Path, Query: c.Query, Reason: "companion " + c.Path + " is in the local module, which has no versions"}
	case !dotted(c.Path):
		return module.Version{}, &importError{path: c.Path, companion: true, err: errNotStandard}
	}
	path, choice, err := r.lookup(ctx, find.Name{Target: c.Path, Query: c.Query, Form: find.FormPath}, q)
	if err != nil {
		return module.Version{}, &importError{path: c.Path, companion: true, err: err}
	}
	return module.Version{Path: path, Version: choice.Version}, nil
}

// findCompanion finds the module of a companion that nothing in the graph provides: installed, else
// the latest.
func (r *request) findCompanion(ctx context.Context, path string) (module.Version, error) {
	if r.main != nil && within(r.main.Path, path) {
		return module.Version{}, &importError{path: path, companion: true, err: fmt.Errorf("the local module %s does not contain it", r.main.Path)}
	}
	records, err := r.records(ctx, path)
	if err != nil {
		return module.Version{}, err
	}
	if len(records) > 0 {
		return module.Version{Path: records[0].Module, Version: records[0].Version}, nil
	}
	latest, _ := query.Parse(string(query.Latest))
	return r.lookupCompanion(ctx, find.Companion{Path: path}, latest)
}

// selected tells at which versions a closure has the companions. Minimal version selection may have
// raised one beyond its query, which is an error.
func (r *request) selected(c *closure) ([]store.RecordCompanion, error) {
	along := r.along.recorded()
	for i, companion := range r.along.asked {
		p := c.from[companion.Path]
		along[i].Version = p.mod.Version
		if p.std {
			along[i].Version = r.compiler.version
		}
		q, err := companionQuery(companion)
		if err != nil {
			return nil, err
		}
		wanted := r.along.wanted[companion.Path]
		exact := q.Kind() == query.Exact || q.Kind() == query.Revision
		if wanted.Version == "" || wanted == p.mod || !exact && q.Match(p.mod.Version) {
			continue
		}
		return nil, &find.VersionError{
			Module: p.mod.Path, Query: companion.Query,
			Reason: fmt.Sprintf("companion %s@%s: the build needs %s", companion.Path, companion.Query, p.mod),
			Fix:    "ask for " + companion.Path + " without a version, or for older versions of the others",
		}
	}
	return along, nil
}

// raisedMain returns the release at the version that a closure selects. Companions may need a
// higher one than was resolved; whether that is what was asked for is for the loader to judge.
func (r *request) raisedMain(ctx context.Context, release *install.Release, c *closure) (*install.Release, error) {
	m := c.from[release.Package].mod
	if m.Path == release.Module && m.Version == release.Version {
		return release, nil
	}
	known, err := r.in.fetchInfo(ctx, r.session, nil, m)
	if err != nil {
		return nil, about(m, err)
	}
	raised := *release
	raised.Module, raised.Version, raised.Time, raised.Why = m.Path, m.Version, known.Time, "required by its companions"
	return &raised, nil
}

// completeStandard completes a package of the standard library that has companions from elsewhere.
func (r *request) completeStandard(ctx context.Context, pkg string) (*build, string, error) {
	b, err := r.remembered(ctx, []string{"standard package", pkg}, func() (*build, error) {
		c, err := r.closureAlong(ctx, r.lockedRoots(), []string{pkg})
		if err != nil {
			return nil, err
		}
		return r.build(ctx, c)
	})
	if err != nil {
		return nil, "", err
	}
	return b, b.hash("standard package " + pkg + r.along.subject()), nil
}

// closureAlong is closure with the companions.
func (r *request) closureAlong(ctx context.Context, roots map[string]string, start []string) (*closure, error) {
	roots = maps.Clone(roots)
	if roots == nil {
		roots = make(map[string]string)
	}
	if err := r.want(ctx, roots); err != nil {
		return nil, err
	}
	return r.closure(ctx, roots, r.along.paths(start...))
}

// within reports whether an import path lies in a module, by its name.
func within(mod, pkg string) bool { return pkg == mod || strings.HasPrefix(pkg, mod+"/") }

// dotted reports whether an import path starts with a host name.
func dotted(path string) bool {
	head, _, _ := strings.Cut(path, "/")
	return strings.Contains(head, ".")
}
