package goproxy_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/loadgo/load/install"
	"github.com/loadgo/load/install/goproxy"
	"github.com/loadgo/load/loadtest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestConfusion: the public registry has a higher version of what GOPRIVATE says is private. It is
// not asked, whatever is wrong with the private host.
func TestConfusion(t *testing.T) {
	h := host(t)
	lib := h.repo(t, "lib")
	lib.Write("go.mod", "module example.com/lib\n")
	lib.Write("lib.go", "package lib\n")
	lib.Commit("v1.0.0")
	evil := strings.Builder{}
	for _, path := range []string{"lib", "404/pkg", "404", "403/pkg", "403", "500/pkg", "500"} {
		fmt.Fprintf(&evil, "-- example.com/%s@v1.9.9/x.go --\npackage evil\n", path)
	}
	proxy := loadtest.Proxy(t, evil.String())
	const fix = "\n\tnobody else is asked about a private module (GOPRIVATE, GONOPROXY); check the spelling, the network, and that git can reach the repository without asking for a password"
	c, s := config(proxy), loadtest.OpenStore(t)
	c.DirectCache = loadtest.TempDir(t)
	for _, set := range []func(){
		func() { c.Private, c.NoProxy, c.NoSumDB = "example.com", "", "" },
		func() { c.Private, c.NoProxy, c.NoSumDB = "none", "*.com", "*.com" },
	} {
		set()
		for name, want := range map[string]string{
			"example.com/lib":        "",
			"example.com/lib@v1.9.9": "no version v1.9.9\n\tknown versions: v1.0.0",
			"example.com/lib/none":   "not found\n\tgoproxy: module example.com/lib@v1.0.0 is there, but does not contain the package",
			"example.com/404/pkg":    "not found\n\tdirect: no such module: example.com/404/pkg, example.com/404, example.com (private: no proxy is asked)\n\tcheck the spelling: a wrong import path is never corrected by itself",
			"example.com/403/pkg":    "https://example.com/403/pkg: 403 Forbidden" + fix,
			"example.com/500/pkg":    "https://example.com/500/pkg: 500 Internal Server Error" + fix,
		} {
			spec, err := bring(t, goproxy.New(c), s, name)
			if want == "" && err == nil && spec.Version == "v1.0.0" {
				continue
			}
			assert.EqualError(t, err, want, name)
		}
		n := proxy.Count("/example.com/")
		assert.Zerof(t, n, "the public registry was asked %d times", n)
	}
}

// TestDirectMeta: what a page says of a repository leads to git over https, and to no program or
// protocol besides (CVE-2023-45285).
func TestDirectMeta(t *testing.T) {
	h := host(t)
	marker := filepath.Join(t.TempDir(), "ran")
	in := goproxy.New(directConfig(t))
	const fix = "\n\tcheck the spelling, the network, and that git can reach the repository without asking for a password"
	for meta, want := range map[string]string{
		"git git://127.0.0.1:1/r":      "git: transport 'git' not allowed",
		"git http://127.0.0.1:1/r":     "git: transport 'http' not allowed",
		"git ext::touch%20" + marker:   "git remote (ext::touch%20" + marker + ") must not be local directory (use URL syntax not host:path syntax)",
		"git --upload-pack=x":          `https://example.com/meta?go-get=1: invalid repo root "--upload-pack=x": no scheme`,
		"git ssh://-oProxyCommand=x/r": "git: strange hostname '-oProxyCommand=x' blocked",
		"git file://" + h.root:         "https://example.com/meta?go-get=1: invalid repo root \"file://" + h.root + "\": file scheme disallowed",
		"hg https://example.com/r":     "GOVCS disallows using hg for public example.com/meta; see 'go help vcs'",
		"svn https://example.com/r":    "GOVCS disallows using svn for public example.com/meta; see 'go help vcs'",
	} {
		h.tag("example.com/meta", meta)
		_, err := in.Resolve(t.Context(), new(install.Session), loadtest.Name(t, "example.com/meta@v1.0.0"))
		assert.EqualError(t, err, "https://example.com/meta: "+want+fix, meta)
		_, err = os.Stat(marker)
		require.Error(t, err, meta)
	}
}

// TestForgedPseudo: a pseudo-version has to be that of its commit.
func TestForgedPseudo(t *testing.T) {
	h := host(t)
	lib := h.repo(t, "lib")
	lib.Write("go.mod", "module example.com/lib\n")
	lib.Write("lib.go", "package lib\n")
	commit := lib.Commit("v1.0.0")[:12]
	in := goproxy.New(directConfig(t))
	const absent = "no version %s\n\tknown versions: v1.0.0"
	const invalid = "https://example.com/lib: invalid pseudo-version: %s\n\tcheck the spelling, the network, and that git can reach the repository without asking for a password"
	for version, want := range map[string]string{
		"v1.0.1-0.20240102030405-" + commit:    fmt.Sprintf(invalid, "tag (v1.0.0) found on revision "+commit+" is already canonical, so should not be replaced with a pseudo-version derived from that tag"),
		"v1.0.1-0.20990102030405-" + commit:    fmt.Sprintf(invalid, "does not match version-control timestamp (expected 20240102030405)"),
		"v9.0.1-0.20240102030405-" + commit:    fmt.Sprintf(absent, "v9.0.1-0.20240102030405-"+commit),
		"v1.0.1-0.20240102030405-111111111111": fmt.Sprintf(absent, "v1.0.1-0.20240102030405-111111111111"),
	} {
		_, err := in.Resolve(t.Context(), new(install.Session), loadtest.Name(t, "example.com/lib@"+version))
		assert.EqualError(t, err, want, version)
	}
}
