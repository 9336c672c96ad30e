package policy

import (
	"net/url"
	"slices"
	"strings"
)

// location is what patterns are compared with: the host and path of a repository, an archive or a file, however
// its name spells them, and any other name itself. "git::https://user@Example.com/team/rules.git//tax?ref=v1" is
// example.com/team/rules/tax, and "gh:team/rules@v1" is github.com/team/rules. That of a local file begins with "file:".
func location(name string) string {
	rest, short := strings.CutPrefix(name, "gh:")
	host := "github.com"
	if !short {
		rest, short = strings.CutPrefix(name, "gl:")
		host = "gitlab.com"
	}
	if short {
		rest, _, _ = strings.Cut(rest, "@")
		return within(host, rest)
	}
	getter, rest, forced := strings.Cut(name, "::")
	if !forced {
		getter, rest = "", name
	}
	scheme, address, isURL := strings.Cut(rest, "://")
	switch {
	case isURL && scheme == "file":
		return within("file:", strings.TrimPrefix(address, "/"))
	case isURL:
	case getter == "file":
		return within("file:", strings.TrimPrefix(rest, "/"))
	case forced: // as scp writes it
		address = strings.Replace(rest, ":", "/", 1)
	default:
		return name
	}
	host, path := address, ""
	if i := strings.IndexAny(address, "/?#"); i >= 0 {
		host, path = address[:i], address[i:]
	}
	host = strings.ToLower(host[strings.LastIndex(host, "@")+1:])
	host, port, _ := strings.Cut(host, ":")
	host = strings.TrimSuffix(host, ".")
	switch port = strings.TrimLeft(port, "0"); port {
	case "", "443", "80", "22":
	default:
		host += ":" + port
	}
	return within(host, path)
}

// within joins a host and a path, which may lead to a directory within a repository.
func within(host, path string) string {
	if i := strings.IndexAny(path, "?#"); i >= 0 {
		path = path[:i]
	}
	if decoded, err := url.PathUnescape(path); err == nil {
		path = decoded
	}
	repository, dir, _ := strings.Cut(strings.Trim(path, "/"), "//")
	elements := strings.Split(host+"/"+strings.TrimSuffix(repository, ".git")+"/"+dir, "/")
	return strings.Join(slices.DeleteFunc(elements, func(e string) bool { return e == "" }), "/")
}
