// Package plan says what a spec is called and whose it is, and what policies have to say about it.
// It looks nothing up: all of it follows from the spec and the name that was asked for.
package plan

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/loadgo/load/find"
	"github.com/loadgo/load/internal/phrase"
	"github.com/loadgo/load/internal/query"
	"github.com/loadgo/load/policy"
)

// Identity names the module, its version and what it is built with: two specs of one identity are
// one module.
func Identity(s *find.Spec) string { return s.Name + phrase.Version(s.Version) + specBuiltWith(s) }

// Source identifies a module and its source: "" if the source is not known by a hash.
func Source(s *find.Spec) string {
	if s.Source.Hash == "" {
		return ""
	}
	return Identity(s) + " " + s.Source.Hash
}

// specBuiltWith is what the specs of one module have in common: the versions that were found rather
// than asked for.
func specBuiltWith(s *find.Spec) string {
	if s.Source.Go == nil {
		return BuiltWith(nil, nil, "", s.Engine)
	}
	along := slices.Clone(s.Source.Go.Along)
	for i, c := range along {
		along[i].Query = cmp.Or(c.Version, c.Query)
	}
	return BuiltWith(along, s.Source.Go.Instances, s.Source.Go.Expression, s.Engine)
}

// With returns a spec of the same source with other instantiations and another expression.
func With(s *find.Spec, instances []string, expression string) *find.Spec {
	spec, source := *s, *s.Source.Go
	source.Instances, source.Expression = instances, expression
	spec.Source.Go = &source
	return &spec
}

// Agrees checks that the companions did not raise the module to a version that was not asked for.
func Agrees(s *find.Spec, name find.Name) error {
	q, err := query.Parse(name.Query)
	if err != nil || len(name.Along) == 0 || q.Kind() == query.Any || q.Kind() == query.Revision || q.Match(s.Version) {
		return nil // a query that is none was refused by who understands it
	}
	return &find.VersionError{
		Module: s.Module, Query: name.Query, Reason: fmt.Sprintf("%s was asked for, and its companions need %s", name.Query, s.Version),
		Fix: "ask for " + name.Target + "@" + s.Version + ", or for companions of older versions",
	}
}

// Subject is what the policies decide about: the place of what is used in place, and else what
// it is called.
func Subject(s *find.Spec) policy.Subject {
	subject := policy.Subject{
		Package: s.Name, Module: Origin(s), Declares: s.Module, Version: s.Version, Time: s.Time,
		Retracted: s.Retracted, Deprecated: policy.Deprecation(s.Retracted, s.Deprecated), Standard: Standard(s),
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
func liesInPlace(s *find.Spec) bool { return s.Source.Dir != "" && s.Version == "" }

// Standard reports whether the module is a package of the standard library.
func Standard(s *find.Spec) bool {
	return s.Source.Kind == find.KindGo && s.Version != "" && s.Module == "" && !find.IsURL(s.Name)
}

// Origin is the module by the name that its installer knows it by: what a repository's own go.mod
// says it is is not where it comes from.
func Origin(s *find.Spec) string {
	if find.IsURL(s.Name) {
		return s.Name
	}
	return s.Module
}

// GrantNames are those by which a module is granted something: where it lies, or what it is called.
func GrantNames(s *find.Spec) []string {
	subject := Subject(s)
	if subject.Standard {
		return []string{subject.Package, policy.StandardName(subject.Package)}
	}
	return []string{subject.Package}
}

// BuiltWith is the part of a key that says what a module is built with, "" for nothing else. Names
// hold no control character, so that no two requests have one key.
func BuiltWith(along []find.Companion, instances []string, expression, engine string) string {
	var b strings.Builder
	if engine != "" {
		b.WriteString("\x00engine " + engine)
	}
	for _, c := range along {
		b.WriteString("\x00along " + c.String())
	}
	for _, instance := range instances {
		b.WriteString("\x00instance " + instance)
	}
	if expression != "" { // which may hold anything
		fmt.Fprintf(&b, "\x00expression %x", sha256.Sum256([]byte(expression)))
	}
	return b.String()
}

// OfRelease returns a spec as it is with another release of the toolchain: the version of a
// standard package is the release, and its hash names that.
func OfRelease(s *find.Spec, release string) *find.Spec {
	if !Standard(s) || s.Version == release {
		return s
	}
	other, source := *s, *s.Source.Go
	other.Version = release
	other.Source.Hash = strings.Replace(s.Source.Hash, "go:"+s.Version+"/", "go:"+release+"/", 1)
	source.Along = slices.Clone(source.Along)
	for i, c := range source.Along {
		if c.Version == s.Version {
			source.Along[i].Version = release
		}
	}
	other.Source.Go = &source
	return &other
}
