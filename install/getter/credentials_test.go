package getter_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"testing"

	"github.com/loadgo/load/install/getter"
	"github.com/loadgo/load/loadtest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestCallback: its headers go to the host that it was asked for, whatever their names are, and not
// along a redirect.
func TestCallback(t *testing.T) {
	t.Parallel()
	const secret = "hunter2"
	var leaked atomic.Int32
	elsewhere := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Private-Token") != "" {
			leaked.Add(1)
		}
		w.Write([]byte("x = 1"))
	}))
	t.Cleanup(elsewhere.Close)
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Header.Get("Private-Token") != secret:
			w.WriteHeader(http.StatusForbidden)
		case r.URL.Path == "/away.star":
			http.Redirect(w, r, elsewhere.URL+"/x.star", http.StatusFound)
		case r.URL.Path == "/within.star":
			http.Redirect(w, r, "/x.star", http.StatusFound)
		default:
			w.Write([]byte("x = 1"))
		}
	}))
	t.Cleanup(server.Close)
	fault := errors.New("the vault is closed")
	in := getter.New(getter.Config{HTTPClient: server.Client(), Netrc: "off", Credentials: func(_ context.Context, u *url.URL) (http.Header, error) {
		switch u.Path {
		case "/closed.star":
			return nil, fault
		case "/without.star":
			return nil, nil
		}
		return http.Header{"Private-Token": {secret}}, nil
	}})
	for _, name := range []string{"/x.star", "/away.star", "/within.star"} {
		_, _, err := bring(t.Context(), t, in, loadtest.OpenStore(t), server.URL+name)
		assert.NoError(t, err)
	}
	assert.Zero(t, leaked.Load(), "another host got the token")
	_, _, err := bring(t.Context(), t, in, loadtest.OpenStore(t), server.URL+"/closed.star")
	require.EqualError(t, err, server.URL+"/closed.star: Config.Credentials: the vault is closed")
	assert.ErrorIs(t, err, fault)
	_, _, err = bring(t.Context(), t, in, loadtest.OpenStore(t), server.URL+"/without.star")
	want := server.URL + "/without.star: forbidden (403 Forbidden)\n\tcheck the spelling of the URL and the credentials for 127.0.0.1 in Config.Credentials or the netrc file"
	assert.EqualError(t, err, want)
}

// TestGoAuth: a program of GOAUTH is asked, again with what the server said, and gets no tokens of
// registries; neither does git.
func TestGoAuth(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("needs a shell")
	}
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer new" {
			http.Error(w, "who are you?", http.StatusUnauthorized)
			return
		}
		w.Write([]byte("x = 1"))
	}))
	t.Cleanup(server.Close)
	dir := t.TempDir()
	program, noted := filepath.Join(dir, "program"), filepath.Join(dir, "noted")
	text := "#!/bin/sh\nenv >>" + noted + "\necho \"asked $*\" >>" + noted + "\n[ \"$1\" = ls-remote -o $# -gt 3 ] && exit 1\n" +
		"[ -n \"$1\" ] && printf '" + server.URL + "\\n\\nAuthorization: Bearer new\\n\\n'\ntrue\n"
	require.NoError(t, os.WriteFile(program, []byte(text), 0o755))
	t.Setenv("LOAD_TOKEN_COMPANY", "hunter2")
	in := getter.New(getter.Config{HTTPClient: server.Client(), GoAuth: program, Git: program})
	_, _, err := bring(t.Context(), t, in, loadtest.OpenStore(t), server.URL+"/x.star")
	assert.NoError(t, err)
	_, _, err = bring(t.Context(), t, in, loadtest.OpenStore(t), "git::https://example.com/r.git?ref=v1")
	assert.Error(t, err, "a git that fails is no error")
	data, err := os.ReadFile(noted)
	require.NoError(t, err)
	assert.NotContains(t, string(data), "hunter2", "a program got the token of a registry")
	for _, want := range []string{"\nasked \n", "\nasked " + server.URL + "/x.star\n", "protocol.version=2"} {
		assert.Contains(t, string(data), want)
	}
}
