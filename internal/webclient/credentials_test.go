package webclient

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/loadgo/load/internal/token"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// recorder is a server that wants a certain Authorization and records what it gets.
type recorder struct {
	*httptest.Server
	want string

	mu   sync.Mutex
	seen []string
}

func newRecorder(t *testing.T, want string) *recorder {
	t.Helper()
	r := &recorder{want: want}
	r.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		r.mu.Lock()
		defer r.mu.Unlock()
		got := req.Header.Get("Authorization")
		if req.Method == http.MethodGet {
			r.seen = append(r.seen, got)
		}
		if got != r.want {
			w.Header().Set("Why", "who are you")
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		w.WriteHeader(http.StatusNotFound)
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *recorder) heard() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := strings.Join(r.seen, " | ")
	r.seen = nil
	return s
}

// anywhere admits every address.
func anywhere(*url.URL) error { return nil }

// get asks a server for a module's list as the installers do.
func (r *recorder) get(t *testing.T, c *Credentials) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, r.URL+"/example.com/a/@v/v1.0.0.info", nil)
	require.NoError(t, err)
	client := &http.Client{Transport: c.Transport(r.Client().Transport, Access{URL: req.URL}), CheckRedirect: CheckRedirect(anywhere)}
	resp, err := client.Do(req.WithContext(t.Context()))
	require.NoError(t, err)
	resp.Body.Close()
}

func script(t *testing.T, dir, name, text string) string {
	t.Helper()
	file := filepath.Join(dir, name)
	require.NoError(t, os.WriteFile(file, []byte("#!/bin/sh\n"+text), 0o755))
	return file
}

// TestTokensStay: no program gets the tokens of registries.
func TestTokensStay(t *testing.T) {
	t.Parallel()
	env := token.Without([]string{"PATH=/bin", "LOAD_TOKEN_COMPANY=secret", "load_token_x=secret", "LOAD_TOKEN=none", "LOAD_DIR=/x"})
	assert.Equal(t, "PATH=/bin LOAD_TOKEN=none LOAD_DIR=/x", strings.Join(env, " "))
	assert.Equal(t, "LOAD_TOKEN_MY_TEAM2", token.Variable("my-team2"))
}

// TestLeadBack: who is redirected to another server and back has no credentials any more, nor has
// that server.
func TestLeadBack(t *testing.T) {
	t.Parallel()
	var there, back, first atomic.Int32
	var home string
	count := func(r *http.Request, n *atomic.Int32) {
		if r.Header.Get("Authorization") != "" {
			n.Add(1)
		}
	}
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		count(r, &there)
		http.Redirect(w, r, home+"/back", http.StatusFound)
	}))
	defer other.Close()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/back":
			count(r, &back)
		case "/within":
			count(r, &first)
			http.Redirect(w, r, other.URL, http.StatusFound)
		default:
			count(r, &first)
			http.Redirect(w, r, "/within", http.StatusFound)
		}
	}))
	defer server.Close()
	home = server.URL
	c := &Credentials{Callback: func(context.Context, *url.URL) (http.Header, error) { return http.Header{"Authorization": {"x"}}, nil }}
	r, err := http.NewRequest(http.MethodGet, server.URL, nil)
	require.NoError(t, err)
	client := &http.Client{Transport: c.Transport(http.DefaultTransport, Access{URL: r.URL, Insecure: true}), CheckRedirect: CheckRedirect(anywhere)}
	resp, err := client.Do(r.WithContext(t.Context()))
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, resp.StatusCode)
	resp.Body.Close()
	assert.Equal(t, int32(2), first.Load())
	assert.Zero(t, there.Load())
	assert.Zero(t, back.Load())
}

// TestHammer: many requests at a time share the answers of a program that is asked once for all,
// and again after a refusal.
func TestHammer(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("needs a shell")
	}
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "right" {
			w.WriteHeader(http.StatusUnauthorized)
		}
	}))
	defer server.Close()
	dir := t.TempDir()
	program := script(t, dir, "program", "echo x >>"+dir+"/asked$#\n[ -n \"$1\" ] && printf '"+server.URL+"\\n\\nAuthorization: right\\n\\n'\ntrue\n")
	c := &Credentials{GoAuth: func() (string, string) { return program, "" }}
	get := func() {
		r, err := http.NewRequest(http.MethodGet, server.URL+"/x", nil)
		if !assert.NoError(t, err) {
			return
		}
		client := &http.Client{Transport: c.Transport(server.Client().Transport, Access{URL: r.URL})}
		resp, err := client.Do(r.WithContext(t.Context()))
		if !assert.NoError(t, err) {
			return
		}
		resp.Body.Close()
		assert.EqualValues(t, http.StatusOK, resp.StatusCode)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(get)
	}
	wg.Wait()
	again, _ := os.ReadFile(dir + "/asked1")
	wg.Go(get)
	wg.Wait()
	once, _ := os.ReadFile(dir + "/asked0")
	after, _ := os.ReadFile(dir + "/asked1")
	assert.Equalf(t, "x\n", string(once), "the program was asked %q times for all, %q and %q times again", once, again, after)
	assert.NotEmptyf(t, again, "the program was asked %q times for all, %q and %q times again", once, again, after)
	assert.Lenf(t, after, len(again), "the program was asked %q times for all, %q and %q times again", once, again, after)
}
