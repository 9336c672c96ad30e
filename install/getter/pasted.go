package getter

import (
	"fmt"
	"net/url"
	"strings"
)

// pasted says what was meant by the address of a page about a package or a repository, as people
// copy it from a browser, or "".
func pasted(page *url.URL) string {
	path := strings.Trim(page.Path, "/")
	short, known := map[string]string{"github.com": "gh:", "gitlab.com": "gl:", "bitbucket.org": "", "codeberg.org": ""}[page.Host]
	switch {
	case page.Host == "pkg.go.dev" && path != "":
		if module, version, ok := strings.Cut(path, "@"); ok { // of the module, before the package's own part
			version, pkg, _ := strings.Cut(version, "/")
			path = strings.TrimSuffix(module+"/"+pkg, "/") + "@" + version
		}
		return "write " + path + " for the Go package"
	case !known:
		return ""
	}
	parts := strings.SplitN(path, "/", 3)
	if len(parts) < 2 {
		return ""
	}
	name := parts[0] + "/" + strings.TrimSuffix(parts[1], ".git")
	rest, ref := "", ""
	if len(parts) == 3 { // tree/REF/DIR, -/tree/REF/DIR, src/REF/DIR, src/branch/REF/DIR
		rest = strings.TrimPrefix(parts[2], "-/")
		kind, at, _ := strings.Cut(rest, "/")
		if page.Host == "codeberg.org" {
			_, at, _ = strings.Cut(at, "/")
		}
		if kind != "tree" && kind != "src" || at == "" {
			return ""
		}
		ref, rest, _ = strings.Cut(at, "/")
		ref = "@" + ref
	}
	pkg, repository := page.Host+"/"+name, "git::https://"+page.Host+"/"+name
	if short != "" {
		repository = short + name
	}
	if rest != "" {
		pkg, repository = pkg+"/"+rest, repository+"//"+rest
	}
	if short == "" && ref != "" {
		return fmt.Sprintf("write %s for the Go package, or %s?ref=%s for the repository", pkg+ref, repository, ref[1:])
	}
	return fmt.Sprintf("write %s for the Go package, or %s for the repository", pkg+ref, repository+ref)
}
