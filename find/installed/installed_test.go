package installed_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/loadgo/load/find"
	"github.com/loadgo/load/find/installed"
	"github.com/loadgo/load/loadtest"
	"github.com/loadgo/load/store"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	target = "linux_amd64"
	pkg    = "github.com/BurntSushi/toml/sub"
)

// install puts versions of a package into a store, as an installer would.
func install(t *testing.T, s *store.Store, versions ...string) {
	t.Helper()
	for _, version := range versions {
		for _, dir := range []string{"github.com/!burnt!sushi/toml@" + version + "/sub", "example.com/dep@v1.0.0"} {
			require.NoError(t, os.MkdirAll(filepath.Join(s.ModDir(), dir), 0o700))
		}
		require.NoError(t, s.PutRecord(&store.Record{
			Package: pkg, Module: "github.com/BurntSushi/toml", Version: version, Target: target,
			Time: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Why: "the latest release", Deprecated: "old",
			GoMod: "go 1.26\n", GoSum: "sum\n", Hash: "h1:" + version, Imports: []string{pkg},
			BuildList: []store.RecordModule{
				{Path: "example.com/dep", Version: "v1.0.0", Sum: "h1:dep"},
				{Path: "github.com/BurntSushi/toml", Version: version, Sum: "h1:toml"},
			},
		}))
	}
}

func open(t *testing.T) *store.Store {
	t.Helper()
	s, err := store.Open(filepath.Join(t.TempDir(), "store"))
	require.NoError(t, err)
	return s
}

func lookUp(t *testing.T, s *store.Store, text string) (*find.Spec, error) {
	t.Helper()
	name, err := find.ParseName(text)
	require.NoError(t, err)
	return installed.New(s, target).Find(t.Context(), name)
}

func TestConformance(t *testing.T) {
	t.Parallel()
	loadtest.TestFinder(t, func(t *testing.T) (find.Finder, loadtest.FinderCases) {
		s := open(t)
		install(t, s, "v1.1.0", "v1.2.0")
		return installed.New(s, target), loadtest.FinderCases{
			Found:    []string{pkg, pkg + "@v1.1.0", pkg + "@v1", pkg + "@>=v1.0.0"},
			NotFound: []string{"github.com/BurntSushi/toml", pkg + "@latest", pkg + "@main", pkg + "@v2", "./sub", "strings"},
			Refused:  []string{pkg + "@>v1"},
			Dirs:     []string{s.Dir()},
		}
	})
}

func TestFind(t *testing.T) {
	t.Parallel()
	s := open(t)
	install(t, s, "v1.1.0", "v1.2.0", "v1.10.0", "v1.11.0-rc1")
	for text, want := range map[string]string{
		pkg:                    "v1.10.0",
		pkg + "@v1.2":          "v1.2.0",
		pkg + "@v1.2.0":        "v1.2.0",
		pkg + "@>=v1.1.0":      "v1.10.0",
		pkg + "@<v1.10.0":      "v1.2.0",
		pkg + "@v1.11.0-rc1":   "v1.11.0-rc1",
		"alias=" + pkg + "@v1": "v1.10.0",
	} {
		spec, err := lookUp(t, s, text)
		if !assert.NoError(t, err, text) {
			continue
		}
		assert.Equal(t, want, spec.Version, text)
		dir := filepath.Join(s.ModDir(), "github.com", "!burnt!sushi", "toml@"+want, "sub")
		assert.Equal(t, pkg, spec.Name, text)
		assert.Equal(t, "github.com/BurntSushi/toml", spec.Module, text)
		assert.Equal(t, "store", spec.Origin, text)
		assert.Equal(t, dir, spec.Source.Dir, text)
		assert.Equal(t, "h1:"+want, spec.Source.Hash, text)
		assert.Equal(t, s.ModDir(), spec.Source.Go.ModCache, text)
		require.Len(t, spec.BuildList, 2, text)
		assert.Equal(t, "h1:dep", spec.BuildList[0].Sum, text)
	}
}

func TestReasons(t *testing.T) {
	t.Parallel()
	s := open(t)
	install(t, s, "v1.1.0", "v1.2.0")
	for text, want := range map[string]string{
		"github.com/a/b":   "not found: not installed",
		pkg + "@latest":    "not found: @latest asks the registry",
		pkg + "@patch":     "not found: @patch asks the registry",
		pkg + "@main":      "not found: @main asks the registry",
		pkg + "@v2":        "not found: no installed version satisfies v2 (v1.2.0, v1.1.0)",
		pkg + "@<=v1":      `ambiguous semantic version "v1" in range "<=v1"`,
		"./rules":          "not found: not an import path",
		"company:team/pkg": "not found: not an import path",
	} {
		_, err := lookUp(t, s, text)
		assert.EqualError(t, err, want)
	}
	var version *find.VersionError
	_, err := lookUp(t, s, pkg+"@<=v1")
	assert.ErrorAs(t, err, &version)
}

func TestDamage(t *testing.T) {
	t.Parallel()
	s := open(t)
	install(t, s, "v1.1.0", "v1.2.0")
	require.NoError(t, os.Rename(filepath.Join(s.ModDir(), "github.com/!burnt!sushi/toml@v1.2.0"), filepath.Join(s.Dir(), "gone")))
	record := filepath.Join(s.Dir(), "installed", "1", target, "github.com/!burnt!sushi/toml/sub/@v/v1.1.0.json")
	require.NoError(t, errors.Join(os.Chmod(record, 0o600), os.Truncate(record, 100)))
	for _, tt := range []struct{ text, want string }{
		{pkg, "not found: v1.2.0 is damaged: its module github.com/BurntSushi/toml@v1.2.0 is missing; installing again"},
		{pkg + "@v1.1.0", "not found: the record of v1.1.0 is damaged; installing again"},
		{pkg + "@v1.1.0", "not found: no installed version satisfies v1.1.0 (v1.2.0)"},
	} {
		_, err := lookUp(t, s, tt.text)
		assert.EqualError(t, err, tt.want)
	}
}

// TestCompanions: what was installed with companions answers for them, unless a higher version is
// installed without.
func TestCompanions(t *testing.T) {
	t.Parallel()
	s := open(t)
	install(t, s, "v1.1.0", "v1.2.0")
	record, err := s.Record(target, pkg, "v1.2.0")
	require.NoError(t, err)
	record.Along = []store.RecordCompanion{{Path: "bytes", Version: "go1.26"}, {Path: "example.com/dep", Query: "v1", Version: "v1.0.0"}}
	record.Hash = "h1:along"
	require.NoError(t, s.PutRecord(record))
	check := func(text, version, hash, found string, companions ...find.Companion) {
		t.Helper()
		name, err := find.ParseName(text)
		require.NoError(t, err)
		name.Along = companions
		spec, err := installed.New(s, target).Find(t.Context(), name)
		require.NoError(t, err)
		var got string
		for _, c := range spec.Source.Go.Along {
			got += c.String() + "=" + c.Version + " "
		}
		assert.Equal(t, version, spec.Version, text)
		assert.Equal(t, hash, spec.Source.Hash, text)
		assert.Equal(t, found, got, text)
	}
	asked := []find.Companion{{Alias: "b", Path: "bytes"}, {Path: "example.com/dep", Query: "v1"}}
	check(pkg, "v1.2.0", "h1:along", "b=bytes=go1.26 example.com/dep@v1=v1.0.0 ", asked...)
	check(pkg, "v1.2.0", "h1:v1.2.0", "")
	check(pkg, "v1.2.0", "", "bytes= ", find.Companion{Path: "bytes"})
	check(pkg+"@v1.1", "v1.1.0", "", "b=bytes= example.com/dep@v1= ", asked...)
	check(pkg, "v1.2.0", "", "example.com/dep@latest= ", find.Companion{Path: "example.com/dep", Query: "latest"})
	install(t, s, "v1.3.0")
	check(pkg, "v1.3.0", "", "b=bytes= example.com/dep@v1= ", asked...)
	check(pkg+"@v1.2", "v1.2.0", "h1:along", "b=bytes=go1.26 example.com/dep@v1=v1.0.0 ", asked...)
}
