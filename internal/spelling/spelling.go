// Package spelling finds the names that somebody may have meant. What it finds is only ever shown
// in an error, never acted upon: correcting a name before an install is how typosquatting works.
package spelling

import (
	"iter"
	"slices"
	"strings"
	"unicode/utf8"
)

// limit bounds the work: names longer than this many runes are not compared letter by letter.
const limit = 100

// Near returns up to max of the candidates that are spelled most like name, in alphabetical order:
// those with the same letters in another case, or else those one edit away and paths that end in
// the whole name ("slug" for "github.com/gosimple/slug"), or else those a few edits away. The name
// itself is not among them, and no candidate comes twice.
func Near(name string, candidates iter.Seq[string], max int) []string {
	var nearest []string
	best := limit
	for candidate := range candidates {
		d, ok := distance(name, candidate)
		if !ok || d > best || candidate == name {
			continue
		}
		if d < best {
			nearest, best = nil, d
		}
		nearest = append(nearest, candidate)
	}
	slices.Sort(nearest)
	nearest = slices.Compact(nearest)
	return nearest[:min(max, len(nearest))]
}

// distance tells how far two names are apart, and whether that is near.
func distance(name, candidate string) (int, bool) {
	lower, other := strings.ToLower(name), strings.ToLower(candidate)
	if lower == other {
		return 0, true
	}
	if strings.HasSuffix(other, "/"+lower) {
		return 1, true
	}
	length := utf8.RuneCountInString(lower)
	allowed := min(1+length/5, 3)
	if length < 3 || length > limit || utf8.RuneCountInString(other) > limit {
		return 0, false
	}
	d := edits([]rune(lower), []rune(other), allowed)
	return d, d <= allowed
}

// edits counts the insertions, deletions, substitutions and swaps of neighbours that lead from a to
// b (the optimal string alignment distance), or returns more than allowed as soon as that is sure.
func edits(a, b []rune, allowed int) int {
	if diff := len(a) - len(b); diff > allowed || -diff > allowed {
		return allowed + 1
	}
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		best := i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
			best = min(best, row[j])
		}
		if best > allowed {
			return best
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
