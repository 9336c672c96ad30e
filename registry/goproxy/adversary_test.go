package goproxy_test

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb"
	"golang.org/x/mod/sumdb/note"

	"github.com/loadgo/load/loadtest"
	"github.com/loadgo/load/registry/goproxy"
	"github.com/loadgo/load/store"
)

// TestBadNames: versions and paths that mean something to a file system, a shell or version control mean nothing here,
// and no registry hears of them.
func TestBadNames(t *testing.T) {
	t.Parallel()
	p := loadtest.Proxy(t, victim)
	in := goproxy.New(config(p))
	const absent = "\n\tknown versions: v1.0.0"
	for name, want := range map[string]string{
		"example.com/v/.git":                  "not found\n\tgoproxy: module example.com/v@v1.0.0 is there, but does not contain the package",
		"example.com/v/.hg/store":             "not found\n\tgoproxy: module example.com/v@v1.0.0 is there, but does not contain the package",
		"example.com/v.git/.hg":               "not found\n\tPROXY: no such module: example.com/v.git, example.com\n\tcheck the spelling: a wrong import path is never corrected by itself",
		"example.com/V":                       "not found\n\tPROXY: no such module: example.com/V, example.com\n\tcheck the spelling: a wrong import path is never corrected by itself",
		"example.com/v/v2":                    "not found\n\tgoproxy: module example.com/v@v1.0.0 is there, but does not contain the package\n\tdid you mean example.com/v?",
		"example.com/v@v2.0.0":                "no version v2.0.0" + absent,
		"example.com/v@V1.0.0":                "no version, branch or commit V1.0.0" + absent,
		"example.com/v@v1.0.0+incompatible":   "no version v1.0.0+incompatible" + absent,
		"example.com/v@v1.0.0!x":              "no version, branch or commit v1.0.0!x" + absent,
		"example.com/v@v1.0.0%2f%2e%2e":       "no version, branch or commit v1.0.0%2f%2e%2e" + absent,
		"example.com/v@$(id)":                 "no version, branch or commit $(id)" + absent,
		"example.com/v@v1.0.0;id":             "no version, branch or commit v1.0.0;id" + absent,
		"example.com/v@main#x":                "no version, branch or commit main#x" + absent,
		"example.com/v@.git/config":           "no version, branch or commit .git/config" + absent,
		"example.com/v@v0.0.0-20990101000000": "no version v0.0.0-20990101000000" + absent,
	} {
		_, err := install(t, in, openStore(t), name)
		got := fmt.Sprint(err)
		if got = strings.ReplaceAll(got, p.URL, "PROXY"); got != want {
			t.Errorf("%s:\n got %s\nwant %s", name, got, want)
		}
	}
	for _, text := range []string{".git/config", "/etc", ".."} {
		if n := p.Count(text); n != 0 {
			t.Errorf("the registry was asked %d times about %q", n, text)
		}
	}
}

// TestForgedInfo: what a registry adds about where a version comes from is not looked at.
func TestForgedInfo(t *testing.T) {
	t.Parallel()
	p := loadtest.Proxy(t, victim)
	marker := filepath.Join(t.TempDir(), "ran")
	p.SetFile(infoPath, fmt.Appendf(nil, `{"Version":"v1.0.0","Time":"2024-01-01T00:00:00Z","Origin":{"VCS":"git","URL":"ext::touch %s","Ref":"--upload-pack=touch %s","Hash":"../.."}}`, marker, marker))
	spec, err := install(t, goproxy.New(config(p)), openStore(t), "example.com/v@v1.0.0")
	if err != nil || spec.Version != "v1.0.0" || spec.Origin != "goproxy" {
		t.Errorf("%+v, %v", spec, err)
	}
	if _, err := os.Stat(marker); err == nil {
		t.Error("something ran")
	}
}

const odd = `
-- example.com/odd@v1.0.0/go.mod --
module example.com/odd

go 1.20

toolchain go1.99.9

godebug execerrdot=0

ignore ./x

tool example.com/evil/tool

replace example.com/w => /etc

exclude example.com/w v1.0.0

require example.com/w v1.0.0
-- example.com/odd@v1.0.0/odd.go --
package odd

import _ "example.com/w"
-- example.com/odd@v1.0.0/go.work --
go 1.20

use /etc
-- example.com/odd@v1.0.0/vendor/modules.txt --
# example.com/w v1.0.0
## explicit
example.com/w
-- example.com/odd@v1.0.0/vendor/example.com/w/w.go --
package evil
-- example.com/odd@v1.0.0/.git/config --
[core]
	fsmonitor = "touch /nonexistent"
-- example.com/w@v1.0.0/w.go --
package w
`

// TestModLines: what would change a main module does nothing in a dependency: there is no toolchain to fetch, no
// directory to replace anything by, no vendored copy and no workspace.
func TestModLines(t *testing.T) {
	t.Parallel()
	p := loadtest.Proxy(t, odd)
	spec, err := install(t, goproxy.New(config(p)), openStore(t), "example.com/odd")
	if err != nil || buildList(spec) != "example.com/odd@v1.0.0 example.com/w@v1.0.0" {
		t.Fatalf("%+v, %v", spec, err)
	}
	goBuild(t, spec)
	for _, text := range []string{"toolchain", "evil"} {
		if n := p.Count(text); n != 0 {
			t.Errorf("the registry was asked %d times about %s", n, text)
		}
	}
}

// tree is a checksum database: the lines that it gives, in the order in which it is asked.
func tree(t *testing.T, signer string, sums func(path, version string) string) string {
	t.Helper()
	ops := sumdb.NewTestServer(signer, func(path, version string) ([]byte, error) { return []byte(sums(path, version)), nil })
	server := httptest.NewServer(sumdb.NewServer(ops))
	t.Cleanup(server.Close)
	return server.URL
}

var random = regexp.MustCompile(`[0-9A-Za-z+/]{40,}=*`)

// TestTrees: a database is held to what it said before, also to another process.
func TestTrees(t *testing.T) {
	t.Parallel()
	of := func(path string) string { return strings.ReplaceAll(victim, "example.com/v", path) }
	p := loadtest.Proxy(t, victim, of("example.com/w"), of("example.com/x"))
	signer, key, err := note.GenerateKey(rand.Reader, "sums.test")
	if err != nil {
		t.Fatal(err)
	}
	honest := func(path, version string) string {
		return fmt.Sprintf("%s %s %s\n%s %s/go.mod %s\n", path, version, p.Sum(path, version), path, version, p.Sum(path, version+"/go.mod"))
	}
	s, first, forked := openStore(t), tree(t, signer, honest), tree(t, signer, honest)
	ask := func(url, name string) error {
		c := config(p)
		c.SumDB = key + " " + url
		_, err := install(t, goproxy.New(c), s, name)
		return err
	}
	for _, name := range []string{"example.com/v", "example.com/w"} {
		if err := ask(first, name); err != nil {
			t.Fatal(err)
		}
	}
	latest := filepath.Join(s.Dir(), "sumdb", "sums.test", "latest")
	before, err := os.ReadFile(latest)
	if err != nil {
		t.Fatal(err)
	}
	// The same key signs a shorter tree, which does not begin as the longer one.
	err = ask(forked, "example.com/x")
	const want = `v1.0.0: checksum database sums.test: security error: go.sum database server misbehavior detected!
	old database:
		go.sum database tree
		1
		X
		— sums.test X
	new database:
		go.sum database tree
		2
		X
		— sums.test X
	proof of misbehavior:
		X
		X
	do not use this database or the proxy in front of it: set GOPROXY and GOSUMDB to others`
	if got := random.ReplaceAllString(fmt.Sprint(err), "X"); got != want {
		t.Errorf("got\n%q\nwant\n%q", got, want)
	}
	if sum := s.ModuleSum("example.com/x", "v1.0.0"); sum != "" {
		t.Errorf("the module is in the store: %s", sum)
	}
	after, err := os.ReadFile(latest)
	if string(after) != string(before) || err != nil {
		t.Errorf("the tree head became %s, %v", after, err)
	}
	// What the liar said is not remembered.
	if err := ask(first, "example.com/x"); err != nil {
		t.Error(err)
	}
}

// TestForgedTiles: the tree's parts are proved by its signed head.
func TestForgedTiles(t *testing.T) {
	t.Parallel()
	p := loadtest.Proxy(t, victim, strings.ReplaceAll(victim, "example.com/v", "example.com/w"))
	p.Fault("/sumdb/sums.test/tile/*", func(w http.ResponseWriter, r *http.Request, real http.Handler) {
		recorded := httptest.NewRecorder()
		real.ServeHTTP(recorded, r)
		data := recorded.Body.Bytes()
		data[0] ^= 1
		_, _ = w.Write(data)
	})
	s := openStore(t)
	_, err := install(t, goproxy.New(config(p)), s, "example.com/v")
	if err == nil {
		_, err = install(t, goproxy.New(config(p)), s, "example.com/w")
	}
	const want = "v1.0.0: checksum database sums.test: downloaded inconsistent tile\n\tcheck the network and try again; for modules that the database cannot know, set GOPRIVATE or GONOSUMDB"
	if err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
	checkTyped(t, err)
}

// TestConfusion: the public registry has a higher version of what GOPRIVATE says is private. It is not asked,
// whatever is wrong with the private host.
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
	c, s := config(proxy), openStore(t)
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
			spec, err := install(t, goproxy.New(c), s, name)
			if want == "" && err == nil && spec.Version == "v1.0.0" {
				continue
			}
			if err == nil || err.Error() != want {
				t.Errorf("%s:\n got %v\nwant %s", name, err, want)
			}
		}
		if n := proxy.Count("/example.com/"); n != 0 {
			t.Errorf("the public registry was asked %d times", n)
		}
	}
}

// TestDirectoryEntries: a zip may have entries for directories (Go Modules Reference, "Module zip files"). They are not
// unpacked, and the sum covers them: what is installed from it is whole all the same.
func TestDirectoryEntries(t *testing.T) {
	t.Parallel()
	p := loadtest.Proxy(t, victim)
	const prefix = "example.com/v@v1.0.0/"
	p.SetFile(zipPath, loadtest.Zip(t, loadtest.ZipEntry{Name: prefix}, loadtest.ZipEntry{Name: prefix + "go.mod", Data: []byte("module example.com/v\n\ngo 1.20\n")},
		loadtest.ZipEntry{Name: prefix + "v.go", Data: []byte("package v\n")}, loadtest.ZipEntry{Name: prefix + "sub/"}, loadtest.ZipEntry{Name: prefix + "sub/empty/"}))
	c, s := config(p), openStore(t)
	c.SumDB = "off"
	for range 2 {
		spec, err := install(t, goproxy.New(c), s, "example.com/v")
		if err != nil {
			t.Fatal(err)
		}
		list := []store.RecordModule{store.RecordModule(spec.BuildList[0])}
		if err := s.CheckModules(list); err != nil {
			t.Error(err)
		}
	}
	report, err := s.Verify(t.Context())
	if err != nil || len(report.Damaged) > 0 {
		t.Errorf("%+v, %v", report, err)
	}
	if n := p.Count(".zip"); n != 1 {
		t.Errorf("%d downloads", n)
	}
	// One more directory is another module.
	if err := s.CheckModules([]store.RecordModule{{Path: "example.com/v", Version: "v1.0.0", Sum: p.Sum("example.com/v", "v1.0.0")}}); err == nil {
		t.Error("it has the sum of a zip without directories")
	}
}

// TestDirectMeta: what a page says of a repository leads to git over https, and to no program or protocol besides
// (CVE-2023-45285).
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
		h.tags["example.com/meta"] = meta
		_, err := in.Resolve(t.Context(), parse(t, "example.com/meta@v1.0.0"))
		if err == nil || err.Error() != "https://example.com/meta: "+want+fix {
			t.Errorf("%s:\n got %v\nwant %s", meta, err, want)
		}
		if _, err := os.Stat(marker); err == nil {
			t.Fatalf("%s: something ran", meta)
		}
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
		_, err := in.Resolve(t.Context(), parse(t, "example.com/lib@"+version))
		if err == nil || err.Error() != want {
			t.Errorf("%s:\n got %v\nwant %s", version, err, want)
		}
	}
}
