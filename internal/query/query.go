// Package query understands the go command's module queries, as described under "Version queries"
// in the Go Modules Reference: which versions a query allows, and which of them it prefers.
package query

import (
	"fmt"
	"slices"
	"strings"

	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"
)

// Kind is the sort of a query.
type Kind string

// The kinds of queries.
const (
	Any          Kind = "any"      // no query: every version will do
	Latest       Kind = "latest"   // the highest release, else the highest pre-release
	Upgrade      Kind = "upgrade"  // as latest, but never lower than a current version
	Patch        Kind = "patch"    // the highest with the major and minor number of a current version
	Exact        Kind = "exact"    // v1.2.3
	Prefix       Kind = "prefix"   // v1, v1.2
	Less         Kind = "<"        // <v1.2.3
	LessEqual    Kind = "<="       // <=v1.2.3
	Greater      Kind = ">"        // >v1.2.3
	GreaterEqual Kind = ">="       // >=v1.2.3
	Revision     Kind = "revision" // a branch, a tag that is no version, a commit
)

// Query is a parsed module query. The zero Query is that of an empty string.
type Query struct {
	kind Kind
	text string
	base string // the version that the query is about, for kinds that have one
}

// Parse reads a query; "" means any version. What is no version, no range and none of the go
// command's words is a [Revision]. A range over what is no version, or over one that does not say
// where it ends (">v1.2" could mean that v1.2.3 is above it, or within it), is an error, as in the
// go command.
func Parse(s string) (Query, error) {
	q := Query{kind: Revision, text: s}
	switch Kind(s) {
	case "":
		q.kind = Any
		return q, nil
	case Latest, Upgrade, Patch:
		q.kind = Kind(s)
		return q, nil
	}
	if strings.HasPrefix(s, "<") || strings.HasPrefix(s, ">") {
		q.kind = Kind(s[:1])
		if strings.HasPrefix(s[1:], "=") {
			q.kind = Kind(s[:2])
		}
		q.base = s[len(q.kind):]
		if !semver.IsValid(q.base) {
			return Query{}, fmt.Errorf("invalid semantic version %q in range %q", q.base, s)
		}
		if isPrefix(q.base) && (q.kind == LessEqual || q.kind == Greater) {
			return Query{}, fmt.Errorf("ambiguous semantic version %q in range %q", q.base, s)
		}
		return q, nil
	}
	if semver.IsValid(s) {
		q.kind, q.base = Exact, s
		if isPrefix(s) {
			q.kind = Prefix
		}
	}
	return q, nil
}

// isPrefix reports whether a valid version lacks its minor or patch number.
func isPrefix(v string) bool {
	return strings.Count(v, ".") < 2 && !strings.ContainsAny(v, "-+")
}

// Kind returns the sort of the query.
func (q Query) Kind() Kind {
	if q.kind == "" {
		return Any
	}
	return q.kind
}

// String returns the query as it was written.
func (q Query) String() string { return q.text }

// Version returns the version that an exact, prefix or range query is about, as it was written, or
// "".
func (q Query) Version() string { return q.base }

// Match reports whether the query allows a version. Words that are about all versions or about a
// current one ("latest", "upgrade", "patch") allow every version; a revision allows none, because
// only the origin of the module knows which version it is. Anything but a full semantic version is
// never allowed.
//
// Build metadata counts for nothing, so that v2.0.0 allows v2.0.0+incompatible. A prefix does not
// allow pre-releases of its first version: v1.2 allows v1.2.0 and not v1.2.0-rc1.
func (q Query) Match(version string) bool {
	if !semver.IsValid(version) || isPrefix(version) {
		return false
	}
	switch q.Kind() {
	case Any, Latest, Upgrade, Patch:
		return true
	case Exact:
		return semver.Compare(version, q.base) == 0
	case Prefix:
		return strings.HasPrefix(version, q.base+".") && semver.Compare(version, q.base) >= 0
	case Less:
		return semver.Compare(version, q.base) < 0
	case LessEqual:
		return semver.Compare(version, q.base) <= 0
	case Greater:
		return semver.Compare(version, q.base) > 0
	case GreaterEqual:
		return semver.Compare(version, q.base) >= 0
	}
	return false
}

// Rank returns the versions that the query allows, most preferred first: releases before
// pre-releases before pseudo-versions; among these the highest, except that > and >= prefer the
// lowest, the one nearest to what they compare with, as the go command does. The argument is left
// as it is.
//
// Whether "+incompatible" versions, retracted and excluded ones may be chosen depends on more than
// their spelling: a registry leaves them out before it asks.
func (q Query) Rank(versions []string) []string {
	ranked := slices.DeleteFunc(slices.Clone(versions), func(v string) bool { return !q.Match(v) })
	lowest := q.kind == Greater || q.kind == GreaterEqual
	slices.SortStableFunc(ranked, func(a, b string) int {
		if d := maturity(a) - maturity(b); d != 0 {
			return d
		}
		if lowest {
			return semver.Compare(a, b)
		}
		return semver.Compare(b, a)
	})
	return ranked
}

// Select returns the version that the query prefers, the first of [Query.Rank]; ok is false where
// none is allowed.
func (q Query) Select(versions []string) (version string, ok bool) {
	ranked := q.Rank(versions)
	if len(ranked) == 0 {
		return "", false
	}
	return ranked[0], true
}

// Highest returns the highest version that the query allows, releases first: what is wanted where
// the versions at hand were all chosen before, as those of a store. It differs from
// [Query.Select] for > and >= alone.
func (q Query) Highest(versions []string) (version string, ok bool) {
	best := ""
	for _, v := range versions {
		if !q.Match(v) {
			continue
		}
		if best == "" || maturity(v) < maturity(best) || maturity(v) == maturity(best) && semver.Compare(v, best) > 0 {
			best = v
		}
	}
	return best, best != ""
}

// maturity puts releases first and pseudo-versions, which nobody released, last.
func maturity(v string) int {
	switch {
	case module.IsPseudoVersion(v):
		return 2
	case semver.Prerelease(v) != "":
		return 1
	}
	return 0
}
