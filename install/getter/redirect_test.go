package getter_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/install"
	"github.com/loadgo/load/install/getter"
	"github.com/loadgo/load/loadtest"
	"github.com/loadgo/load/policy"
)

// TestDeniedRedirects: a deny holds for every place that a download is led to; an allow is about
// what was asked for.
func TestDeniedRedirects(t *testing.T) {
	t.Parallel()
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/on" {
			http.Redirect(w, r, "/attic/x.star", http.StatusFound)
			return
		}
		fmt.Fprint(w, "x = 1")
	}))
	t.Cleanup(elsewhere.Close)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/to/slashes.star":
			w.Header().Set("Location", elsewhere.URL+"//attic//x.star")
			w.WriteHeader(http.StatusFound)
			return
		case "/to/dots.star":
			w.Header().Set("Location", elsewhere.URL+"/other/%2e%2e/attic/x.star")
			w.WriteHeader(http.StatusFound)
			return
		}
		http.Redirect(w, r, elsewhere.URL+strings.TrimSuffix(r.URL.EscapedPath()[len("/to"):], ".star"), http.StatusFound)
	}))
	t.Cleanup(server.Close)
	in := getter.New(getter.Config{Insecure: "127.0.0.1*", Netrc: "off"})
	denied, allowed := &policy.Policy{Deny: []string{"127.0.0.1/attic"}}, &policy.Policy{Allow: []string{server.URL + "/to"}}
	for _, test := range []struct {
		path    string
		policy  *policy.Policy
		refused bool
	}{
		{"/to/attic/x.star", nil, false},
		{"/to/attic/x.star", allowed, false},
		{"/to/other/x.star", denied, false},
		{"/to/attic/x.star", denied, true},
		{"/to/on.star", denied, true},
		{"/to/%61ttic/x.star", denied, true},
		{"/to/slashes.star", denied, true},
		{"/to/dots.star", denied, true},
	} {
		session := &install.Session{Store: loadtest.OpenStore(t)}
		if test.policy != nil {
			session.Policies = []*policy.Policy{test.policy}
		}
		_, _, err := bringIn(t.Context(), t, in, session, server.URL+test.path)
		if !test.refused {
			assert.NoError(t, err, test.path)
			continue
		}
		var refused *install.PolicyError
		require.ErrorAs(t, err, &refused, test.path)
		assert.Equal(t, "Config.Policies: deny 127.0.0.1/attic", refused.Rule, test.path)
		empty(t, session.Store.Dir())
	}
}

// TestDisguisedRedirects: a server leads to no host by letters that stand for those of another one.
func TestDisguisedRedirects(t *testing.T) {
	t.Parallel()
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "x = 1") }))
	t.Cleanup(elsewhere.Close)
	_, port, _ := strings.Cut(elsewhere.Listener.Addr().String(), ":")
	in := getter.New(getter.Config{Insecure: "127.0.0.1*", Netrc: "off"})
	for _, host := range []string{"１２７.０.０.１", "127。0。0。1", "①27.0.0.1", "127.0.0\u00ad.1"} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "http://"+host+":"+port+"/x.star")
			w.WriteHeader(http.StatusFound)
		}))
		t.Cleanup(server.Close)
		for _, rules := range [][]*policy.Policy{nil, {{Deny: []string{"127.0.0.1:" + port}}}} {
			session := &install.Session{Store: loadtest.OpenStore(t), Policies: rules}
			_, _, err := bringIn(t.Context(), t, in, session, server.URL+"/x.star")
			assert.ErrorContains(t, err, "letters outside of ASCII", host)
			empty(t, session.Store.Dir())
		}
	}
	address := func(host string) *url.URL { return &url.URL{Scheme: "https", Host: host, Path: "/x"} }
	session := &install.Session{Policies: []*policy.Policy{{Deny: []string{"denied.test"}}}}
	for _, host := range []string{"ｄenied.test", "denied。test", "denied.tes\u00adt:8443", "denied.test::m:5000"} {
		var refused *install.PolicyError
		assert.ErrorAs(t, session.AdmitURL(address(host)), &refused, host)
	}
	assert.NoError(t, session.AdmitURL(address("xn--e1afmkfd.test")))
	assert.NoError(t, (&install.Session{}).AdmitURL(address("пример.test"))) // it is the user's own word, and nothing denies
}

// TestGitStaysWhereItIsAsked: git does not ask the policies where a server leads it, so that it
// follows no redirect while they deny anything.
func TestGitStaysWhereItIsAsked(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	r := loadtest.Git(t, filepath.Join(root, "r"))
	r.Write("init.star", "x = 1\n")
	commit := r.Commit("v1")
	repositories := new(loadtest.GitServer).Handler(t, root)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if rest, moved := strings.CutPrefix(r.URL.Path, "/moved/"); moved {
			http.Redirect(w, r, "/r/"+rest+"?"+r.URL.RawQuery, http.StatusMovedPermanently)
			return
		}
		repositories.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	in := getter.New(getter.Config{Insecure: "127.0.0.1*", Netrc: "off"})
	for _, ref := range []string{"v1", commit} {
		session := &install.Session{Store: loadtest.OpenStore(t), Policies: []*policy.Policy{{Allow: []string{server.URL}}}}
		_, _, err := bringIn(t.Context(), t, in, session, "git::"+server.URL+"/moved?ref="+ref)
		require.NoError(t, err)

		session = &install.Session{Store: loadtest.OpenStore(t), Policies: []*policy.Policy{{Deny: []string{"127.0.0.1/attic"}}}}
		_, _, err = bringIn(t.Context(), t, in, session, "git::"+server.URL+"/moved?ref="+ref)
		assert.EqualError(t, err, server.URL+"/moved: it leads elsewhere, where git would follow without asking the policies\n\task for the repository by the address that it has now")
		_, _, err = bringIn(t.Context(), t, in, session, "git::"+server.URL+"/r?ref="+ref)
		require.NoError(t, err)
	}
}
