package bundle

import (
	"context"
	"embed"
	"fmt"
	"iter"
	"slices"

	"github.com/loadgo/load/find"
	"github.com/loadgo/load/internal/query"
)

var _ find.Lister = (*Bundle)(nil)

func notFound(format string, args ...any) error {
	return fmt.Errorf("%w: %s", find.ErrNotFound, fmt.Sprintf(format, args...))
}

// Find implements [find.Finder]: the highest version in the bundle that the name's query allows. A
// query whose answer can change ("latest", a branch) is not answered.
func (b *Bundle) Find(ctx context.Context, name find.Name) (*find.Spec, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if b.err != nil {
		return nil, b.err
	}
	q, err := query.Parse(name.Query)
	if err != nil {
		return nil, &find.VersionError{Query: name.Query, Reason: err.Error()}
	}
	named, err := b.table.named(asked(name))
	if err != nil {
		return nil, err
	}
	var versions []string
	var candidates []*module
	for _, m := range named {
		if m.Form != name.Form || name.Engine != "" && name.Engine != m.Engine {
			continue
		}
		versions = append(versions, m.Spec.Version)
		if m.isAlong(name.Along) {
			candidates = append(candidates, m)
		}
	}
	switch {
	case len(versions) == 0:
		return nil, notFound("it is not in the bundle")
	case len(candidates) == 0:
		return nil, notFound("it is in the bundle without these companions")
	}
	best, ok := highest(q, name.Query, candidates)
	if !ok {
		return nil, notFound("the bundle has no version that satisfies %s, only %s", name.Query, candidates[0].Spec.Version)
	}
	return best.spec(name), nil
}

// highest returns the module of the highest version that a query allows.
func highest(q query.Query, text string, modules []*module) (*module, bool) {
	versions := make([]string, len(modules))
	for i, m := range modules {
		versions[i] = m.Spec.Version
	}
	if i := slices.Index(versions, text); i >= 0 { // of a repository or the standard library it need not be semantic
		return modules[i], true
	}
	switch q.Kind() {
	case query.Latest, query.Upgrade, query.Patch, query.Revision:
		return nil, false
	}
	version, ok := q.Highest(versions)
	if !ok && q.Kind() == query.Any {
		return modules[0], true // versions that are not semantic
	}
	if !ok {
		return nil, false
	}
	return modules[slices.Index(versions, version)], true
}

// isAlong reports whether the module was built with what was asked for.
func (m *module) isAlong(along []find.Companion) bool {
	return slices.EqualFunc(m.Along, along, func(a, b find.Companion) bool {
		return a.Alias == b.Alias && a.Path == b.Path && (a.Query == b.Query || a.Version == b.Query)
	})
}

// spec is the spec of a module whose source is elsewhere.
func (m *module) spec(name find.Name) *find.Spec {
	s := m.Spec
	found := &find.Spec{
		Name: s.Name, Module: s.Module, Version: s.Version, Why: "it was prepared", Origin: "bundle", Time: s.Time, Deprecated: s.Deprecated, Retracted: s.Retracted,
		BuildList: slices.Clone(s.BuildList), Published: slices.Clone(s.Published), Asks: slices.Clone(m.Asks), Parts: find.NamedParts(s.Imports),
		Source: find.Source{Kind: s.Kind, FS: embed.FS{}, File: s.File, Hash: s.Hash, Prepared: true, By: s.By},
	}
	if s.Kind == find.KindGo {
		found.Source.Go = &find.GoSource{ImportPath: s.ImportPath, Along: slices.Clone(name.Along)}
		for i := range m.Along {
			found.Source.Go.Along[i].Version = m.Along[i].Version
		}
	}
	return found
}

// Names implements [find.Lister].
func (b *Bundle) Names(context.Context) iter.Seq[string] {
	return func(yield func(string) bool) {
		if b.table == nil {
			return
		}
		h, err := b.table.heads()
		if err != nil {
			return
		}
		for _, m := range h.modules {
			if !yield(m.asked) {
				return
			}
		}
	}
}
