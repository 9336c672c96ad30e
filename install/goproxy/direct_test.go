package goproxy_test

import (
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/loadgo/load/find"
	"github.com/loadgo/load/install"
	"github.com/loadgo/load/install/goproxy"
	"github.com/loadgo/load/loadtest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// hosting is a service for repositories as the go command finds them: import paths below
// example.com, which a proxy for connections leads to 127.0.0.1, with go-import tags over https.
type hosting struct {
	root string // of the repositories
	mu   sync.Mutex
	tags map[string]string // import path of a repository's root → name of the repository, or what the tag says instead
}

// host starts the service and lets the environment lead to it, and to nothing else.
func host(t *testing.T) *hosting {
	t.Helper()
	h := &hosting{root: t.TempDir(), tags: make(map[string]string)}
	repositories := new(loadtest.GitServer).Handler(t, h.root)
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path := strings.TrimPrefix(r.URL.Path, "/")
		if rest, moved := strings.CutPrefix(path, "git/moved/"); moved {
			http.Redirect(w, r, "/git/other/"+rest+"?"+r.URL.RawQuery, http.StatusMovedPermanently)
			return
		}
		if strings.HasPrefix(path, "git/") {
			http.StripPrefix("/git", repositories).ServeHTTP(w, r)
			return
		}
		h.mu.Lock()
		defer h.mu.Unlock()
		for prefix, name := range h.tags {
			if full := "example.com/" + path; full == prefix || strings.HasPrefix(full, prefix+"/") {
				where := "git https://example.com/git/" + name
				if strings.Contains(name, " ") {
					where = name
				}
				fmt.Fprintf(w, `<html><head><meta name="go-import" content="%s %s"></head></html>`, prefix, where)
				return
			}
		}
		if status, err := strconv.Atoi(strings.TrimSuffix(path, "/pkg")); err == nil {
			w.WriteHeader(status)
			return
		}
		http.NotFound(w, r)
	}))
	t.Cleanup(server.Close)
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodConnect || !strings.HasPrefix(r.Host, "example.com:") {
			http.Error(w, "no such host", http.StatusBadGateway)
			return
		}
		to, err := net.Dial("tcp", server.Listener.Addr().String())
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		defer to.Close()
		from, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			return
		}
		defer from.Close()
		fmt.Fprint(from, "HTTP/1.1 200 Connection established\r\n\r\n")
		go func() { _, _ = io.Copy(to, from); to.Close() }()
		_, _ = io.Copy(from, to)
	}))
	t.Cleanup(proxy.Close)
	ca := filepath.Join(t.TempDir(), "ca.pem")
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	require.NoError(t, os.WriteFile(ca, certificate, 0o600))
	for key, value := range map[string]string{
		"HTTPS_PROXY": proxy.URL, "https_proxy": proxy.URL, "NO_PROXY": "", "no_proxy": "", "SSL_CERT_FILE": ca, "GIT_SSL_CAINFO": ca,
		"GIT_CONFIG_GLOBAL": os.DevNull, "GIT_CONFIG_NOSYSTEM": "1", "GOENV": "off", "GOPRIVATE": "", "GONOPROXY": "", "GOINSECURE": "",
	} {
		t.Setenv(key, value)
	}
	return h
}

// tag lets the page of an import path say where its repository is.
func (h *hosting) tag(path, where string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.tags[path] = where
}

// repo makes a repository of the service; the import path below example.com is that of its root.
func (h *hosting) repo(t *testing.T, name string) *loadtest.GitRepo {
	t.Helper()
	h.tag("example.com/"+name, name)
	return loadtest.Git(t, filepath.Join(h.root, name))
}

func directConfig(t *testing.T) goproxy.Config {
	return goproxy.Config{
		Proxy: "direct", SumDB: "off", NoProxy: "none", NoSumDB: "none", ModCache: "off", GOOS: "linux", GOARCH: "amd64", DirectCache: loadtest.TempDir(t),
	}
}

// goDownload is the go command's own answer.
func goDownload(t *testing.T, cache, query string) (version, sum, problem string) {
	t.Helper()
	cmd := exec.Command("go", "mod", "download", "-json", query)
	cmd.Dir = t.TempDir()
	cmd.Env = append(os.Environ(), "GOPROXY=direct", "GOSUMDB=off", "GOFLAGS=-modcacherw", "GOWORK=off", "GOTOOLCHAIN=local", "GOMODCACHE="+cache)
	out, err := cmd.Output()
	var answer struct{ Version, Sum, Error string }
	require.NoErrorf(t, json.Unmarshal(out, &answer), "%v %v", query, err)
	return answer.Version, answer.Sum, answer.Error
}

// TestDirect: the versions and sums of what repositories have are the go command's.
func TestDirect(t *testing.T) {
	h := host(t)
	lib := h.repo(t, "lib")
	lib.Write("go.mod", "module example.com/lib\n\ngo 1.20\n")
	lib.Write("lib.go", "package lib\n\nconst V = 1\n")
	lib.Write("LICENSE", "mine\n")
	lib.Write("pkg/pkg.go", "package pkg\n")
	lib.Commit("v1.0.0")
	lib.Write("lib.go", "package lib\n\nconst V = 2\n")
	lib.Write("sub/go.mod", "module example.com/lib/sub\n")
	lib.Write("sub/sub.go", "package sub\n")
	commit := lib.Commit("v1.1.0", "sub/v0.2.0")
	lib.Write("v2/go.mod", "module example.com/lib/v2\n")
	lib.Write("v2/lib.go", "package lib\n")
	lib.Commit("v2.0.1")
	lib.Run("tag", "-a", "-m", "annotated", "v1.2.0-rc.1")
	lib.Run("branch", "dev")
	old := h.repo(t, "old") // from before modules
	old.Write("old.go", "package old\n")
	old.Commit("v1.5.0", "v3.1.0")
	untagged := h.repo(t, "untagged")
	untagged.Write("go.mod", "module example.com/untagged\n\nrequire example.com/lib v1.0.0\n")
	untagged.Write("u.go", "package untagged\n\nimport _ \"example.com/lib\"\n")
	untagged.Commit()

	in, cache := goproxy.New(directConfig(t)), t.TempDir()
	for _, test := range []struct{ pkg, module, query string }{
		{"example.com/lib", "example.com/lib", ""},
		{"example.com/lib/pkg", "example.com/lib", "v1.0.0"},
		{"example.com/lib", "example.com/lib", "v1.0"},
		{"example.com/lib", "example.com/lib", "v1.2.0-rc.1"},
		{"example.com/lib", "example.com/lib", "dev"},
		{"example.com/lib", "example.com/lib", commit[:12]},
		{"example.com/lib/sub", "example.com/lib/sub", ""},
		{"example.com/lib/v2", "example.com/lib/v2", ""},
		{"example.com/old", "example.com/old", ""},
		{"example.com/old", "example.com/old", "v1"},
		{"example.com/untagged", "example.com/untagged", ""},
	} {
		name := test.pkg
		want := test.query
		if test.query != "" {
			name += "@" + test.query
		} else {
			want = "latest"
		}
		release, err := in.Resolve(t.Context(), new(install.Session), loadtest.Name(t, name))
		if !assert.NoError(t, err, name) {
			continue
		}
		spec, err := in.Install(t.Context(), &install.Session{Store: loadtest.OpenStore(t)}, release)
		if !assert.NoError(t, err, name) {
			continue
		}
		version, sum, problem := goDownload(t, cache, test.module+"@"+want)
		assert.Empty(t, problem, name)
		assert.Equal(t, test.module, release.Module, name)
		assert.Equal(t, version, release.Version, name)
		var got string
		for _, m := range spec.BuildList {
			if m.Path == test.module {
				got = m.Sum
			}
		}
		assert.Equalf(t, sum, got, "%s: sum %s", name, got)
	}
}

// TestDirectErrors: what a user reads; only what is known not to be there lets anything else be
// asked.
func TestDirectErrors(t *testing.T) {
	h := host(t)
	lib := h.repo(t, "lib")
	lib.Write("go.mod", "module example.com/lib\n")
	lib.Write("lib.go", "package lib\n")
	lib.Commit("v1.0.0")
	gone := h.repo(t, "gone")
	require.NoError(t, os.RemoveAll(gone.Dir))
	in := goproxy.New(directConfig(t))
	var notFound *find.NotFoundError
	var version *find.VersionError
	var registry *install.RegistryError
	for _, test := range []struct {
		name string
		as   any
		want string
	}{
		{"example.com/none/pkg", &notFound, "direct: no such module: example.com/none/pkg, example.com/none, example.com"},
		{"example.com/lib@v1.7.0", &version, "no version v1.7.0\n\tknown versions: v1.0.0"},
		{"example.com/lib@nobranch", &version, "no version, branch or commit nobranch\n\tknown versions: v1.0.0"},
		{"example.com/502/pkg", &registry, "502 Bad Gateway"},
		{"example.com/gone", &notFound, "no such module: example.com/gone, example.com"},
	} {
		_, err := in.Resolve(t.Context(), new(install.Session), loadtest.Name(t, test.name))
		require.Error(t, err, test.name)
		require.ErrorAs(t, err, test.as, test.name)
		assert.Contains(t, err.Error(), test.want, test.name)
	}
}

// TestDirectPrivate: a private module comes from its repository; no proxy hears of it, whatever
// happens.
func TestDirectPrivate(t *testing.T) {
	h := host(t)
	lib := h.repo(t, "team/lib")
	lib.Write("go.mod", "module example.com/team/lib\n\nrequire example.com/words v1.0.0\n")
	lib.Write("lib.go", "package lib\n\nimport _ \"example.com/words\"\n")
	lib.Commit("v1.0.0")
	proxy := loadtest.Proxy(t, "-- example.com/words@v1.0.0/go.mod --\nmodule example.com/words\n-- example.com/words@v1.0.0/w.go --\npackage words\n"+
		"-- example.com/team/lib@v9.0.0+incompatible/x.go --\npackage lib\n-- example.com/team/other@v1.0.0/x.go --\npackage other\n")
	c := config(proxy)
	c.NoProxy, c.NoSumDB, c.DirectCache = "example.com/team", "example.com/team", loadtest.TempDir(t)
	in := goproxy.New(c)
	release, err := in.Resolve(t.Context(), new(install.Session), loadtest.Name(t, "example.com/team/lib"))
	require.NoError(t, err)
	spec, err := in.Install(t.Context(), &install.Session{Store: loadtest.OpenStore(t)}, release)
	require.NoError(t, err)
	assert.Equal(t, "v1.0.0", spec.Version)
	assert.Len(t, spec.BuildList, 2)
	_, err = in.Resolve(t.Context(), new(install.Session), loadtest.Name(t, "example.com/team/other"))
	assert.Error(t, err, "a private name was found in a proxy")
	n := proxy.Count("/team/")
	assert.Zerof(t, n, "the proxy was asked %d times about private modules", n)
}
