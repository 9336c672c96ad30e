package policy

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"golang.org/x/mod/module"
)

// FuzzOverlap: no path is matched by two patterns of equal right that were taken to be apart.
func FuzzOverlap(f *testing.F) {
	f.Add("a.com/x*", "a.com/*y", "a.com/xy")
	f.Add("a.com/[ab]x", "a.com/?x", "a.com/bx/c")
	f.Add(`a.com/\*x`, "a.com/*x", "a.com/*x")
	f.Fuzz(func(t *testing.T, a, b, name string) {
		if a == b || checkPattern(a) != nil || checkPattern(b) != nil || !module.MatchPrefixPatterns(a, name) || !module.MatchPrefixPatterns(b, name) {
			return
		}
		assert.Equal(t, -moreSpecific(b, a), moreSpecific(a, b))
		assert.Falsef(t, strings.Count(a, "/") == strings.Count(b, "/") && !overlap(a, b), "%q matches %q and %q", name, a, b)
	})
}
