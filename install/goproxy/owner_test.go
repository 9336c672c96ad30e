package goproxy_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/loadgo/load"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/install"
	"github.com/loadgo/load/install/goproxy"
	"github.com/loadgo/load/loadtest"
	"github.com/loadgo/load/policy"
	"github.com/loadgo/load/store"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// private is what the registry has, and public what everybody can put where strangers are asked.
const private = `
-- corp.example.com/team/auth@v1.2.0/go.mod --
module corp.example.com/team/auth

go 1.21

require (
	corp.example.com/team/base v1.0.0
	example.com/words v1.0.0
)
-- corp.example.com/team/auth@v1.2.0/auth.go --
package auth

import (
	_ "corp.example.com/team/base"
	_ "example.com/words"
)
-- corp.example.com/team/base@v1.0.0/go.mod --
module corp.example.com/team/base
-- corp.example.com/team/base@v1.0.0/base.go --
package base
-- example.com/words@v1.9.0/go.mod --
module example.com/words
-- example.com/words@v1.9.0/words.go --
package words
`

const public = `
-- example.com/words@v1.0.0/go.mod --
module example.com/words
-- example.com/words@v1.0.0/words.go --
package words
-- example.com/user@v1.0.0/go.mod --
module example.com/user

go 1.21

require (
	corp.example.com v1.0.0
	corp.example.com/team/auth v1.2.0
)
-- example.com/user@v1.0.0/user.go --
package user

import _ "corp.example.com/team/auth"
-- corp.example.com@v1.0.0/go.mod --
module corp.example.com
-- corp.example.com@v1.0.0/team/auth/auth.go --
package auth
-- corp.example.com@v1.0.0/team/lost/lost.go --
package lost
-- corp.example.com/team/auth@v9.0.0+incompatible/auth.go --
package auth
-- corp.example.com/team/auth@v1.9.0/go.mod --
module corp.example.com/team/auth
-- corp.example.com/team/auth@v1.9.0/auth.go --
package auth
-- corp.example.com/team/auth@v1.2.0/go.mod --
module corp.example.com/team/auth
-- corp.example.com/team/auth@v1.2.0/auth.go --
package auth

const Stolen = true
`

// world is a public proxy with a checksum database, a registry, and a loader that knows both.
type world struct {
	public, registry *loadtest.ProxyServer
	config           goproxy.Config
	policies         []*policy.Policy
	store            *store.Store
	lock             string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{public: loadtest.Proxy(t, public), registry: loadtest.Proxy(t, private), store: loadtest.OpenStore(t), lock: filepath.Join(t.TempDir(), "load.lock")}
	w.config = config(w.public)
	w.own(w.registry.URL, "corp.example.com/team")
	return w
}

// own makes the registry the owner of a prefix.
func (w *world) own(url, prefix string) {
	w.policies = []*policy.Policy{{Registries: []policy.Registry{{Name: "company", URL: url, Prefix: prefix, Insecure: true}}}}
}

func (w *world) lockName(t *testing.T, name string) (*find.Spec, error) {
	t.Helper()
	l, err := load.New(load.Config{Store: w.store, Installers: []install.Installer{goproxy.New(w.config)}, Policies: w.policies, LockFile: w.lock})
	require.NoError(t, err)
	return l.Locks().Add(t.Context(), name)
}

// quiet checks that the public proxy, and its checksum database, did not hear of what is owned, and
// the registry of nothing else.
func (w *world) quiet(t *testing.T) {
	t.Helper()
	n := w.public.Count("corp.example.com")
	assert.Zerof(t, n, "the public proxy had %d requests about what is owned", n)
	all, own := w.registry.Count(""), w.registry.Count("/corp.example.com/team/")
	assert.Equalf(t, own, all, "the registry had %d requests, %d of them about what it owns", all, own)
}

func TestOwned(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"company:auth":                    "corp.example.com/team/auth@v1.2.0 corp.example.com/team/base@v1.0.0 example.com/words@v1.0.0",
		"corp.example.com/team/auth":      "corp.example.com/team/auth@v1.2.0 corp.example.com/team/base@v1.0.0 example.com/words@v1.0.0",
		"corp.example.com/team/auth@>=v1": "corp.example.com/team/auth@v1.2.0 corp.example.com/team/base@v1.0.0 example.com/words@v1.0.0",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			spec, err := w.lockName(t, name)
			require.NoError(t, err)
			assert.Equal(t, want, buildList(spec))
			w.quiet(t)
			assert.NotZero(t, w.public.Count("/lookup/example.com/words@v1.0.0"), "the public dependency was not looked up in the checksum database")
		})
	}
}

// What is reached through a public module is asked of its owner, too, and a public module whose
// path is a prefix of an owned package does not provide it.
func TestOwnedDependency(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	spec, err := w.lockName(t, "example.com/user")
	require.NoError(t, err)
	const want = "corp.example.com/team/auth@v1.2.0 corp.example.com/team/base@v1.0.0 example.com/user@v1.0.0 example.com/words@v1.0.0"
	got := buildList(spec)
	assert.Equalf(t, want, got, "%v", want)
	n := w.public.Count("/corp.example.com/team/")
	assert.Zerof(t, n, "the public proxy had %d requests about what is owned", n)
}

// Whatever the registry answers, nobody else is asked.
func TestOwnerRefuses(t *testing.T) {
	t.Parallel()
	const spelled = "check the name's spelling and the credentials for HOST in LOAD_TOKEN_COMPANY (not set)"
	for name, test := range map[string]struct {
		fault loadtest.Fault
		want  string
	}{
		"404": {loadtest.Status(404), "not found\n\tregistry company: no such module: corp.example.com/team/auth, corp.example.com/team; nobody else was asked (Config.Policies: registry company)\n" +
			"\tcheck the spelling, or ask the operator of REGISTRY for the module"},
		"410":  {loadtest.Status(410), "not found\n\tregistry company: no such module: corp.example.com/team/auth, corp.example.com/team; nobody else was asked (Config.Policies: registry company)\n\tcheck the spelling, or ask the operator of REGISTRY for the module"},
		"401":  {loadtest.Status(401), "REGISTRY/corp.example.com/team/auth/@v/list: forbidden by the registry (401 Unauthorized)\n\t" + spelled},
		"403":  {loadtest.Status(403), "REGISTRY/corp.example.com/team/auth/@v/list: forbidden by the registry (403 Forbidden)\n\t" + spelled},
		"500":  {loadtest.Status(500), "REGISTRY/corp.example.com/team/auth/@v/list: 500 Internal Server Error (tried 3 times)\n\tcheck the network and the URL of the registry (Config.Policies: registry company), and try again"},
		"HTML": {loadtest.HTML(), "REGISTRY/corp.example.com/team/auth/@v/list: not a module proxy's answer: it is an HTML page\n\tcheck the URL of the registry (Config.Policies: registry company); a network's log-in page may be in the way"},
		"cut":  {loadtest.Truncated(true), "REGISTRY/corp.example.com/team/auth/@v/list: the answer was cut off (tried 3 times)\n\tcheck the network and the URL of the registry (Config.Policies: registry company), and try again"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.registry.Fault("/*", test.fault)
			_, err := w.lockName(t, "company:auth")
			require.Error(t, err)
			got := strings.ReplaceAll(strings.ReplaceAll(err.Error(), w.registry.URL, "REGISTRY"), strings.TrimPrefix(w.registry.URL, "http://"), "HOST")
			got = strings.TrimPrefix(got, "load company:auth: ")
			assert.Equal(t, test.want, got)
			assert.Equal(t, test.want[0] == 'R', !errors.Is(err, find.ErrNotFound))
			w.quiet(t)
			_, err = w.lockName(t, "example.com/user")
			assert.Error(t, err, "what needs it is loaded without it")
			n := w.public.Count("/corp.example.com/team/")
			assert.Zerof(t, n, "the public proxy had %d requests about what is owned", n)
		})
	}
}

// A part that the registry lacks, and one that only a public module of a shorter path has.
func TestOwnerLacks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.registry.Fault("/corp.example.com/team/base/*", loadtest.Status(404))
	_, err := w.lockName(t, "company:auth")
	want := "load company:auth: corp.example.com/team/base@v1.0.0: " + w.registry.URL + "/corp.example.com/team/base/@v/v1.0.0.mod: 404 Not Found\n" +
		"\tthe registry company lacks a module that is needed and that it owns: nobody else was asked"
	assert.EqualError(t, err, want)
	_, err = w.lockName(t, "company:lost")
	assert.ErrorIs(t, err, find.ErrNotFound, "a public module provides an owned package")
	w.quiet(t)
}

// Two registries: the one with the more specific pattern is asked, and the other hears nothing.
func TestTwoRegistries(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	lab := loadtest.Proxy(t, "-- corp.example.com/team/lab/x@v0.1.0/go.mod --\nmodule corp.example.com/team/lab/x\n\nrequire corp.example.com/team/base v1.0.0\n"+
		"-- corp.example.com/team/lab/x@v0.1.0/x.go --\npackage x\n\nimport _ \"corp.example.com/team/base\"\n")
	w.policies = append(w.policies, &policy.Policy{Registries: []policy.Registry{{Name: "lab", URL: lab.URL, Prefix: "lab.example.com", Patterns: []string{"corp.example.com/team/lab"}, Insecure: true}}})
	spec, err := w.lockName(t, "company:lab/x")
	require.NoError(t, err)
	assert.Equal(t, "corp.example.com/team/base@v1.0.0 corp.example.com/team/lab/x@v0.1.0", buildList(spec))
	n, m := w.registry.Count("/lab/"), lab.Count("/base/")
	assert.Zero(t, n+m, "a registry was asked for what is another's")
	w.quiet(t)
}

// What the user's own module cache has of an owned module came from anywhere, and is not used.
func TestPoisonedModuleCache(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.config.ModCache = t.TempDir()
	for _, file := range []string{"v1.2.0.info", "v1.2.0.mod", "v1.2.0.zip", "list"} {
		resp, err := http.Get(w.public.URL + "/corp.example.com/team/auth/@v/" + file)
		require.NoError(t, err)
		name := filepath.Join(w.config.ModCache, "cache", "download", "corp.example.com", "team", "auth", "@v", file)
		require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o755))
		f, err := os.Create(name)
		require.NoError(t, err)
		_, err = f.ReadFrom(resp.Body)
		require.NoError(t, err)
		resp.Body.Close()
		f.Close()
	}
	spec, err := w.lockName(t, "company:auth@v1.2.0")
	require.NoError(t, err)
	got, want := spec.BuildList[0].Sum, w.registry.Sum("corp.example.com/team/auth", "v1.2.0")
	assert.Equal(t, want, got, "not what the registry has")
}

// The first download of an owned module is trusted and locked; another one later is refused.
func TestOwnedChange(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := w.lockName(t, "company:auth")
	require.NoError(t, err)
	first := w.registry.Sum("corp.example.com/team/auth", "v1.2.0")
	w.store = loadtest.OpenStore(t) // another machine
	files := map[string][]byte{"go.mod": []byte("module corp.example.com/team/auth\n"), "auth.go": []byte("package auth\n")}
	w.registry.Publish("corp.example.com/team/auth", "v1.2.0", files)
	_, err = w.lockName(t, "company:auth")
	var sum *install.ChecksumError
	require.ErrorAs(t, err, &sum)
	assert.Equal(t, sum.Want, first)
	assert.Equal(t, w.registry.Sum("corp.example.com/team/auth", "v1.2.0"), sum.Got)
}

// TestOwnedGoMod: the go.mod file, which a registry sends apart, is the one in the zip whose sum the
// lock file has.
func TestOwnedGoMod(t *testing.T) {
	t.Parallel()
	const base = "/corp.example.com/team/base/@v/v1.0.0.mod"
	answer := func(text string) loadtest.Fault {
		return func(rw http.ResponseWriter, _ *http.Request, _ http.Handler) { _, _ = rw.Write([]byte(text)) }
	}
	w := newWorld(t)
	_, err := w.lockName(t, "company:auth")
	require.NoError(t, err)
	locked := w.store
	for _, other := range []string{"\ngo 1.25\n", "\nrequire example.com/words v1.0.0\n", "\n// Deprecated: x\n"} {
		w.store = loadtest.OpenStore(t) // another machine
		w.registry.Fault(base, answer("module corp.example.com/team/base\n"+other))
		for range 2 {
			_, err = w.lockName(t, "company:auth")
			require.ErrorContains(t, err, "the go.mod that the registry sends is not the one in its zip", other)
		}
		w.registry.Fault(base, nil)
		_, err = w.lockName(t, "company:auth")
		require.NoError(t, err, other)
	}
	// Nor is one that the store has of another program.
	w.store = locked
	mod := filepath.Join(locked.ModDir(), "cache", "download", "corp.example.com", "team", "base", "@v", "v1.0.0.mod")
	require.NoError(t, os.WriteFile(mod, []byte("module corp.example.com/team/base\n\ngo 1.25\n"), 0o600))
	_, err = w.lockName(t, "corp.example.com/team/base")
	require.ErrorContains(t, err, "is not the one in its zip")
	_, err = w.lockName(t, "corp.example.com/team/base")
	require.NoError(t, err)
}

// A registry can send a client elsewhere for a file, as those do that keep files in a bucket.
func TestOwnerRedirects(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	bucket := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		http.Redirect(rw, r, w.registry.URL+r.URL.Path, http.StatusFound)
	}))
	t.Cleanup(bucket.Close)
	w.own(bucket.URL, "corp.example.com/team")
	_, err := w.lockName(t, "company:auth")
	assert.NoError(t, err)
	w.quiet(t)
}
