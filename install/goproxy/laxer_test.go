package goproxy_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/find/dir"
	"github.com/loadgo/load/find/installed"
	"github.com/loadgo/load/install"
	"github.com/loadgo/load/install/goproxy"
	"github.com/loadgo/load/loadtest"
	"github.com/loadgo/load/policy"
	"github.com/loadgo/load/store"
)

// TestStoreOfLaxer: what a program that asked no checksum database brought into the store is asked
// about before another program uses it, whether it is found, installed again, or needed by a
// directory. What is wrong counts as absent and makes way. What was asked about once is not asked
// about again, and a lock or go.sum file outweighs the database.
func TestStoreOfLaxer(t *testing.T) {
	t.Parallel()
	const top = "-- example.com/top@v1.0.0/go.mod --\nmodule example.com/top\n\ngo 1.20\n\nrequire example.com/v v1.0.0\n" +
		"-- example.com/top@v1.0.0/t.go --\npackage top\n\nimport _ \"example.com/v\"\n"
	good := loadtest.Proxy(t, victim, top)
	forged := strings.ReplaceAll(victim, "package v", "package v\n\nconst Evil = true")
	evil := loadtest.Proxy(t, forged, top)
	own := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		require.NoError(t, os.WriteFile(filepath.Join(own, name), []byte(text), 0o600))
	}
	write("go.mod", "module example.org/own\n\ngo 1.24\n\nrequire example.com/v v1.0.0\n")
	write("own.go", "package own\n\nimport _ \"example.com/v\"\n")

	lax := config(evil)
	lax.SumDB = "off"
	none := func(*load.Config) {}
	// sum is that of example.com/v in what a program gets for a name.
	sum := func(s *store.Store, c goproxy.Config, name string, change func(*load.Config)) (string, error) {
		t.Helper()
		in := goproxy.New(c)
		l := load.Config{Store: s, Path: find.Path{dir.New("."), installed.New(s, in.Target()).Vouched(in.Database)}, Installers: []install.Installer{in}}
		l.LockFile = filepath.Join(t.TempDir(), "load.lock")
		change(&l)
		loader, err := load.New(l)
		require.NoError(t, err)
		spec, err := loader.Locks().Add(t.Context(), name)
		if err != nil {
			return "", err
		}
		for _, m := range spec.BuildList {
			if m.Path == "example.com/v" {
				return m.Sum, nil
			}
		}
		return "none", nil
	}
	right, wrong := good.Sum("example.com/v", "v1.0.0"), evil.Sum("example.com/v", "v1.0.0")
	require.NotEqual(t, right, wrong)
	offline := func(c *load.Config) { c.Offline = true }
	for _, name := range []string{"example.com/v", "example.com/v@v1.0.0", "example.com/top", "example.com/top@latest", own} {
		s := loadtest.OpenStore(t)
		for _, before := range []string{"example.com/v", "example.com/top", own} {
			got, err := sum(s, lax, before, none)
			require.NoError(t, err)
			require.Equal(t, wrong, got)
		}
		_, err := sum(s, config(good), name, offline)
		assert.Error(t, err, name)
		got, err := sum(s, config(good), name, none)
		require.NoError(t, err, name)
		assert.Equal(t, right, got, name)
		assert.Equal(t, right, s.ModuleSum("example.com/v", "v1.0.0"), name)
		asked := good.Count("/sumdb/")
		if !strings.HasSuffix(name, "@latest") {
			got, err = sum(s, config(good), name, offline)
			require.NoError(t, err, name)
			assert.Equal(t, right, got, name)
		}
		assert.Equal(t, asked, good.Count("/sumdb/"), name)
	}

	// What was right all the time is not fetched again.
	s := loadtest.OpenStore(t)
	trusting := config(good)
	trusting.NoSumDB = "example.com"
	got, err := sum(s, trusting, "example.com/top", none)
	require.NoError(t, err)
	require.Equal(t, right, got)
	zips := good.Count(".zip")
	got, err = sum(s, config(good), "example.com/top", none)
	require.NoError(t, err)
	assert.Equal(t, right, got)
	assert.Equal(t, zips, good.Count(".zip"))

	// What somebody reviewed is what is meant, and is nobody else's affair.
	s = loadtest.OpenStore(t)
	reviewed := filepath.Join(t.TempDir(), "load.lock")
	locked := func(c *load.Config) { c.LockFile = reviewed }
	_, err = sum(s, lax, "example.com/top", locked)
	require.NoError(t, err)
	got, err = sum(s, config(good), "example.com/top", locked)
	require.NoError(t, err)
	assert.Equal(t, wrong, got)
	got, err = sum(s, config(good), "example.com/top", none)
	require.NoError(t, err)
	assert.Equal(t, right, got)
	write("go.sum", "example.com/v v1.0.0 "+wrong+"\n")
	s = loadtest.OpenStore(t)
	got, err = sum(s, lax, own, none)
	require.NoError(t, err)
	require.Equal(t, wrong, got)
	got, err = sum(s, config(good), own, none)
	require.NoError(t, err)
	assert.Equal(t, wrong, got)
}

// TestGraphOfLaxer: which versions a build has depends on go.mod files of modules too that provide
// none of its packages. Those that a laxer program did not have vouched for, or asked somebody else
// for, decide nothing for another program, whatever records the store has.
func TestGraphOfLaxer(t *testing.T) {
	t.Parallel()
	const (
		top = "-- example.com/top@v1.0.0/go.mod --\nmodule example.com/top\n\ngo 1.16\n\nrequire (\n\texample.com/v v1.0.0\n\texample.com/graph v1.0.0\n)\n" +
			"-- example.com/top@v1.0.0/t.go --\npackage top\n\nimport _ \"example.com/v\"\n"
		graph = "-- example.com/graph@v1.0.0/go.mod --\nmodule example.com/graph\n\ngo 1.16\n" +
			"-- example.com/graph@v1.0.0/g.go --\npackage graph\n"
	)
	later := strings.ReplaceAll(victim, "v1.0.0", "v1.1.0")
	forged := strings.Replace(graph, "go 1.16\n", "go 1.16\n\nrequire example.com/v v1.1.0\n", 1)
	good, evil := loadtest.Proxy(t, victim, later, top, graph), loadtest.Proxy(t, victim, later, top, forged)
	evil.Fault("/sumdb/*", func(w http.ResponseWriter, r *http.Request, _ http.Handler) { good.ServeHTTP(w, r) })
	version := func(s *store.Store, c goproxy.Config, policies ...*policy.Policy) string {
		t.Helper()
		in := goproxy.New(c)
		loader, err := load.New(load.Config{
			Store: s, Path: find.Path{installed.New(s, in.Target()).Vouched(in.Database)}, Installers: []install.Installer{in},
			LockFile: filepath.Join(t.TempDir(), "load.lock"), Policies: policies,
		})
		require.NoError(t, err)
		spec, err := loader.Locks().Add(t.Context(), "example.com/top")
		require.NoError(t, err)
		for _, m := range spec.BuildList {
			if m.Path == "example.com/v" {
				return m.Version
			}
		}
		return "none"
	}
	lax := config(evil)
	lax.SumDB, lax.NoSumDB = good.SumDB, "example.com/graph"
	s := loadtest.OpenStore(t)
	require.Equal(t, "v1.1.0", version(s, lax))
	assert.Equal(t, "v1.0.0", version(s, config(good)), "the database did not vouch for the graph")
	assert.Equal(t, "v1.0.0", version(s, config(good)))

	// The same for a module that a registry of this program owns: strangers decide nothing.
	owned, err := policy.Parse("policy", []byte("load.policy 1\nregistry ours "+good.URL+" example.com/graph insecure\n"))
	require.NoError(t, err)
	s = loadtest.OpenStore(t)
	require.Equal(t, "v1.1.0", version(s, lax))
	assert.Equal(t, "v1.0.0", version(s, config(good), owned), "the registry did not say so")

	// What the program itself leaves to nobody may come from anyone.
	s = loadtest.OpenStore(t)
	require.Equal(t, "v1.1.0", version(s, lax))
	asked := good.Count("/sumdb/")
	trusting := config(good)
	trusting.NoSumDB = "example.com/graph"
	assert.Equal(t, "v1.1.0", version(s, trusting))
	assert.Equal(t, asked, good.Count("/sumdb/"), "all the rest was vouched for")
}
