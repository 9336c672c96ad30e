package goproxy_test

import (
	"errors"
	"maps"
	"path/filepath"
	"strings"
	"testing"

	"github.com/loadgo/load/find"
	"github.com/loadgo/load/install"
	"github.com/loadgo/load/install/goproxy"
	"github.com/loadgo/load/loadtest"
	"github.com/loadgo/load/store"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// along makes companions of "path" and "path@query".
func along(names ...string) []find.Companion {
	var all []find.Companion
	for _, name := range names {
		path, query, _ := strings.Cut(name, "@")
		all = append(all, find.Companion{Path: path, Query: query})
	}
	return all
}

func installAlong(t testing.TB, in *goproxy.Installer, s *store.Store, text string, companions ...string) (*find.Spec, error) {
	t.Helper()
	name := loadtest.Name(t, text)
	name.Along = along(companions...)
	release, err := in.Resolve(t.Context(), new(install.Session), name)
	if err != nil {
		return nil, err
	}
	return in.Install(t.Context(), &install.Session{Store: s}, release)
}

// companionVersions is what a spec says of its companions, as text.
func companionVersions(spec *find.Spec) string {
	var list []string
	for _, c := range spec.Source.Go.Along {
		version := c.Version
		if strings.HasPrefix(version, "go1.") {
			version = "go"
		}
		list = append(list, c.Path+"@"+version)
	}
	return strings.Join(list, " ")
}

func TestInstallCompanions(t *testing.T) {
	t.Parallel()
	p := loadtest.Proxy(t, modules)
	in := goproxy.New(config(p))
	for _, tt := range []struct {
		name       string
		companions []string
		version    string
		found      string
		buildList  string
	}{
		{"example.com/a", []string{"bytes"}, "v1.0.0", "bytes@go", "example.com/a@v1.0.0 example.com/b@v1.1.0"},
		{"example.com/a/sub/deep", []string{"example.com/a"}, "v1.0.0", "example.com/a@v1.0.0", "example.com/a@v1.0.0 example.com/b@v1.1.0"},
		{"example.com/a", []string{"example.com/b"}, "v1.0.0", "example.com/b@v1.1.0", "example.com/a@v1.0.0 example.com/b@v1.1.0"},
		{"example.com/a", []string{"example.com/b@v1.2.0"}, "v1.0.0", "example.com/b@v1.2.0", "example.com/a@v1.0.0 example.com/b@v1.2.0"},
		{"example.com/a", []string{"example.com/b@latest"}, "v1.0.0", "example.com/b@v1.2.0", "example.com/a@v1.0.0 example.com/b@v1.2.0"},
		{"example.com/a", []string{"example.com/b@>=v1.0.0"}, "v1.0.0", "example.com/b@v1.1.0", "example.com/a@v1.0.0 example.com/b@v1.1.0"},
		{"example.com/a", []string{"example.com/Upper/Case", "example.com/b/v2"}, "v1.0.0", "example.com/Upper/Case@v0.1.0 example.com/b/v2@v2.0.1", "example.com/Upper/Case@v0.1.0 example.com/a@v1.0.0 example.com/b@v1.1.0 example.com/b/v2@v2.0.1"},
		{"example.com/b", []string{"example.com/a"}, "v1.2.0", "example.com/a@v1.0.0", "example.com/a@v1.0.0 example.com/b@v1.2.0"},
		{"example.com/b@v1.0.0", []string{"example.com/a"}, "v1.1.0", "example.com/a@v1.0.0", "example.com/a@v1.0.0 example.com/b@v1.1.0"},
	} {
		s := loadtest.OpenStore(t)
		spec, err := installAlong(t, in, s, tt.name, tt.companions...)
		if !assert.NoErrorf(t, err, "%v %v", tt.name, tt.companions) {
			continue
		}
		assert.Equalf(t, tt.version, spec.Version, "%v %v", tt.name, tt.companions)
		assert.Equalf(t, tt.found, companionVersions(spec), "%v %v", tt.name, tt.companions)
		assert.Equalf(t, tt.buildList, buildList(spec), "%v %v", tt.name, tt.companions)
		for _, c := range spec.Source.Go.Along { // the go command agrees
			from := *spec
			from.Source.Go = &find.GoSource{ImportPath: c.Path, GoMod: spec.Source.Go.GoMod, GoSum: spec.Source.Go.GoSum, ModCache: spec.Source.Go.ModCache, Local: spec.Source.Go.Local}
			goBuild(t, &from)
		}
		before := p.Count(".zip")
		again, err := installAlong(t, in, s, tt.name, tt.companions...)
		require.NoError(t, err)
		assert.Equal(t, spec.Source.Hash, again.Source.Hash)
		assert.Equal(t, before, p.Count(".zip"))
	}
}

func TestInstallCompanionsRefused(t *testing.T) {
	t.Parallel()
	in, s := goproxy.New(config(loadtest.Proxy(t, modules))), loadtest.OpenStore(t)
	for _, tt := range []struct{ companion, want string }{
		{"example.com/b@v1.0.0", "companion example.com/b@v1.0.0: the build needs example.com/b@v1.1.0\n\task for example.com/b without a version, or for older versions of the others"},
		{"example.com/b@<v1.1.0", "companion example.com/b@<v1.1.0: the build needs example.com/b@v1.1.0\n\task for example.com/b without a version, or for older versions of the others"},
		{"bytes@v1.0.0", "companion bytes has the version of the Go toolchain and no other"},
		{"example.com/b@>v1", `companion example.com/b: ambiguous semantic version "v1" in range ">v1"` + "\n\task for @latest, @v1.2 or @v1.2.3"},
		{"example.com/b@v7.0.0", "companion example.com/b: no version v7.0.0\n\tknown versions: v1.2.0, v1.1.0, v1.0.0"},
		{"example.com/a/none", "companion example.com/a/none: module example.com/a@v1.0.0 does not contain it"},
		{"nowhere", "companion nowhere: it is not in the standard library"},
	} {
		_, err := installAlong(t, in, s, "example.com/a", tt.companion)
		assert.EqualError(t, err, tt.want, tt.companion)
		var version *find.VersionError
		assert.Falsef(t, strings.Contains(tt.companion, "@") && !errors.As(err, &version), "%s: %T is no VersionError", tt.companion, err)
	}
	assert.Empty(t, maps.Collect(s.AllRecords(in.Target())), "a record is kept")
}

// TestCompleteCompanions: companions of packages that are found in place, and of installed ones.
func TestCompleteCompanions(t *testing.T) {
	t.Parallel()
	p := loadtest.Proxy(t, modules)
	in, s, dir := goproxy.New(config(p)), loadtest.OpenStore(t), t.TempDir()
	write(t, dir, localModule)
	checkComplete(t, in, s, p, local(filepath.Join(dir, "rules"), "example.com/local"), []string{"bytes"}, "bytes@go", "example.com/b@v1.0.0 example.com/b/v2@v2.0.1")
	checkComplete(t, in, s, p, local(filepath.Join(dir, "rules"), "example.com/local"),
		[]string{"example.com/Upper/Case", "example.com/b", "example.com/local/rules/tax"}, "example.com/Upper/Case@v0.1.0 example.com/b@v1.0.0 example.com/local/rules/tax@",
		"example.com/Upper/Case@v0.1.0 example.com/b@v1.0.0 example.com/b/v2@v2.0.1")

	std := &find.Spec{Name: "strings", Version: "go1.26", Source: find.Source{Kind: find.KindGo, Dir: "/", Go: &find.GoSource{ImportPath: "strings"}}}
	checkComplete(t, in, s, p, std, []string{"example.com/a"}, "example.com/a@v1.0.0", "example.com/a@v1.0.0 example.com/b@v1.1.0")

	installed, err := bring(t, in, s, "example.com/b@v1.0.0")
	require.NoError(t, err)
	found := *installed
	found.Source.Hash = ""
	checkComplete(t, in, s, p, &found, []string{"example.com/b/v2"}, "example.com/b/v2@v2.0.1", "example.com/b@v1.0.0 example.com/b/v2@v2.0.1")
}

func checkComplete(t *testing.T, in *goproxy.Installer, s *store.Store, p *loadtest.ProxyServer, spec *find.Spec, companions []string, found, list string) {
	t.Helper()
	plain := *spec
	source := *spec.Source.Go
	source.Along = along(companions...)
	plain.Source.Go = &source
	out := complete(t, in, s, &plain)
	assert.Equal(t, found, companionVersions(out), spec.Name)
	assert.Equal(t, list, buildList(out), spec.Name)
	again := complete(t, offline(p), s, &plain)
	assert.Equalf(t, out.Source.Hash, again.Source.Hash, "%s: offline it is another build", spec.Name)
	assert.Equalf(t, found, companionVersions(again), "%s: offline it is another build", spec.Name)
	goBuild(t, out)
}
