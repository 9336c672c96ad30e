package goproxy_test

import (
	"strings"
	"testing"
	"time"

	"github.com/loadgo/load/find"
	"github.com/loadgo/load/install"
	"github.com/loadgo/load/install/goproxy"
	"github.com/loadgo/load/loadtest"
	"github.com/loadgo/load/store"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// config makes an installer use a test's proxy and nothing of the machine.
func config(p *loadtest.ProxyServer) goproxy.Config {
	return goproxy.Config{
		Proxy: p.URL, SumDB: p.SumDB, NoProxy: "none", NoSumDB: "none", ModCache: "off",
		GOOS: "linux", GOARCH: "amd64", RetryDelay: time.Millisecond, Retries: 2, Stall: 5 * time.Second,
	}
}

// install resolves and installs a name.
func bring(t testing.TB, in *goproxy.Installer, s *store.Store, name string) (*find.Spec, error) {
	t.Helper()
	release, err := in.Resolve(t.Context(), new(install.Session), loadtest.Name(t, name))
	if err != nil {
		return nil, err
	}
	return in.Install(t.Context(), &install.Session{Store: s}, release)
}

// buildList is a spec's build list as text.
func buildList(spec *find.Spec) string {
	var list []string
	for _, m := range spec.BuildList {
		list = append(list, m.Path+"@"+m.Version)
	}
	return strings.Join(list, " ")
}

const modules = `
-- example.com/a@v1.0.0/go.mod --
module example.com/a

go 1.20

require example.com/b v1.1.0
-- example.com/a@v1.0.0/a.go --
package a

import _ "example.com/b"
-- example.com/a@v1.0.0/sub/deep/deep.go --
package deep
-- example.com/a@v1.1.0-rc1/go.mod --
module example.com/a
-- example.com/a@v1.1.0-rc1/a.go --
package a
-- example.com/b@v1.0.0/go.mod --
module example.com/b
-- example.com/b@v1.0.0/b.go --
package b
-- example.com/b@v1.1.0/go.mod --
module example.com/b
-- example.com/b@v1.1.0/b.go --
package b
-- example.com/b@v1.2.0/go.mod --
module example.com/b
-- example.com/b@v1.2.0/b.go --
package b
-- example.com/b/v2@v2.0.1/go.mod --
module example.com/b/v2
-- example.com/b/v2@v2.0.1/b.go --
package b
-- example.com/Upper/Case@v0.1.0/go.mod --
module example.com/Upper/Case
-- example.com/Upper/Case@v0.1.0/c.go --
package c
`

func TestInstaller(t *testing.T) {
	t.Parallel()
	loadtest.TestInstaller(t, func(t *testing.T) (install.Installer, loadtest.InstallerCases) {
		return goproxy.New(config(loadtest.Proxy(t, modules))), loadtest.InstallerCases{
			Found:    []string{"example.com/a", "example.com/a/sub/deep", "example.com/b@v1.0.0", "example.com/b/v2", "example.com/Upper/Case"},
			NotFound: []string{"example.com/nothing", "example.com/b@v9.9.9", "example.com/b@nobranch", "example.com/upper/case"},
			Foreign:  []string{"strings", "rules/tax", "./a", "/a", "git::https://example.com/a", "company:team/auth"},
		}
	})
}

const queried = `
-- example.com/q@v1.0.0/go.mod --
module example.com/q
-- example.com/q@v1.0.0/q.go --
package q
-- example.com/q@v1.1.0/go.mod --
module example.com/q
-- example.com/q@v1.1.0/q.go --
package q
-- example.com/q@v1.1.9/go.mod --
module example.com/q
-- example.com/q@v1.1.9/q.go --
package q
-- example.com/q@v1.2.0/go.mod --
// Deprecated: use example.com/r.
module example.com/q

retract v1.2.0 // it deletes everything
-- example.com/q@v1.2.0/q.go --
package q
-- example.com/q@v0.0.0-20240101000000-abcdefabcdef/go.mod --
module example.com/q
-- example.com/q@v0.0.0-20240101000000-abcdefabcdef/q.go --
package q
-- example.com/q@main.info --
{"Version": "v0.0.0-20240101000000-abcdefabcdef", "Time": "2024-01-01T00:00:00Z"}
-- example.com/pre@v0.1.0-alpha.1/p.go --
package pre
-- example.com/commit@v0.0.0-20240101000000-abcdefabcdef/c.go --
package commit
-- example.com/old@v1.5.0/o.go --
package old
-- example.com/old@v3.0.0+incompatible/o.go --
package old
-- example.com/modern@v1.5.0/go.mod --
module example.com/modern

go 1.20
-- example.com/modern@v1.5.0/m.go --
package modern
-- example.com/modern@v3.0.0+incompatible/m.go --
package modern
-- example.com/moved@v1.0.0/go.mod --
module example.com/moved

go 1.20
-- example.com/moved@v1.0.0/m.go --
package moved
-- example.com/moved@v1.1.0/go.mod --
module elsewhere.com/moved
-- example.com/moved@v1.1.0/m.go --
package moved
`

func TestResolve(t *testing.T) {
	t.Parallel()
	p := loadtest.Proxy(t, queried)
	in := goproxy.New(config(p))
	for _, test := range []struct{ name, version, why, deprecated string }{
		{"example.com/q", "v1.1.9", "the latest release that is not retracted", "use example.com/r."},
		{"example.com/q@latest", "v1.1.9", "the latest release that is not retracted", "use example.com/r."},
		{"example.com/q@upgrade", "v1.1.9", "the latest release that is not retracted", "use example.com/r."},
		{"example.com/q@v1", "v1.1.9", "required by the query v1", "use example.com/r."},
		{"example.com/q@v1.0", "v1.0.0", "required by the query v1.0", "use example.com/r."},
		{"example.com/q@<v1.1.9", "v1.1.0", "required by the query <v1.1.9", "use example.com/r."},
		{"example.com/q@>=v1.1.0", "v1.1.0", "required by the query >=v1.1.0", "use example.com/r."},
		{"example.com/q@v1.1.0", "v1.1.0", "asked for", "use example.com/r."},
		{"example.com/q@v1.2.0", "v1.2.0", "asked for", "retracted by the module's author: it deletes everything"},
		{"example.com/q@main", "v0.0.0-20240101000000-abcdefabcdef", "the version of main", "use example.com/r."},
		{"example.com/pre", "v0.1.0-alpha.1", "the latest pre-release; no version is released", ""},
		{"example.com/commit", "v0.0.0-20240101000000-abcdefabcdef", "the latest commit; no version is released", ""},
		{"example.com/old", "v3.0.0+incompatible", "the latest release", ""},
		{"example.com/old@v3.0.0", "v3.0.0+incompatible", "asked for", ""},
		{"example.com/old@v1", "v1.5.0", "required by the query v1", ""},
		{"example.com/modern", "v1.5.0", "the latest release", ""},
		{"example.com/moved", "v1.0.0", "the latest release under this path", "the module has moved to elsewhere.com/moved"},
	} {
		release, err := in.Resolve(t.Context(), new(install.Session), loadtest.Name(t, test.name))
		if !assert.NoError(t, err, test.name) {
			continue
		}
		assert.Equal(t, test.version, release.Version, test.name)
		assert.Equal(t, test.why, release.Why, test.name)
		assert.Equal(t, test.deprecated, release.Deprecated, test.name)
	}
}

func TestInstallOnce(t *testing.T) {
	t.Parallel()
	p := loadtest.Proxy(t, modules)
	in := goproxy.New(config(p))
	s := loadtest.OpenStore(t)
	spec, err := bring(t, in, s, "example.com/a")
	require.NoError(t, err)
	got, want := buildList(spec), "example.com/a@v1.0.0 example.com/b@v1.1.0"
	assert.Equal(t, want, got)
	wantMod := "go " + goLanguage(t) + "\n\nrequire (\n\texample.com/a v1.0.0\n\texample.com/b v1.1.0\n)\n"
	assert.Equal(t, wantMod, string(spec.Source.Go.GoMod))
	goBuild(t, spec)
	requests := p.Count("")
	release := &install.Release{Package: "example.com/a", Module: "example.com/a", Version: "v1.0.0"}
	_, err = goproxy.New(config(p)).Install(t.Context(), &install.Session{Store: s}, release)
	require.NoError(t, err)
	assert.Equal(t, requests, p.Count(""))
	n := p.Count(".zip")
	assert.Equalf(t, 2, n, "%d zips were asked for, want 2", n)
}

// TestNestedModule takes the longest module path that contains the package, not the longest that
// exists.
func TestNestedModule(t *testing.T) {
	t.Parallel()
	p := loadtest.Proxy(t, `
-- example.com/n@v1.0.0/go.mod --
module example.com/n
-- example.com/n@v1.0.0/x/y/y.go --
package y
-- example.com/n/x@v1.0.0/go.mod --
module example.com/n/x
-- example.com/n/x@v1.0.0/z/z.go --
package z
`)
	in := goproxy.New(config(p))
	for name, want := range map[string]string{"example.com/n/x/y": "example.com/n", "example.com/n/x/z": "example.com/n/x"} {
		release, err := in.Resolve(t.Context(), new(install.Session), loadtest.Name(t, name))
		require.NoError(t, err)
		assert.Equal(t, want, release.Module, name)
	}
}

// TestForbiddenPrefix: registries that refuse what they do not know must not hide the module that
// exists, and a registry that cannot be asked must not lead to another module.
func TestForbiddenPrefix(t *testing.T) {
	t.Parallel()
	p := loadtest.Proxy(t, modules)
	p.Fault("/example.com/a/sub/*", loadtest.Status(403))
	in := goproxy.New(config(p))
	_, err := in.Resolve(t.Context(), new(install.Session), loadtest.Name(t, "example.com/a/sub/deep"))
	assert.NoError(t, err)
	p.Fault("/example.com/a/sub/*", loadtest.Status(500))
	_, err = in.Resolve(t.Context(), new(install.Session), loadtest.Name(t, "example.com/a/sub/deep"))
	var registry *install.RegistryError
	assert.ErrorAs(t, err, &registry)
}
