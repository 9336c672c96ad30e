package policy

import (
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"golang.org/x/mod/module"
)

// A local path is decided about by where it really leads: "deny /srv/attic" holds for a link to
// that directory, for what lies below a link above it, and for another place where it is mounted.
// What a pattern of a policy names is resolved in the same way, as far as it has no wildcards.

// resolve follows the links of a local path, as far as there is something; the rest stays as it is.
func resolve(location string) string {
	name, rest := filepath.FromSlash(location), ""
	for {
		if real, err := filepath.EvalSymlinks(name); err == nil {
			return filepath.ToSlash(filepath.Join(real, rest))
		}
		parent := filepath.Dir(name)
		if parent == name {
			return location
		}
		name, rest = parent, filepath.Join(filepath.Base(name), rest)
	}
}

// resolvePattern follows the links of a pattern of local paths, up to its first wildcard.
func resolvePattern(pattern string) string {
	fixed, globs := pattern, ""
	if i := strings.IndexAny(pattern, wild); i >= 0 {
		slash := strings.LastIndexByte(pattern[:i], '/')
		fixed, globs = pattern[:slash], pattern[slash:]
	}
	if fixed == "" {
		return pattern
	}
	return literal(resolve(fixed)) + globs
}

// literal is the pattern that matches a path and nothing else.
func literal(location string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(location)
}

// literalHost is the location of a pattern, where the brackets around an address are no wildcards.
func literalHost(where string) string {
	if isAddress(where) {
		return `\` + where
	}
	return where
}

// isAddress reports whether a location begins with an address in brackets, rather than a wildcard.
func isAddress(where string) bool {
	inside, _, ok := strings.Cut(where, "]")
	return ok && strings.HasPrefix(where, "[") && strings.Contains(inside, ":")
}

// forms are the locations that a pattern stands for: as it is written and, of local paths, without
// links.
func forms(pattern string) []string {
	where := location(pattern)
	if !isLocal(where) {
		return []string{literalHost(where)}
	}
	return []string{where, resolvePattern(where)}
}

// matches reports whether a form of a pattern stands for a location.
func matches(form, where string) bool {
	switch {
	case form == "*":
		return true
	case isLocal(form) != isLocal(where):
		return false
	case isLocal(form):
		return matchPath(form, where)
	}
	return module.MatchPrefixPatterns(form, where)
}

// matchPath is [module.MatchPrefixPatterns] for local paths, which may hold commas.
func matchPath(form, where string) bool {
	elements := strings.Split(where, "/")
	n := strings.Count(form, "/") + 1
	if len(elements) < n {
		return false
	}
	matched, _ := path.Match(form, strings.Join(elements[:n], "/"))
	return matched
}

// match returns the first of the patterns that stands for a name, or for where it leads if it is
// local, or "".
func match(patterns []string, name string) string {
	where := location(name)
	if anyLocal(patterns, where) {
		where = resolve(where)
	}
	return first(patterns, func(pattern string) bool {
		return slices.ContainsFunc(forms(pattern), func(form string) bool { return matches(form, where) })
	})
}

// denied is match for rules that forbid, and some names: it makes no difference between upper and
// lower case, as many hosts and file systems make none, looks at a local path as it is written,
// without its links, and by every mount that shows it, and takes a host for all of its ports. It
// returns the first name that is denied, and by which pattern; "" for none.
func denied(patterns []string, names ...string) (pattern, name string) {
	if len(patterns) == 0 {
		return "", ""
	}
	all := make([][]string, len(patterns))
	for i, pattern := range patterns {
		all[i] = forms(pattern)
	}
	mounts := sync.OnceValue(readMounts)
	for _, name := range names {
		where := []string{location(name)}
		if anyLocal(patterns, where[0]) {
			real := resolve(where[0])
			where = append(append(where, real), mounts().otherPlaces(real)...)
		}
		for i, forms := range all {
			if slices.ContainsFunc(forms, func(form string) bool { return standsForAny(form, where) }) {
				return patterns[i], name
			}
		}
	}
	return "", ""
}

func standsForAny(form string, where []string) bool {
	lower := strings.ToLower(form)
	if !isLocal(form) {
		lower = withoutGit(lower)
	}
	return slices.ContainsFunc(where, func(w string) bool {
		if isLocal(w) {
			return matches(lower, strings.ToLower(w)) || holds(form, w)
		}
		w = withoutGit(strings.ToLower(w))
		return matches(lower, w) || matches(lower, anyPort(w))
	})
}

// anyLocal reports whether a local location has to be compared with local patterns, for which it is
// resolved.
func anyLocal(patterns []string, where string) bool {
	return isLocal(where) && slices.ContainsFunc(patterns, func(pattern string) bool { return isLocal(location(pattern)) })
}

// first returns the first pattern that f accepts, or "".
func first(patterns []string, f func(string) bool) string {
	if i := slices.IndexFunc(patterns, f); i >= 0 {
		return patterns[i]
	}
	return ""
}

// holds reports whether a path is, or lies in, the very directory that a form without wildcards
// names, however the file system lets them be spelled.
func holds(form, where string) bool {
	if !isLocal(form) || !isLocal(where) || strings.ContainsAny(form, wild) {
		return false
	}
	denied, err := os.Stat(filepath.FromSlash(form))
	if err != nil {
		return false
	}
	for name := filepath.FromSlash(where); ; name = filepath.Dir(name) {
		if info, err := os.Stat(name); err == nil && os.SameFile(info, denied) {
			return true
		}
		if name == filepath.Dir(name) {
			return false
		}
	}
}
