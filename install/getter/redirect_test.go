package getter_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
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
		session := &install.Session{Store: openStore(t)}
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
		session := &install.Session{Store: openStore(t), Policies: []*policy.Policy{{Allow: []string{server.URL}}}}
		_, _, err := bringIn(t.Context(), t, in, session, "git::"+server.URL+"/moved?ref="+ref)
		require.NoError(t, err)

		session = &install.Session{Store: openStore(t), Policies: []*policy.Policy{{Deny: []string{"127.0.0.1/attic"}}}}
		_, _, err = bringIn(t.Context(), t, in, session, "git::"+server.URL+"/moved?ref="+ref)
		assert.EqualError(t, err, server.URL+"/moved: it leads elsewhere, where git would follow without asking the policies\n\task for the repository by the address that it has now")
		_, _, err = bringIn(t.Context(), t, in, session, "git::"+server.URL+"/r?ref="+ref)
		require.NoError(t, err)
	}
}
