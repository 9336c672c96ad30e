package policy

import (
	"net/netip"
	"net/url"
	"path"
	"path/filepath"
	"strings"

	"github.com/loadgo/load/internal/webhost"
)

// location is what patterns are compared with: the host and path of a repository, an archive or a
// file, however its name spells them, the absolute path of what is local, and any other name
// itself. "git::https://user@Example.com/team/rules.git//tax?ref=v1" is example.com/team/rules/tax,
// "gh:team/rules@v1" is github.com/team/rules, "oci::example.com/team/rules:v1" is
// example.com/team/rules, and "file::./rules" is rules below the current directory.
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
	getter, rest := cutGetter(name)
	scheme, address, isURL := strings.Cut(rest, "://")
	scheme = strings.ToLower(scheme)
	switch {
	case isLocal(name) || isRelative(name):
		return localPath(name)
	case isURL && scheme == "file" && getter == "git":
		return localPath(unescape(withoutParameters(address)))
	case isURL && scheme == "file" || getter == "file":
		file, _, _ := strings.Cut(strings.TrimPrefix(rest, "file://"), "?")
		return localPath(file)
	case strings.HasPrefix(name, "file:"): // a pattern may have no slashes there
		return localPath(strings.TrimPrefix(name, "file:"))
	case getter == "oci":
		host, path, _ := strings.Cut(rest, "/")
		return within(hostLocation(host), withoutTag(path))
	case isURL:
	case getter != "": // as scp writes it
		address = strings.Replace(rest, ":", "/", 1)
	default:
		return plain(name)
	}
	host, rest = address, ""
	if i := strings.IndexAny(address, "/?#"); i >= 0 {
		host, rest = address[:i], address[i:]
	}
	return within(hostLocation(host[strings.LastIndex(host, "@")+1:]), rest)
}

// withoutTag is a repository of a registry, with a directory in it, without its tag and its digest.
func withoutTag(path string) string {
	repository, dir, _ := strings.Cut(path, "//")
	if i := strings.IndexAny(repository, ":@"); i >= 0 {
		repository = repository[:i]
	}
	return repository + "//" + dir
}

// plain is the location of what is no URL: an import path, a plain name, or a pattern for a host.
func plain(name string) string {
	host, rest, _ := strings.Cut(name, "/")
	if strings.ContainsAny(host, ".:") || isNumber(host) {
		host = hostLocation(host)
	}
	return strings.TrimSuffix(host+"/"+withoutGit(rest), "/")
}

// isNumber reports whether a host is an address that is written as one number.
func isNumber(host string) bool {
	_, err := netip.ParseAddr(webhost.Canonical(host))
	return err == nil
}

// hostLocation is the one spelling of a host and a port. Ports that schemes have by default are
// left out.
func hostLocation(hostPort string) string {
	host, port := cutPort(unescape(hostPort))
	host = webhost.Canonical(host)
	if strings.Contains(host, ":") && host[0] != '[' {
		host = "[" + host + "]"
	}
	switch port = strings.TrimLeft(port, "0"); port {
	case "", "443", "80", "22":
		return host
	}
	return host + ":" + port
}

// cutPort cuts the port from a host, which may be an address in brackets.
func cutPort(hostPort string) (host, port string) {
	end := strings.LastIndex(hostPort, "]") + 1
	before, port, _ := strings.Cut(hostPort[end:], ":")
	return hostPort[:end] + before, port
}

// anyPort is a location without its port.
func anyPort(where string) string {
	host, rest, below := strings.Cut(where, "/")
	host, _ = cutPort(host)
	if below {
		host += "/" + rest
	}
	return host
}

// cutGetter cuts what forces a getter from a name. What comes after the "://" of a URL forces none.
func cutGetter(name string) (getter, rest string) {
	getter, rest, forced := strings.Cut(name, "::")
	if !forced || strings.ContainsAny(getter, "/:?") {
		return "", name
	}
	return getter, rest
}

// within joins a host and a path, which may lead to a directory within a repository. Elements "."
// and ".." are taken for what servers and git take them for.
func within(host, rest string) string {
	rest = unescape(withoutParameters(rest))
	repository, dir, _ := strings.Cut(strings.Trim(rest, "/"), "//")
	return strings.TrimSuffix(host+path.Clean("/"+withoutGit(repository)+"/"+dir), "/")
}

// withoutGit cuts the ".git" from the elements of a path: a repository is the same with it and
// without, and an import path may have it.
func withoutGit(path string) string {
	elements := strings.Split(path, "/")
	for i, e := range elements {
		if e != ".git" {
			elements[i] = strings.TrimSuffix(e, ".git")
		}
	}
	return strings.Join(elements, "/")
}

func withoutParameters(path string) string {
	if i := strings.IndexAny(path, "?#"); i >= 0 {
		return path[:i]
	}
	return path
}

func unescape(path string) string {
	if decoded, err := url.PathUnescape(path); err == nil {
		return decoded
	}
	return path
}

// isLocal reports whether a name or a location is the absolute path of a file or directory.
func isLocal(name string) bool { return path.IsAbs(name) || filepath.IsAbs(filepath.FromSlash(name)) }

// isRelative reports whether a name is a path from the current directory on.
func isRelative(name string) bool {
	return name == "." || name == ".." || strings.HasPrefix(name, "./") || strings.HasPrefix(name, "../")
}

// localPath makes a path absolute, with slashes and without what leads back. A directory within an
// archive ("//dir") is below it.
func localPath(path string) string {
	if abs, err := filepath.Abs(filepath.FromSlash(path)); err == nil {
		path = abs
	}
	return filepath.ToSlash(path)
}
