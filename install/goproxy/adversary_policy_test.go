package goproxy_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/loadgo/load"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/find/dir"
	"github.com/loadgo/load/find/installed"
	"github.com/loadgo/load/install"
	"github.com/loadgo/load/install/goproxy"
	"github.com/loadgo/load/loadtest"
	"github.com/loadgo/load/policy"
	"github.com/loadgo/load/store"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestAgeOfCached: what the store, the user's module cache or a lock file already has is as young
// as before.
func TestAgeOfCached(t *testing.T) {
	t.Parallel()
	proxy := loadtest.Proxy(t, aged)
	published(proxy, "v1.0.0", time.Now().Add(-2*time.Hour))
	published(proxy, "v1.2.0", time.Now().Add(-time.Hour))
	rules := []*policy.Policy{{MinAge: 72 * time.Hour}}
	loader := func(s *store.Store, change func(*load.Config, *goproxy.Config)) *load.Loader {
		c := config(proxy)
		l := load.Config{Store: s, Policies: rules, Path: find.Path{installed.New(s, "linux_amd64")}}
		change(&l, &c)
		l.Installers = []install.Installer{goproxy.New(c)}
		out, err := load.New(l)
		require.NoError(t, err)
		return out
	}
	refused := func(what, name, version, age string, l *load.Loader) {
		t.Helper()
		_, err := l.Install(t.Context(), name)
		want := "load " + name + ": " + version + " was published " + age + " ago, less than 3d (Config.Policies: age 3d)\n\task for an older version, or wait"
		got := fmt.Sprint(err)
		assert.Equal(t, want, got, what)
	}
	// The user's module cache.
	cached := loadtest.ModuleCache(t, proxy, "example.com/aged@v1.2.0", "example.com/aged@v1.0.0")
	useCache := func(_ *load.Config, c *goproxy.Config) { c.ModCache = cached }
	s := loadtest.OpenStore(t)
	refused("module cache", "example.com/aged@v1.2.0", "v1.2.0", "1h", loader(s, useCache))
	refused("module cache", "example.com/aged@latest", "v1.2.0", "1h", loader(s, useCache))
	// The store, where another program without a policy installed it.
	free := loader(s, func(l *load.Config, _ *goproxy.Config) { l.Policies = nil })
	if _, err := free.Install(t.Context(), "example.com/aged@v1.2.0"); err != nil && !strings.Contains(err.Error(), "engine") {
		t.Fatal(err)
	}
	require.NotEmpty(t, s.ModuleSum("example.com/aged", "v1.2.0"))
	nothing := func(*load.Config, *goproxy.Config) {}
	refused("store", "example.com/aged@v1.2.0", "v1.2.0", "1h", loader(s, nothing))
	refused("store", "example.com/aged", "v1.2.0", "1h", loader(s, nothing))
	proxy.Fault("/*", loadtest.Status(502))
	refused("registry down", "example.com/aged@v1.2.0", "v1.2.0", "1h", loader(s, nothing))
	refused("offline", "example.com/aged@v1.2.0", "v1.2.0", "1h", loader(s, func(l *load.Config, _ *goproxy.Config) { l.Offline = true }))
	// A lock file that does not say when.
	lock := filepath.Join(t.TempDir(), "load.lock")
	require.NoError(t, os.WriteFile(lock, []byte("load.lock 1\nexample.com/aged at v1.0.0 goproxy example.com/aged -\n"), 0o600))
	_, err := loader(s, func(l *load.Config, _ *goproxy.Config) { l.LockFile = lock }).Install(t.Context(), "example.com/aged")
	const want = "load example.com/aged: it is not known when v1.0.0 was published (Config.Policies: age 3d)\n\task for a version whose time is known, or make an exception: age 3d except example.com/aged"
	assert.EqualError(t, err, want)
}

// TestAgeOfParts: an old module that requires a version which appeared only now does not bring it
// in.
func TestAgeOfParts(t *testing.T) {
	t.Parallel()
	proxy := loadtest.Proxy(t, aged, "-- example.com/top@v1.0.0/go.mod --\nmodule example.com/top\n\nrequire example.com/aged v1.2.0\n-- example.com/top@v1.0.0/t.go --\npackage top\n\nimport _ \"example.com/aged\"\n")
	published(proxy, "v1.2.0", time.Now().Add(-time.Hour))
	lock := filepath.Join(t.TempDir(), "load.lock")
	loader := func(s *store.Store, rules ...*policy.Policy) *load.Loader {
		l, err := load.New(load.Config{Store: s, Installers: []install.Installer{goproxy.New(config(proxy))}, Policies: rules, LockFile: lock})
		require.NoError(t, err)
		return l
	}
	s := loadtest.OpenStore(t)
	_, err := loader(s, &policy.Policy{MinAge: 72 * time.Hour}).Locks().Add(t.Context(), "example.com/top")
	const want = "load example.com/top: example.com/aged@v1.2.0: v1.2.0 was published 1h ago, less than 3d (Config.Policies: age 3d)\n\task for an older version, or wait"
	assert.EqualError(t, err, want)
	sum := s.ModuleSum("example.com/aged", "v1.2.0")
	assert.Empty(t, sum)
	assert.Zero(t, proxy.Count("aged/@v/v1.2.0.zip"))
	_, err = loader(s, &policy.Policy{MinAge: 72 * time.Hour, AgeExcept: []string{"example.com/aged"}}).Locks().Add(t.Context(), "example.com/top")
	assert.NoError(t, err)
	// What is locked was decided when it was locked.
	_, err = loader(loadtest.OpenStore(t), &policy.Policy{MinAge: 72 * time.Hour}).Locks().Add(t.Context(), "example.com/top")
	assert.NoError(t, err)
}

// TestAgeOfCachedParts: what a program without a policy installed is no older for one that has a
// policy, whether it is found in the store, installed again, or needed by a directory. The registry
// is asked once; who cannot ask refuses; what a go.sum or lock file holds was decided about.
func TestAgeOfCachedParts(t *testing.T) {
	t.Parallel()
	const top = "-- example.com/top@v1.0.0/go.mod --\nmodule example.com/top\n\nrequire example.com/aged v1.2.0\n" +
		"-- example.com/top@v1.0.0/t.go --\npackage top\n\nimport _ \"example.com/aged\"\n"
	proxy := loadtest.Proxy(t, aged, top)
	published(proxy, "v1.2.0", time.Now().Add(-time.Hour))
	own := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		require.NoError(t, os.WriteFile(filepath.Join(own, name), []byte(text), 0o600))
	}
	write("go.mod", "module example.org/own\n\ngo 1.24\n\nrequire example.com/aged v1.2.0\n")
	write("own.go", "package own\n\nimport _ \"example.com/aged\"\n")
	lock := filepath.Join(t.TempDir(), "load.lock")
	s := loadtest.OpenStore(t)
	obtain := func(s *store.Store, name string, change ...func(*load.Config)) error {
		t.Helper()
		c := load.Config{Store: s, Path: find.Path{dir.New("."), installed.New(s, "linux_amd64")}, Installers: []install.Installer{goproxy.New(config(proxy))}, LockFile: lock}
		for _, f := range change {
			f(&c)
		}
		l, err := load.New(c)
		require.NoError(t, err)
		_, err = l.Locks().Add(t.Context(), name)
		return err
	}
	age := func(c *load.Config) {
		c.Policies = []*policy.Policy{{MinAge: 72 * time.Hour, AgeExcept: []string{"example.com/top"}}}
	}
	offline := func(c *load.Config) { c.Offline = true }
	unlock := func() { require.NoError(t, os.RemoveAll(lock)) }
	const (
		young = "load %s: example.com/aged@v1.2.0: v1.2.0 was published 1h ago, less than 3d (Config.Policies: age 3d)\n\task for an older version, or wait"
		dark  = "load %s: example.com/aged@v1.2.0: it is not known when v1.2.0 was published (Config.Policies: age 3d)\n" +
			"\task for a version whose time is known, or make an exception: age 3d except example.com/aged"
		asked = "aged/@v/v1.2.0.info"
	)
	names := []string{"example.com/top", "example.com/top@v1.0.0", "example.com/top@latest", own}
	for _, name := range names { // by a program without a policy
		require.NoError(t, obtain(s, name))
		unlock()
	}
	require.Zero(t, proxy.Count(asked))
	assert.EqualError(t, obtain(s, "example.com/top", age, offline), fmt.Sprintf(dark, "example.com/top"))
	assert.Error(t, obtain(s, own, age, offline))
	for _, name := range names {
		assert.EqualError(t, obtain(s, name, age), fmt.Sprintf(young, name), name)
	}
	assert.Equal(t, 1, proxy.Count(asked))
	assert.EqualError(t, obtain(s, "example.com/top", age, offline), fmt.Sprintf(young, "example.com/top"))
	assert.NoFileExists(t, lock)

	for _, name := range names[:3] { // what was reviewed
		require.NoError(t, obtain(s, name))
		require.NoError(t, obtain(s, name, age), name)
		unlock()
	}
	sum := "example.com/aged v1.2.0 " + s.ModuleSum("example.com/aged", "v1.2.0") + "\n"
	write("go.sum", sum)
	assert.NoError(t, obtain(s, own, age, offline))
	assert.NoError(t, obtain(loadtest.OpenStore(t), own, age))

	// A version that is old enough by now needs no lock file.
	write("go.sum", "")
	published(proxy, "v1.2.0", time.Now().Add(-100*time.Hour))
	other := loadtest.OpenStore(t)
	for _, name := range names {
		require.NoError(t, obtain(other, name, age), name)
		unlock()
		require.NoError(t, obtain(other, name, age, offline), name)
	}
}
