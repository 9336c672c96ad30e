package policy

import (
	"errors"
	"fmt"
	"net/netip"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/mod/module"
)

// Check returns an error that names the first pattern of the policy that can match nothing, and
// says how to write it. A policy that was read from a file was checked then.
func (p *Policy) Check() error {
	check := func(rule string, patterns ...string) error {
		for _, pattern := range patterns {
			if err := checkPattern(pattern); err != nil {
				return fmt.Errorf("%s: %w", rule, err)
			}
		}
		return nil
	}
	errs := []error{check("Deny", p.Deny...), check("Allow", p.Allow...), check("AgeExcept", p.AgeExcept...), check("Isolation", p.Isolation...)}
	for _, g := range p.Grants {
		errs = append(errs, check("Grants", g.Pattern))
	}
	for _, s := range p.Signers {
		errs = append(errs, check("Signers", s.Pattern))
	}
	for _, s := range p.Artifacts {
		errs = append(errs, s.check())
	}
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// checkPattern refuses what matches nothing, whatever it was meant to match.
func checkPattern(pattern string) error {
	if reason := whyNoPattern(pattern); reason != "" {
		return fmt.Errorf("%q is no pattern: %s", pattern, reason)
	}
	return nil
}

func write(pattern string) string { return fmt.Sprintf("write %q", pattern) }

// whyNoPattern says what is wrong with a pattern and how it is written, or "".
func whyNoPattern(pattern string) string {
	_, syntax := path.Match(pattern, "")
	switch {
	case pattern == "":
		return "it is empty; write one such as example.com/team, *.example.com or /srv/plugins"
	case strings.ContainsFunc(pattern, func(r rune) bool { return !unicode.IsPrint(r) }):
		return "it holds what does not show"
	case errors.Is(syntax, path.ErrBadPattern):
		return `a "[" is not closed, or a "\" stands before nothing`
	case strings.HasSuffix(pattern, "..."):
		return "a pattern is a prefix: " + write(strings.TrimRight(strings.TrimSuffix(pattern, "..."), "/"))
	case isRelative(pattern) || strings.HasPrefix(pattern, "~/"):
		return `a directory is written by its absolute path, such as "/srv/plugins"`
	case strings.HasPrefix(pattern, "!"):
		return `it cannot be turned round: what is not meant has a rule "deny" of its own`
	}
	if isLocal(pattern) {
		return whyNoPath(pattern, "")
	}
	// What is local may have backslashes, which are separators on Windows.
	if i := strings.IndexByte(pattern, '\\'); i >= 0 && !strings.ContainsRune(wild+"]-", rune(pattern[i+1])) {
		return `a "/" is between elements; a "\" stands before a wildcard that is meant as it is`
	}
	if strings.Contains(pattern, ",") {
		return "spaces, not commas, are between patterns"
	}
	if rest, ok := strings.CutPrefix(pattern, "file:"); ok {
		rest = strings.TrimPrefix(strings.TrimPrefix(rest, ":"), "//")
		if !isLocal(rest) {
			return `a file is written by its absolute path, such as "/srv/plugins"`
		}
		return whyNoPath(rest, strings.TrimSuffix(pattern, rest))
	}
	if isAddress(pattern) {
		return "an address in brackets is that of a URL: " + write("https://"+pattern)
	}
	if strings.Contains(pattern, ":") {
		if reason, isURL := whyNoURL(pattern); reason != "" || isURL {
			return reason
		}
	}
	return whyNoName(pattern)
}

// whyNoPath is whyNoPattern for local paths, after what stands before them.
func whyNoPath(pattern, before string) string {
	clean := filepath.ToSlash(filepath.Clean(filepath.FromSlash(pattern)))
	switch {
	case filepath.ToSlash(pattern) != clean:
		return "no path is matched that is written so: " + write(before+clean)
	case clean == "/":
		return "the root of all directories: " + write("/*")
	case slices.Contains(strings.Split(clean, "/"), "**"):
		return "a pattern is a prefix: " + write(before+beforeWildcards(clean))
	}
	return ""
}

// beforeWildcards is a pattern without the elements from "**" on.
func beforeWildcards(pattern string) string {
	before, _, found := strings.Cut("/"+pattern+"/", "/**/")
	if !found {
		return pattern
	}
	return strings.TrimPrefix(before, "/")
}

// whyNoURL is whyNoPattern for what is written as a repository's or an archive's name.
func whyNoURL(pattern string) (reason string, isURL bool) {
	getter, rest := cutGetter(pattern)
	scheme, _, hasScheme := strings.Cut(rest, "://")
	prefix, after, _ := strings.Cut(pattern, ":")
	short := prefix == "gh" || prefix == "gl"
	if !hasScheme && getter == "" && !short {
		if lower := strings.ToLower(prefix); lower != prefix && (lower == "gh" || lower == "gl") {
			return "prefixes are written small: " + write(lower+":"+after), true
		}
		if host, port, _ := strings.Cut(pattern, "/"); !strings.Contains(port, ":") && isHostPort(host) {
			return "", false
		}
		return fmt.Sprintf("what comes before the colon stands for an import path or a URL: write that, without %q", prefix+":"), true
	}
	for _, word := range []string{getter, scheme} {
		if lower := strings.ToLower(word); word != lower && (word == getter || hasScheme) {
			return "schemes are written small: " + write(strings.Replace(pattern, word, lower, 1)), true
		}
	}
	switch {
	case getter != "" && !slices.Contains([]string{"git", "https", "http", "oci"}, getter):
		return fmt.Sprintf("no name begins with %q", getter+"::"), true
	case hasScheme && !slices.Contains([]string{"https", "http", "ssh", "file"}, scheme):
		return fmt.Sprintf("no name begins with %q", scheme+"://"), true
	case strings.Contains(rest, "#"):
		return `no name has a part after "#": ` + write(rest[:strings.Index(rest, "#")]), true
	case strings.Contains(rest, "?"):
		return `it stands for the place, whatever parameters a name has: ` + write(strings.TrimSuffix(pattern, rest)+rest[:strings.Index(rest, "?")]), true
	case getter == "oci" && tagged(rest):
		return "it stands for every version: write it without the tag and the digest", true
	case short && strings.Contains(after, "@"):
		return "it stands for every version: " + write(pattern[:strings.LastIndex(pattern, "@")]), true
	}
	where := location(pattern)
	if isLocal(where) && hasScheme && scheme != "file" {
		return "it names no host", true
	}
	if isLocal(where) {
		return whyNoPath(where, ""), true
	}
	for _, c := range wild {
		if strings.Count(where, string(c)) > strings.Count(pattern, string(c)) {
			return fmt.Sprintf("it holds an escaped %q, which would stand for more than itself", c), true
		}
	}
	if isAddress(where) {
		address, rest, _ := strings.Cut(where[1:], "]")
		if _, err := netip.ParseAddr(address); err != nil {
			return fmt.Sprintf("no host is written so: [%s]", address), true
		}
		where = "address" + rest
	}
	return whyNoName(where), true
}

// tagged reports whether a repository of a registry has a tag or a digest.
func tagged(rest string) bool {
	_, path, _ := strings.Cut(rest, "/")
	return strings.ContainsAny(path, ":@")
}

func isHostPort(host string) bool {
	name, port, ok := strings.Cut(host, ":")
	return ok && name != "" && port != "" && strings.Trim(port, "0123456789") == ""
}

// whyNoName is whyNoPattern for import paths, and for hosts with a path.
func whyNoName(pattern string) string {
	if before := beforeWildcards(pattern); before != pattern {
		if before == "" {
			before = "*"
		}
		return "a pattern is a prefix: " + write(before)
	}
	if pattern == "unsafe" || pattern == "C" {
		return "it is a part of the language, which nothing keeps a module from"
	}
	host, rest, _ := strings.Cut(pattern, "/")
	if clean := path.Clean(pattern); clean != pattern && !strings.HasPrefix(clean, "..") {
		return "no name is written so: " + write(clean)
	}
	for _, c := range "#@ " {
		if i := strings.IndexRune(pattern, c); i >= 0 {
			if i > 0 && c == '@' {
				return "it stands for every version: " + write(pattern[:i])
			}
			return fmt.Sprintf("no name holds %q", c)
		}
	}
	if lower := strings.ToLower(host); lower != host && strings.Contains(host, ".") {
		return "hosts are written small: " + write(strings.TrimSuffix(lower+"/"+rest, "/"))
	}
	if isHostPort(host) {
		host, _, _ = strings.Cut(host, ":")
	}
	if err := module.CheckImportPath(withoutWildcards(strings.TrimSuffix(host+"/"+rest, "/"))); err != nil {
		var invalid *module.InvalidPathError
		if errors.As(err, &invalid) {
			err = invalid.Err
		}
		return "no name is written so: " + err.Error()
	}
	return ""
}

// withoutWildcards is a name that a pattern could match.
func withoutWildcards(pattern string) string {
	var b strings.Builder
	for i := 0; i < len(pattern); i++ {
		switch pattern[i] {
		case '*', '?':
			b.WriteByte('x')
		case '[':
			b.WriteByte('x')
			i += strings.IndexByte(pattern[i+1:], ']') + 1
		case '\\':
		default:
			b.WriteByte(pattern[i])
		}
	}
	return b.String()
}
