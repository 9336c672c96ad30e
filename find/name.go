package find

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"unicode"

	"golang.org/x/mod/module"

	"github.com/loadgo/load/internal/phrase"
)

// Companion is a package that is built into the module of another; see [load.Along].
type Companion struct {
	Alias string `json:"alias,omitempty"` // what its symbols go by, "" for its package's own name
	Path  string `json:"path"`            // import path
	Query string `json:"query,omitempty"` // the versions that were asked for, "" for any
	// Version is that of the companion's module, the Go release for the standard library. It is
	// empty as long as nobody looked, and for a package of a local module.
	Version string `json:"version,omitempty"`
}

// String returns the companion as it was asked for.
func (c Companion) String() string {
	s := c.Path + phrase.Version(c.Query)
	if c.Alias != "" {
		s = c.Alias + "=" + s
	}
	return s
}

// Form says how the target of a [Name] is written, and so who can answer it.
type Form string

const (
	// FormPath is an import path or a plain name: "github.com/google/uuid", "strings", "rules/tax".
	FormPath Form = "path"
	// FormDir is a directory: it starts with "./", "../" or "/", or is "." or "..".
	FormDir Form = "directory"
	// FormURL is a forced getter ("git::https://…"), an https URL, or a "gh:" or "gl:" shorthand.
	FormURL Form = "url"
	// FormRegistry is a path of a named registry: "company:team/auth". A [load.Loader] replaces it
	// by the import path.
	FormRegistry Form = "registry"
)

// Name is what a caller asks for, taken apart:
//
//	name   = [ alias "=" ] target [ "@" query ]
//	target = plain | import path | ./relative | /absolute | scheme "::" url | https url | registry ":" path
//
// A Name is made by [ParseName] and is valid by construction.
type Name struct {
	Alias  string // the name to register the module under as well, or ""
	Target string // what is asked for, without alias and query
	Query  string // a module query as the go command takes it, or "" for any version
	Form   Form

	Engine string // the engine that is to run the module, "" for the loader's choice: see [load.WithEngine]

	// What the module is built with, sorted and without repetition: see [load.Along],
	// [load.Instantiate] and [load.Expression].
	Along      []Companion
	Instances  []string
	Expression string
}

// String returns the name as it would be written, without its alias.
func (n Name) String() string {
	if n.Query == "" {
		return n.Target
	}
	return n.Target + "@" + n.Query
}

// Local reports whether the target is the path of a file or directory of this machine, as it is or
// in a URL.
func (n Name) Local() bool {
	if n.Form == FormURL {
		target := strings.ToLower(n.Target)
		return strings.HasPrefix(strings.TrimPrefix(target, "git::"), "file:")
	}
	return n.Form == FormDir
}

// ParseName takes a name apart and checks it before anything is looked up. An import path follows
// [module.CheckImportPath], which leaves no ".." and no "\\" in it; no name holds NUL or anything
// else that does not show, or starts with "-". The error is a [*NameError].
func ParseName(s string) (Name, error) {
	bad := func(reason string) (Name, error) { return Name{}, &NameError{Name: Redacted(s), Reason: reason} }
	if s == "" {
		return bad("it is empty")
	}
	for _, r := range s {
		if r < ' ' || r == 0x7f {
			return bad(fmt.Sprintf("it holds the control character %U", r))
		}
		if r != ' ' && !unicode.IsPrint(r) {
			return bad(fmt.Sprintf("it holds the character %U, which does not show", r))
		}
	}
	var n Name
	rest := s
	if alias, target, ok := strings.Cut(s, "="); ok && !strings.ContainsAny(alias, "/:@.?<>!") {
		if alias == "" {
			return bad("its alias is empty")
		}
		if strings.HasPrefix(alias, "-") {
			return bad("its alias starts with \"-\"")
		}
		n.Alias, rest = alias, target
		if second, _, ok := strings.Cut(rest, "="); ok && !strings.ContainsAny(second, "/:@.?<>!") {
			return bad("it has two aliases")
		}
	}
	n.Form, n.Target = FormPath, rest
	switch {
	case rest == "":
		return bad("it has an alias and nothing else")
	case strings.HasPrefix(rest, "-"):
		return bad("it starts with \"-\"")
	case isDirectory(rest):
		n.Form = FormDir
		if filepath.IsAbs(rest) {
			n.Target = filepath.Clean(rest)
		}
		return n, nil
	case strings.Contains(rest, " "): // a directory may hold one
		return bad("it holds a space")
	case IsURL(rest):
		if Redacted(rest) != rest {
			return bad("it holds a user or a password: keep them in the netrc file, or where git finds them")
		}
		n.Form = FormURL
		return n, nil
	}
	n.Target, n.Query, _ = strings.Cut(rest, "@")
	if strings.Contains(rest, "@") {
		if err := checkQuery(n.Query); err != nil {
			return bad(err.Error())
		}
	}
	path := n.Target
	if registry, rest, ok := strings.Cut(n.Target, ":"); ok {
		if registry == "" {
			return bad("its registry is empty")
		}
		n.Form, path = FormRegistry, rest
	}
	if err := module.CheckImportPath(path); err != nil {
		var invalid *module.InvalidPathError
		if errors.As(err, &invalid) {
			return bad("it is not an import path: " + invalid.Err.Error())
		}
		return bad("it is not an import path: " + err.Error())
	}
	return n, nil
}

// Redacted returns a name without the credentials of a URL in it: the password, and over http the
// user as well, which there is often a token.
func Redacted(name string) string {
	before, rest, ok := strings.Cut(name, "://")
	if !ok {
		return name
	}
	host := rest
	if end := strings.IndexAny(rest, "/?#"); end >= 0 {
		host = rest[:end]
	}
	i := strings.LastIndex(host, "@")
	if i < 0 {
		return name
	}
	user, _, password := strings.Cut(host[:i], ":")
	switch {
	case strings.HasSuffix(strings.ToLower(before), "http"), strings.HasSuffix(strings.ToLower(before), "https"):
		return before + "://…" + rest[i:]
	case password:
		return before + "://" + user + ":…" + rest[i:]
	}
	return name
}

func IsURL(s string) bool {
	return strings.Contains(s, "::") || strings.Contains(s, "://") || strings.HasPrefix(s, "gh:") || strings.HasPrefix(s, "gl:")
}

func isDirectory(s string) bool {
	return s == "." || s == ".." || strings.HasPrefix(s, "./") || strings.HasPrefix(s, "../") || filepath.IsAbs(s)
}

// checkQuery accepts what can be a module query of the go command, and nothing that could be taken
// for a path or an option by a program that it is handed to.
func checkQuery(q string) error {
	switch {
	case q == "":
		return errors.New("its version query is empty")
	case strings.HasPrefix(q, "-") || strings.HasPrefix(q, "/"):
		return fmt.Errorf("its version query starts with %q", q[:1])
	case strings.Contains(q, "..") || strings.ContainsAny(q, "\\@:*?[^~ "):
		return fmt.Errorf("its version query %q holds what no version or branch can", q)
	}
	return nil
}
