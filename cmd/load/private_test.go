package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/loadgo/load/loadtest"
	"github.com/stretchr/testify/require"
)

// privateRegistry is a module proxy that wants a token, and a server beside it to which it can
// redirect, which must not hear the token.
type privateRegistry struct {
	proxy  *loadtest.ProxyServer
	token  string
	server *httptest.Server // is its address
	bucket *httptest.Server
	told   atomic.Int32 // requests to the bucket with a token
}

func newPrivateRegistry(t *testing.T) *privateRegistry {
	t.Helper()
	archive, err := os.ReadFile(filepath.Join("testdata", "private", "greet.txtar"))
	require.NoError(t, err)
	p := &privateRegistry{proxy: loadtest.Proxy(t, string(archive))}
	p.bucket = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "" {
			p.told.Add(1)
		}
		p.proxy.ServeHTTP(w, r)
	}))
	p.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer "+p.token {
			http.Error(w, "who are you?", http.StatusUnauthorized)
			return
		}
		p.proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(p.server.Close)
	t.Cleanup(p.bucket.Close)
	return p
}

// private gives the private registry its token, and fills in where a file says $REGISTRY: private
// TOKEN FILE.
func private(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: private TOKEN FILE")
	}
	p := ts.Value("private").(*privateRegistry)
	p.token = args[0]
	ts.Setenv("REGISTRY", p.server.URL)
	ts.Setenv("HOST", strings.TrimPrefix(p.server.URL, "http://"))
	data := os.Expand(ts.ReadFile(args[1]), ts.Getenv)
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(data), 0o600))
}

// registry lets the private registry answer everything with a status, redirect zips, or answer well
// again: registry STATUS, registry redirect, registry repair. Asked "registry heard N TEXT", it
// checks how many requests there were whose path holds the text.
func registryRule(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 || args[0] == "heard" && len(args) != 3 {
		ts.Fatalf("usage: registry STATUS|redirect|repair|heard N TEXT")
	}
	p := ts.Value("private").(*privateRegistry)
	switch args[0] {
	case "repair":
		p.proxy.Repair()
	case "redirect":
		const zip = "/corp.example.com/team/greet/@v/v1.0.0.zip"
		redirect := loadtest.Redirect(p.bucket.URL + zip)
		p.proxy.Fault(zip, func(w http.ResponseWriter, r *http.Request, real http.Handler) {
			if "http://"+r.Host == p.bucket.URL {
				real.ServeHTTP(w, r)
				return
			}
			redirect(w, r, real)
		})
	case "heard":
		if got := p.proxy.Count(args[2]); args[1] != strconv.Itoa(got) {
			ts.Fatalf("the registry had %d requests for %s, want %s", got, args[2], args[1])
		}
		if n := p.told.Load(); n > 0 {
			ts.Fatalf("the token was sent to another host %d times", n)
		}
	default:
		code, err := strconv.Atoi(args[0])
		ts.Check(err)
		p.proxy.Fault("/*", loadtest.Status(code))
	}
}
