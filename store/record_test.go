package store_test

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/loadgo/load/store"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const target = "linux_amd64"

func record(pkg, version string) *store.Record {
	return &store.Record{
		Package: pkg, Module: "github.com/BurntSushi/toml", Version: version, Target: target,
		Time: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Why: "the latest release",
		GoMod: "go 1.26\n\nrequire github.com/BurntSushi/toml " + version + "\n", GoSum: "sums <&>\n", Hash: "h1:x",
		BuildList: []store.RecordModule{{Path: "github.com/BurntSushi/toml", Version: version, Sum: "h1:y"}},
	}
}

func put(t *testing.T, s *store.Store, records ...*store.Record) {
	t.Helper()
	for _, r := range records {
		require.NoError(t, s.PutRecord(r))
	}
}

func versions(t *testing.T, s *store.Store, target, pkg string) string {
	t.Helper()
	records, err := s.Records(target, pkg)
	require.NoError(t, err)
	var list []string
	for _, r := range records {
		list = append(list, r.Version)
	}
	return strings.Join(list, " ")
}

func TestRecords(t *testing.T) {
	t.Parallel()
	s := open(t)
	const pkg = "github.com/BurntSushi/toml"
	put(t, s, record(pkg, "v1.9.0"), record(pkg, "v1.10.0"), record(pkg, "v1.10.0-RC1"), record(pkg+"/internal", "v1.9.0"),
		record("k8s.io/api/core/v1", "v0.30.0"), record(pkg, "v2.0.0+incompatible"))
	changed := record(pkg, "v1.9.0")
	changed.Deprecated = "use another"
	put(t, s, changed)

	got, want := versions(t, s, target, pkg), "v2.0.0+incompatible v1.10.0 v1.10.0-RC1 v1.9.0"
	assert.Equal(t, want, got)
	assert.Empty(t, versions(t, s, target, "github.com/BurntSushi")+versions(t, s, "wasip1_wasm", pkg))
	stored, err := s.Record(target, pkg, "v1.9.0")
	require.NoError(t, err)
	assert.Equal(t, changed, stored)
	_, err = os.Stat(filepath.Join(s.Dir(), "installed", "1", target, "github.com/!burnt!sushi/toml/@v/v1.10.0-!r!c1.json"))
	assert.NoError(t, err)
	assert.NoError(t, s.RemoveRecord(target, pkg, "v1.10.0"))
	var all []string
	for r, err := range s.AllRecords(target) {
		require.NoError(t, err)
		all = append(all, r.Package+"@"+r.Version)
	}
	assert.Equal(t, []string{
		pkg + "@v2.0.0+incompatible", pkg + "@v1.10.0-RC1", pkg + "@v1.9.0", pkg + "/internal@v1.9.0", "k8s.io/api/core/v1@v0.30.0",
	}, all)
	assert.Empty(t, maps.Collect(s.AllRecords("plan9_386")))
}

func TestDamagedRecord(t *testing.T) {
	t.Parallel()
	s := open(t)
	const pkg = "example.com/a"
	dir := filepath.Join(s.Dir(), "installed", "1", target, pkg, "@v")
	good := func(version string) string {
		put(t, s, record(pkg, version))
		data, err := os.ReadFile(filepath.Join(dir, version+".json"))
		require.NoError(t, err)
		return string(data)
	}
	other := good("v1.0.0")
	for name, data := range map[string]string{
		"v2.0.0": "",
		"v3.0.0": good("v3.0.0")[:200],
		"v4.0.0": strings.Replace(good("v4.0.0"), "latest", "oldest", 1),
		"v5.0.0": other,
	} {
		file := filepath.Join(dir, name+".json")
		_ = os.Remove(file)
		require.NoError(t, os.WriteFile(file, []byte(data), 0o600))
	}
	assert.Equal(t, "v1.0.0", versions(t, s, target, pkg))
	left, err := s.Versions(target, pkg)
	assert.NoError(t, err)
	assert.Len(t, left, 1)
}

func TestInvalidRecord(t *testing.T) {
	t.Parallel()
	s := open(t)
	for _, r := range []*store.Record{
		record("../a", "v1.0.0"), record("", "v1.0.0"), record("a/b", "../../etc"), record("a/b", ""),
		{Package: "a/b", Version: "v1.0.0", Target: "../x"},
		{Package: "a/b", Version: "v1.0.0", Target: ".."},
	} {
		assert.Errorf(t, s.PutRecord(r), "%v %v %v", r.Package, r.Version, r.Target)
	}
	entries, err := os.ReadDir(s.Dir())
	assert.NoError(t, err)
	assert.Len(t, entries, 1)
}

func BenchmarkRecord(b *testing.B) {
	s := open(b)
	r := record("example.com/a", "v1.0.0")
	r.GoSum = strings.Repeat("github.com/BurntSushi/toml v1.9.0 h1:0123456789abcdefghijklmnopqrstuvwxyz0123456=\n", 200)
	require.NoError(b, s.PutRecord(r))
	for b.Loop() {
		got, err := s.Record(target, "example.com/a", "v1.0.0")
		require.NotNil(b, got)
		require.NoError(b, err)
	}
}

// TestRecordsOfCompanions: records of one package with and without companions do not know of each
// other.
func TestRecordsOfCompanions(t *testing.T) {
	t.Parallel()
	s := open(t)
	const pkg = "example.com/a"
	along := []store.RecordCompanion{{Path: "bytes", Version: "go1.26"}, {Path: "example.com/b/c", Query: "v1", Version: "v1.2.0"}}
	with := record(pkg, "v1.1.0")
	with.Along = along
	put(t, s, record(pkg, "v1.0.0"), with)

	asked := []store.RecordCompanion{{Path: "example.com/b/c", Query: "v1"}, {Path: "bytes"}} // in any order, before anything is resolved
	got, err := s.Record(target, pkg, "v1.1.0", asked...)
	assert.NoError(t, err)
	assert.Equal(t, with, got)
	for _, tt := range []struct {
		along []store.RecordCompanion
		want  string
	}{{nil, "v1.0.0"}, {asked, "v1.1.0"}, {asked[:1], ""}, {[]store.RecordCompanion{{Path: "bytes"}, {Path: "example.com/b/c"}}, ""}} {
		got, err := s.Versions(target, pkg, tt.along...)
		assert.NoErrorf(t, err, "%v", tt.along)
		assert.Equalf(t, tt.want, strings.Join(got, " "), "%v", tt.along)
	}
	var all []string
	for r, err := range s.AllRecords(target) {
		require.NoError(t, err)
		all = append(all, r.Version)
	}
	assert.Equal(t, "v1.0.0 v1.1.0", strings.Join(all, " "))
	require.NoError(t, s.RemoveRecord(target, pkg, "v1.1.0", asked...))
	got, err = s.Record(target, pkg, "v1.1.0", along...)
	assert.Nil(t, got)
	assert.NoError(t, err)
}
