package load

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/loadgo/load/find"
	"github.com/loadgo/load/internal/phrase"
	"github.com/loadgo/load/internal/query"
	"github.com/loadgo/load/policy"
)

// identity names the module, its version and what it is built with: two specs of one identity are
// one module.
func identity(s *Spec) string { return s.Name + phrase.Version(s.Version) + specBuiltWith(s) }

// specBuiltWith is what the specs of one module have in common: the versions that were found rather
// than asked for.
func specBuiltWith(s *Spec) string {
	if s.Source.Go == nil {
		return builtWith(nil, nil, s.Engine)
	}
	along := slices.Clone(s.Source.Go.Along)
	for i, c := range along {
		along[i].Query = cmp.Or(c.Version, c.Query)
	}
	return builtWith(along, s.Source.Go.Instances, s.Engine)
}

// asAsked returns the spec with what the name is to be built with besides companions, which only
// the finders and installers can bring. The error is that of a spec that is not what was asked for.
func asAsked(s *Spec, name find.Name) (*Spec, error) {
	if err := agrees(s, name); err != nil {
		return nil, err
	}
	if name.Engine != "" {
		own := *s
		own.Engine = name.Engine
		s = &own
	}
	if len(name.Along) == 0 && len(name.Instances) == 0 {
		return s, nil
	}
	if s.Source.Go == nil {
		return nil, &CompileError{Reason: "it is no Go package: it cannot be built with companions or instantiations"}
	}
	if len(s.Source.Go.Along) != len(name.Along) {
		return nil, &InternalError{Value: fmt.Sprintf("%s does not bring companions", s.Origin)}
	}
	return instantiated(s, name.Instances), nil
}

// instantiated returns a spec of the same source with other instantiations.
func instantiated(s *Spec, instances []string) *Spec {
	spec, source := *s, *s.Source.Go
	source.Instances = instances
	spec.Source.Go = &source
	return &spec
}

// agrees checks that the companions did not raise the module to a version that was not asked for.
func agrees(s *Spec, name find.Name) error {
	q, err := query.Parse(name.Query)
	if err != nil || len(name.Along) == 0 || q.Kind() == query.Any || q.Kind() == query.Revision || q.Match(s.Version) {
		return nil // a query that is none was refused by who understands it
	}
	return &VersionError{
		Module: s.Module, Query: name.Query, Reason: fmt.Sprintf("%s was asked for, and its companions need %s", name.Query, s.Version),
		Fix: "ask for " + name.Target + "@" + s.Version + ", or for companions of older versions",
	}
}

// specSubject is what the policies decide about: the place of what is used in place, and else what
// it is called.
func specSubject(s *Spec) policy.Subject {
	subject := policy.Subject{
		Package: s.Name, Module: originOf(s), Declares: s.Module, Version: s.Version, Time: s.Time,
		Retracted: s.Retracted, Deprecated: policy.Deprecation(s.Retracted, s.Deprecated), Standard: isStandard(s),
	}
	if liesInPlace(s) {
		subject.Package, subject.Module = s.Source.Dir, ""
		subject.Also = []string{s.Name, filepath.Join(s.Source.Dir, filepath.FromSlash(s.Source.File))}
		if s.Source.File != "" && s.Name != s.Source.Dir {
			subject.Package = subject.Also[1]
		}
		if s.Source.Go != nil && s.Source.Go.ImportPath != "" {
			subject.Also = append(subject.Also, s.Source.Go.ImportPath)
		}
	}
	return subject
}

// liesInPlace reports whether the source lies where the user keeps it, and not in the store.
func liesInPlace(s *Spec) bool { return s.Source.Dir != "" && s.Version == "" }

// isStandard reports whether the module is a package of the standard library.
func isStandard(s *Spec) bool {
	return s.Source.Kind == find.KindGo && s.Version != "" && s.Module == "" && !find.IsURL(s.Name)
}

// originOf is the module by the name that its installer knows it by: what a repository's own go.mod
// says it is is not where it comes from.
func originOf(s *Spec) string {
	if find.IsURL(s.Name) {
		return s.Name
	}
	return s.Module
}

// grantNames are those by which a module is granted something: where it lies, or what it is called.
func grantNames(s *Spec) []string {
	subject := specSubject(s)
	if subject.Standard {
		return []string{subject.Package, policy.StandardName(subject.Package)}
	}
	return []string{subject.Package}
}
