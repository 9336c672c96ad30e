package policy

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/mod/module"

	"github.com/loadgo/load/internal/token"
)

// Registry is a private module proxy, or a repository of an OCI registry in which modules are
// kept, and what it owns: modules that are asked of it and of nobody
// else, whatever it answers. They are not looked up in the checksum database, which must not hear
// of them. Nothing but what a registry owns is asked of it.
//
// Its name is short for its prefix: with the name "company" and the prefix "corp.example.com",
// company:team/auth is the module or package corp.example.com/team/auth.
type Registry struct {
	Name     string   // lower-case letters, digits and "-", from a letter on; not gh, gl, git, file, http, https, ssh
	URL      string   // of a module proxy (GOPROXY protocol), https, or oci://HOST/REPOSITORY; without credentials
	Mirrors  []string // further URLs, asked in order where those before are down, or do not have something
	Prefix   string   // import path
	Patterns []string // what it owns besides what begins with its prefix, as in GOPRIVATE
	Insecure bool     // its URLs may be http, with credentials; an OCI registry is asked over http, without
}

// Owner is the registry that owns a path, and why.
type Owner struct {
	Registry
	Pattern string // that matches
	Rule    string // "load.policy:2: registry company"
}

// Registries are those of some policies. The zero value holds none. It is safe for concurrent use.
type Registries struct{ list []Owner } // without a pattern

// NewRegistries checks the registries of policies, each for itself and against the others: names
// are there once, and no path is owned by two of them with equal right.
func NewRegistries(policies []*Policy) (Registries, error) {
	var all Registries
	for _, p := range policies {
		for _, r := range p.Registries {
			rule := p.rule("registry " + r.Name)
			if err := all.add(r, rule); err != nil {
				return Registries{}, fmt.Errorf("%s: %w", strings.TrimPrefix(rule, setting), err)
			}
		}
	}
	return all, nil
}

// Names lists the registries, sorted.
func (rs Registries) Names() []string {
	var names []string
	for _, r := range rs.list {
		names = append(names, r.Name)
	}
	slices.Sort(names)
	return names
}

// Named returns the registry of a name.
func (rs Registries) Named(name string) (Registry, bool) {
	for _, r := range rs.list {
		if r.Name == name {
			return r.Registry, true
		}
	}
	return Registry{}, false
}

// Owner returns the registry that owns a module or package path. Of several patterns that match,
// the most specific one decides: the one with more elements, then the one that says more of an
// element.
func (rs Registries) Owner(name string) (owner Owner, ok bool) {
	for _, r := range rs.list {
		for _, pattern := range r.owns() {
			if module.MatchPrefixPatterns(pattern, name) && (!ok || moreSpecific(pattern, owner.Pattern) > 0) {
				owner, ok = r, true
				owner.Pattern = pattern
			}
		}
	}
	return owner, ok
}

// owns lists the patterns of what a registry owns.
func (r Registry) owns() []string { return append([]string{r.Prefix}, r.Patterns...) }

var (
	registryName  = regexp.MustCompile(`^[a-z][a-z0-9-]+$`)
	reservedNames = []string{"gh", "gl", "git", "file", "http", "https", "ssh"}
)

// add takes a registry in, unless it is wrong or at odds with those that are there.
func (rs *Registries) add(r Registry, rule string) error {
	switch {
	case slices.Contains(reservedNames, r.Name):
		return fmt.Errorf("the name %q means something else in front of a colon", r.Name)
	case !registryName.MatchString(r.Name):
		return fmt.Errorf("%q is not a registry name: it takes two or more of a-z, 0-9 and \"-\", from a letter on", r.Name)
	}
	for i, text := range r.Places() {
		if err := r.checkURL(text); err != nil {
			return err
		}
		if slices.Contains(r.Places()[:i], text) {
			return fmt.Errorf("it has the URL %s twice", text)
		}
	}
	if err := module.CheckPath(r.Prefix); err != nil {
		return fmt.Errorf("its prefix %q is no path such as corp.example.com/team", r.Prefix)
	}
	for i, pattern := range r.Patterns {
		if err := checkPattern(pattern); err != nil {
			return err
		}
		switch where := location(pattern); {
		case isLocal(where):
			return fmt.Errorf("%q is a directory, which no registry has", pattern)
		case strings.Contains(where, ":"):
			return fmt.Errorf("%q is no import path, which has neither a port nor an address in brackets", pattern)
		case where != pattern:
			return fmt.Errorf("%q is compared with import paths, and is none: %s", pattern, write(where))
		}
		if slices.Contains(r.owns()[:i+1], pattern) {
			return fmt.Errorf("it owns %s twice", pattern)
		}
	}
	for _, other := range rs.list {
		if other.Name == r.Name {
			return fmt.Errorf("there is a registry %s already (%s)", r.Name, other.Rule)
		}
		for _, mine := range r.owns() {
			for _, theirs := range other.owns() {
				switch {
				case mine == theirs:
					return fmt.Errorf("it owns %s, which %s owns already (%s)", mine, other.Name, other.Rule)
				case moreSpecific(mine, theirs) == 0 && overlap(mine, theirs):
					return fmt.Errorf("it owns %s, and %s owns %s: neither says more about what both match (%s)", mine, other.Name, theirs, other.Rule)
				}
			}
		}
	}
	r.Patterns, r.Mirrors = slices.Clone(r.Patterns), slices.Clone(r.Mirrors)
	rs.list = append(rs.list, Owner{Registry: r, Rule: rule})
	return nil
}

// Places lists its URL and those of its mirrors, in the order in which they are asked.
func (r Registry) Places() []string { return append([]string{r.URL}, r.Mirrors...) }

func (r Registry) checkURL(text string) error {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Opaque != "" || u.Scheme != "https" && u.Scheme != "http" && u.Scheme != "oci":
		return fmt.Errorf("its URL is not one of https or oci") // it may hold a password
	case u.User != nil && u.Scheme == "oci":
		return fmt.Errorf("its URL holds a user or a password: keep them in the variable %s or in the docker configuration", token.Variable(r.Name))
	case u.User != nil:
		return fmt.Errorf("its URL holds a user or a password: keep them in the variable %s or in the netrc file", token.Variable(r.Name))
	case u.Scheme == "oci" && (u.Hostname() == "" || !repository.MatchString(u.Path) || u.RawQuery != "" || u.ForceQuery || u.Fragment != ""):
		return fmt.Errorf("its URL %q is not of the form oci://host/repository, without a tag", u.Redacted())
	case u.Hostname() == "" || u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return fmt.Errorf("its URL %q is not of the form https://host/path", u.Redacted())
	case u.Scheme == "http" && !r.Insecure:
		return fmt.Errorf("its URL %s is not safe: write https, or \"insecure\" at the end of the rule", text)
	}
	return nil
}

// repository is the path of a repository, as OCI registries allow it.
var repository = regexp.MustCompile(`^(/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)+$`)

const wild = `*?[\`

// moreSpecific compares two patterns that match one path: by the number of their elements, then by
// the first element of which one says more, a literal more than a glob and a glob with more letters
// more than one with fewer.
func moreSpecific(a, b string) int {
	as, bs := strings.Split(a, "/"), strings.Split(b, "/")
	if len(as) != len(bs) {
		return len(as) - len(bs)
	}
	for i := range as {
		switch literalA, literalB := !strings.ContainsAny(as[i], wild), !strings.ContainsAny(bs[i], wild); {
		case literalA && literalB:
		case literalA:
			return 1
		case literalB:
			return -1
		case letters(as[i]) != letters(bs[i]):
			return letters(as[i]) - letters(bs[i])
		}
	}
	return 0
}

// letters counts the bytes of a glob that stand for themselves.
func letters(glob string) int {
	n := 0
	for _, c := range glob {
		if !strings.ContainsRune(wild+"]", c) {
			n++
		}
	}
	return n
}

// overlap reports whether one path may match two patterns of as many elements. It says so too often
// rather than too rarely.
func overlap(a, b string) bool {
	as, bs := strings.Split(a, "/"), strings.Split(b, "/")
	for i := range as {
		if apart(as[i], bs[i]) {
			return false
		}
	}
	return true
}

// apart tells of two elements that nothing matches both: they begin or end with different letters.
func apart(a, b string) bool {
	if !strings.ContainsAny(a, wild) && !strings.ContainsAny(b, wild) {
		return a != b
	}
	head := func(s string) string { return s[:strings.IndexFunc(s+"*", isWild)] }
	tail := func(s string) string { return s[strings.LastIndexFunc("*"+s, isWild):] }
	if strings.ContainsAny(a+b, `[\`) { // a class ends with "]", which is not part of the tail
		tail = func(string) string { return "" }
	}
	return !strings.HasPrefix(head(a), head(b)) && !strings.HasPrefix(head(b), head(a)) ||
		!strings.HasSuffix(tail(a), tail(b)) && !strings.HasSuffix(tail(b), tail(a))
}

func isWild(r rune) bool { return strings.ContainsRune(wild, r) }

func (p *parser) registry(args []string) error {
	if len(args) < 3 {
		return p.fail("want registry NAME URL[,MIRROR...] PREFIX [PATTERN...] [insecure]")
	}
	urls := strings.Split(args[1], ",")
	r := Registry{Name: args[0], URL: urls[0], Mirrors: urls[1:], Prefix: args[2], Patterns: args[3:]}
	if last := len(r.Patterns) - 1; last >= 0 && r.Patterns[last] == "insecure" {
		r.Patterns, r.Insecure = r.Patterns[:last], true
	}
	if err := p.registries.add(r, fmt.Sprintf("%s:%d: registry %s", p.file, p.line, r.Name)); err != nil {
		return p.fail("%v", err)
	}
	p.from("registry " + r.Name)
	p.policy.Registries = append(p.policy.Registries, r)
	return nil
}
