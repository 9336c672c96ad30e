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

	"github.com/loadgo/load/install/goproxy"
	"github.com/loadgo/load/loadtest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestBadNames: versions and paths that mean something to a file system, a shell or version control
// mean nothing here, and no registry hears of them.
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
		_, err := bring(t, in, loadtest.OpenStore(t), name)
		got := fmt.Sprint(err)
		got = strings.ReplaceAll(got, p.URL, "PROXY")
		assert.Equal(t, want, got, name)
	}
	for _, text := range []string{".git/config", "/etc", ".."} {
		n := p.Count(text)
		assert.Zerof(t, n, "the registry was asked %d times about", n)
	}
}

// TestForgedInfo: what a registry adds about where a version comes from is not looked at.
func TestForgedInfo(t *testing.T) {
	t.Parallel()
	p := loadtest.Proxy(t, victim)
	marker := filepath.Join(t.TempDir(), "ran")
	p.SetFile(infoPath, fmt.Appendf(nil, `{"Version":"v1.0.0","Time":"2024-01-01T00:00:00Z","Origin":{"VCS":"git","URL":"ext::touch %s","Ref":"--upload-pack=touch %s","Hash":"../.."}}`, marker, marker))
	spec, err := bring(t, goproxy.New(config(p)), loadtest.OpenStore(t), "example.com/v@v1.0.0")
	require.NoError(t, err)
	assert.Equal(t, "v1.0.0", spec.Version)
	assert.Equal(t, "goproxy", spec.Origin)
	_, err = os.Stat(marker)
	assert.Error(t, err)
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

// TestModLines: what would change a main module does nothing in a dependency: there is no toolchain
// to fetch, no directory to replace anything by, no vendored copy and no workspace.
func TestModLines(t *testing.T) {
	t.Parallel()
	p := loadtest.Proxy(t, odd)
	spec, err := bring(t, goproxy.New(config(p)), loadtest.OpenStore(t), "example.com/odd")
	require.NoError(t, err)
	require.Equal(t, "example.com/odd@v1.0.0 example.com/w@v1.0.0", buildList(spec))
	goBuild(t, spec)
	for _, text := range []string{"toolchain", "evil"} {
		n := p.Count(text)
		assert.Zerof(t, n, "the registry was asked %d times about", n)
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
	require.NoError(t, err)
	honest := func(path, version string) string {
		return fmt.Sprintf("%s %s %s\n%s %s/go.mod %s\n", path, version, p.Sum(path, version), path, version, p.Sum(path, version+"/go.mod"))
	}
	s, first, forked := loadtest.OpenStore(t), tree(t, signer, honest), tree(t, signer, honest)
	ask := func(url, name string) error {
		c := config(p)
		c.SumDB = key + " " + url
		_, err := bring(t, goproxy.New(c), s, name)
		return err
	}
	for _, name := range []string{"example.com/v", "example.com/w"} {
		require.NoError(t, ask(first, name))
	}
	latest := filepath.Join(s.Dir(), "sumdb", "sums.test", "latest")
	before, err := os.ReadFile(latest)
	require.NoError(t, err)
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
	got := random.ReplaceAllString(fmt.Sprint(err), "X")
	assert.Equalf(t, want, got, "%v", want)
	assert.Empty(t, s.ModuleSum("example.com/x", "v1.0.0"))
	after, err := os.ReadFile(latest)
	assert.Equal(t, string(before), string(after), "the tree head became")
	assert.NoError(t, err, "the tree head became")
	// What the liar said is not remembered.
	assert.NoError(t, ask(first, "example.com/x"))
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
	s := loadtest.OpenStore(t)
	_, err := bring(t, goproxy.New(config(p)), s, "example.com/v")
	if err == nil {
		_, err = bring(t, goproxy.New(config(p)), s, "example.com/w")
	}
	const want = "v1.0.0: checksum database sums.test: downloaded inconsistent tile\n\tcheck the network and try again; for modules that the database cannot know, set GOPRIVATE or GONOSUMDB"
	assert.EqualError(t, err, want)
	checkTyped(t, err)
}
