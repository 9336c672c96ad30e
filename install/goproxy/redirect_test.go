package goproxy_test

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load"
	"github.com/loadgo/load/install"
	"github.com/loadgo/load/install/goproxy"
	"github.com/loadgo/load/loadtest"
	"github.com/loadgo/load/policy"
)

// TestDeniedRedirects: a registry leads nobody to a place that a policy denies, and a denied place
// is no registry.
func TestDeniedRedirects(t *testing.T) {
	t.Parallel()
	for deny, want := range map[string]string{
		"127.0.0.1/attic": "/attic/corp.example.com/team/auth/@v/list is denied",
		"127.0.0.1/here":  "/here/corp.example.com/team/auth/@v/list is denied",
		"127.0.0.1":       "/here/corp.example.com/team/auth/@v/list is denied",
		"127.0.0.1/other": "",
		"127.1/attic":     "/attic/corp.example.com/team/auth/@v/list is denied",
	} {
		w := newWorld(t)
		bucket := httptest.NewServer(http.StripPrefix("/attic", http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			http.Redirect(rw, r, w.registry.URL+r.URL.Path, http.StatusFound)
		})))
		t.Cleanup(bucket.Close)
		front := httptest.NewServer(http.StripPrefix("/here", http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			http.Redirect(rw, r, bucket.URL+"/attic"+r.URL.Path, http.StatusFound)
		})))
		t.Cleanup(front.Close)
		w.own(front.URL+"/here", "corp.example.com/team")
		w.policies = append(w.policies, &policy.Policy{Deny: []string{deny}})
		_, err := w.lockName(t, "company:auth")
		if want == "" {
			assert.NoError(t, err)
			continue
		}
		var refused *install.PolicyError
		if assert.ErrorAs(t, err, &refused, deny) {
			assert.Contains(t, refused.Reason, want, deny)
		}
	}
}

// TestDeniedRepository: what an import path leads to is decided about before it is used, and git is
// not led on from there.
func TestDeniedRepository(t *testing.T) {
	h := host(t)
	lib := h.repo(t, "lib")
	lib.Write("go.mod", "module example.com/lib\n\ngo 1.20\n")
	lib.Write("lib.go", "package lib\n\nconst V = 1\n")
	lib.Commit("v1.0.0")
	other := h.repo(t, "other")
	other.Write("go.mod", "module example.com/other\n\ngo 1.20\n")
	other.Write("lib.go", "package other\n")
	other.Commit("v1.0.0")
	h.tag("example.com/other", "git https://example.com/git/moved")
	add := func(name string, deny ...string) error {
		l, err := load.New(load.Config{
			Store: loadtest.OpenStore(t), Installers: []install.Installer{goproxy.New(directConfig(t))}, Policies: []*policy.Policy{{Deny: deny}},
			LockFile: filepath.Join(t.TempDir(), "load.lock"),
		})
		require.NoError(t, err)
		_, err = l.Locks().Add(t.Context(), name)
		return err
	}
	require.NoError(t, add("example.com/lib@v1.0.0", "example.com/git/attic"))
	require.NoError(t, add("example.com/other@v1.0.0"))
	for _, name := range []string{"example.com/lib", "example.com/lib@v1.0.0", "example.com/lib@main", "example.com/lib@v1"} {
		var refused *install.PolicyError
		if err := add(name, "example.com/git"); assert.ErrorAs(t, err, &refused, name) {
			assert.Equal(t, "https://example.com/git/lib is denied", refused.Reason, name)
		}
	}
	assert.ErrorContains(t, add("example.com/other@v1.0.0", "example.com/attic"), "301")
}
