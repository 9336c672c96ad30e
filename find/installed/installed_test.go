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
			if err := os.MkdirAll(filepath.Join(s.ModDir(), dir), 0o700); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.PutRecord(&store.Record{
			Package: pkg, Module: "github.com/BurntSushi/toml", Version: version, Target: target,
			Time: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Why: "the latest release", Deprecated: "old",
			GoMod: "go 1.26\n", GoSum: "sum\n", Hash: "h1:" + version, Imports: []string{pkg},
			BuildList: []store.RecordModule{
				{Path: "example.com/dep", Version: "v1.0.0", Sum: "h1:dep"},
				{Path: "github.com/BurntSushi/toml", Version: version, Sum: "h1:toml"},
			},
		}); err != nil {
			t.Fatal(err)
		}
	}
}

func open(t *testing.T) *store.Store {
	t.Helper()
	s, err := store.Open(filepath.Join(t.TempDir(), "store"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func lookUp(t *testing.T, s *store.Store, text string) (*find.Spec, error) {
	t.Helper()
	name, err := find.ParseName(text)
	if err != nil {
		t.Fatal(err)
	}
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
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if spec.Version != want {
			t.Errorf("%s is %s, want %s", text, spec.Version, want)
		}
		dir := filepath.Join(s.ModDir(), "github.com", "!burnt!sushi", "toml@"+want, "sub")
		if spec.Name != pkg || spec.Module != "github.com/BurntSushi/toml" || spec.Origin != "store" || spec.Source.Dir != dir ||
			spec.Source.Hash != "h1:"+want || spec.Source.Go.ModCache != s.ModDir() || len(spec.BuildList) != 2 || spec.BuildList[0].Sum != "h1:dep" {
			t.Errorf("%s: got %+v, %+v", text, spec, spec.Source.Go)
		}
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
		if _, err := lookUp(t, s, text); err == nil || err.Error() != want {
			t.Errorf("%s:\ngot  %v\nwant %s", text, err, want)
		}
	}
	var version *find.VersionError
	if _, err := lookUp(t, s, pkg+"@<=v1"); !errors.As(err, &version) {
		t.Errorf("%T is no VersionError", err)
	}
}

func TestDamage(t *testing.T) {
	t.Parallel()
	s := open(t)
	install(t, s, "v1.1.0", "v1.2.0")
	if err := os.Rename(filepath.Join(s.ModDir(), "github.com/!burnt!sushi/toml@v1.2.0"), filepath.Join(s.Dir(), "gone")); err != nil {
		t.Fatal(err)
	}
	record := filepath.Join(s.Dir(), "installed", "1", target, "github.com/!burnt!sushi/toml/sub/@v/v1.1.0.json")
	if err := errors.Join(os.Chmod(record, 0o600), os.Truncate(record, 100)); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ text, want string }{
		{pkg, "not found: v1.2.0 is damaged: its module github.com/BurntSushi/toml@v1.2.0 is missing; installing again"},
		{pkg + "@v1.1.0", "not found: the record of v1.1.0 is damaged; installing again"},
		{pkg + "@v1.1.0", "not found: no installed version satisfies v1.1.0 (v1.2.0)"},
	} {
		if _, err := lookUp(t, s, tt.text); err == nil || err.Error() != tt.want {
			t.Errorf("%s:\ngot  %v\nwant %s", tt.text, err, tt.want)
		}
	}
}

// TestCompanions: what was installed with companions answers for them, unless a higher version is
// installed without.
func TestCompanions(t *testing.T) {
	t.Parallel()
	s := open(t)
	install(t, s, "v1.1.0", "v1.2.0")
	record, err := s.Record(target, pkg, "v1.2.0")
	if err != nil {
		t.Fatal(err)
	}
	record.Along = []store.RecordCompanion{{Path: "bytes", Version: "go1.26"}, {Path: "example.com/dep", Query: "v1", Version: "v1.0.0"}}
	record.Hash = "h1:along"
	if err := s.PutRecord(record); err != nil {
		t.Fatal(err)
	}
	check := func(text, version, hash, found string, companions ...find.Companion) {
		t.Helper()
		name, err := find.ParseName(text)
		if err != nil {
			t.Fatal(err)
		}
		name.Along = companions
		spec, err := installed.New(s, target).Find(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		var got string
		for _, c := range spec.Source.Go.Along {
			got += c.String() + "=" + c.Version + " "
		}
		if spec.Version != version || spec.Source.Hash != hash || got != found {
			t.Errorf("%s with %v: %s, hash %q, along %s", text, companions, spec.Version, spec.Source.Hash, got)
		}
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
