package gomod

import (
	"slices"
	"sort"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/semver"
)

// Retractions are the intervals of versions that a module's authors withdraw. There can be as many
// of them, and of versions, as somebody likes.
type Retractions struct {
	listed []retraction // in the order of the file
	merged []retraction // the same versions, lowest first; no two have one in common
}

type retraction struct{ low, high, rationale string }

func newRetractions(lines []*modfile.Retract) (r Retractions) {
	for _, line := range lines {
		if semver.Compare(line.Low, line.High) <= 0 {
			r.listed = append(r.listed, retraction{line.Low, line.High, line.Rationale})
		}
	}
	sorted := slices.Clone(r.listed)
	slices.SortFunc(sorted, func(a, b retraction) int { return semver.Compare(a.low, b.low) })
	for _, next := range sorted {
		last := len(r.merged) - 1
		switch {
		case last < 0 || semver.Compare(r.merged[last].high, next.low) < 0:
			r.merged = append(r.merged, next)
		case semver.Compare(r.merged[last].high, next.high) < 0:
			r.merged[last].high = next.high
		}
	}
	return r
}

// Has reports whether a version is withdrawn.
func (r Retractions) Has(version string) bool {
	i := sort.Search(len(r.merged), func(i int) bool { return semver.Compare(r.merged[i].low, version) > 0 })
	return i > 0 && semver.Compare(version, r.merged[i-1].high) <= 0
}

// Why says why a version is withdrawn; "" if it is not. It goes through all that is withdrawn.
func (r Retractions) Why(version string) string {
	for _, at := range r.listed {
		switch {
		case semver.Compare(at.low, version) > 0 || semver.Compare(version, at.high) > 0:
		case at.rationale == "":
			return "retracted by the module's author"
		default:
			return "retracted by the module's author: " + at.rationale
		}
	}
	return ""
}
