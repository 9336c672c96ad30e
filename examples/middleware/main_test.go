package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/loadgo/load"
	"github.com/loadgo/load/loadtest"
	"github.com/loadgo/load/standard"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// newLoader makes a loader with a store of its own. With LOAD_LIVE=1 it uses the configured
// registry.
func newLoader(t *testing.T) *load.Loader {
	t.Helper()
	t.Setenv("LOAD_DIR", loadtest.TempDir(t))
	if os.Getenv("LOAD_LIVE") == "" {
		out, err := exec.Command("go", "env", "GOMODCACHE").Output()
		require.NoError(t, err)
		proxy := loadtest.Proxy(t)
		proxy.AddModuleCache(strings.TrimSpace(string(out)))
		for _, setting := range proxy.Env() {
			name, value, _ := strings.Cut(setting, "=")
			t.Setenv(name, value)
		}
		t.Setenv("GOMODCACHE", t.TempDir())
	}
	l, err := standard.New(load.Config{})
	require.NoError(t, err)
	t.Cleanup(func() { l.Close(context.Background()) })
	return l
}

func TestChain(t *testing.T) {
	l := newLoader(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	handler, err := newChain(ctx, l, "testdata/chain.yaml", http.HandlerFunc(hello))
	require.NoError(t, err)
	server := httptest.NewServer(handler)
	defer server.Close()
	get := func(path string) (string, http.Header) {
		t.Helper()
		response, err := http.Get(server.URL + path)
		require.NoError(t, err)
		defer response.Body.Close()
		body, _ := io.ReadAll(response.Body)
		return fmt.Sprintf("%d %s", response.StatusCode, body), response.Header
	}
	got, header := get("/v1/items")
	assert.Equal(t, "200 hello from /api/items, good day\n", got)
	assert.Equal(t, "load", header.Get("X-Served-By"))
	assert.Equal(t, "max-age=90", header.Get("Cache-Control"))
	assert.Equal(t, "2", header.Get("X-Ratelimit-Remaining"))
	for path, want := range map[string]string{"/private/x": "403 forbidden\n", "//evil.example/v1/": "200 hello from //evil.example/v1/, good day\n"} {
		got, _ := get(path)
		assert.Equal(t, want, got)
	}
	got, _ = get("/")
	assert.Equal(t, "429 limit: too many requests\n", got)
}

// TestBackground checks that a plugin's goroutine goes on until the context of the chain ends.
func TestBackground(t *testing.T) {
	l := newLoader(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	dir, err := filepath.Abs("plugins/ratelimit")
	require.NoError(t, err)
	handler, err := newMiddleware(ctx, l, entry{Name: "limit", Module: dir, Config: map[string]any{"requests": 1 << 30}}, http.HandlerFunc(hello))
	require.NoError(t, err)
	status := func() int {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
		return w.Code
	}
	for range 100 {
		require.Equal(t, http.StatusOK, status())
	}
	cancel()
	for status() != http.StatusTooManyRequests {
		require.NoError(t, t.Context().Err())
	}
}

func TestConfigErrors(t *testing.T) {
	l := newLoader(t)
	for _, test := range []struct{ name, config, want string }{
		{"ratelimit", `{"requests": 0}`, "middleware x: requests and per must be positive"},
		{"ratelimit", `{"key": "cookie"}`, `middleware x: key "cookie" is neither address nor token`},
		{"ratelimit", `{"request": 1}`, "middleware x: configuration: no field request; did you mean Requests?"},
		{"headers", `{"cache": {"maxAge": "soon"}}`, "middleware x: configuration: decoding failed due to the following error(s):\n\n'Cache.MaxAge' time: invalid duration"},
		{"headers", `{"deny": ["("]}`, "middleware x: x: error parsing regexp: missing closing ): `(`"},
	} {
		dir, err := filepath.Abs("plugins/" + test.name)
		require.NoError(t, err)
		file := filepath.Join(t.TempDir(), "chain.yaml")
		require.NoError(t, os.WriteFile(file, fmt.Appendf(nil, `{"middlewares": [{"name": "x", "module": %q, "config": %s}]}`, dir, test.config), 0o600))
		_, err = newChain(t.Context(), l, file, nil)
		assert.EqualError(t, err, test.want)
	}
}

// TestManifests tries each plugin as its manifest says.
func TestManifests(t *testing.T) {
	l := newLoader(t)
	for _, dir := range []string{"plugins/ratelimit", "plugins/headers"} {
		handler, err := newChain(t.Context(), l, dir, http.HandlerFunc(hello))
		require.NoError(t, err)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
		got := w.Body.String()
		assert.Truef(t, strings.HasPrefix(got, "hello from /, "), "%s: got %q", dir, got)
	}
}

// TestDemo runs what the command runs without a file, where LOAD_LIVE=1: one of its plugins is on
// the public registry.
func TestDemo(t *testing.T) {
	if os.Getenv("LOAD_LIVE") == "" {
		t.Skip("it needs the registry: set LOAD_LIVE=1")
	}
	var out strings.Builder
	require.NoError(t, run(t.Context(), newLoader(t), "demo.yaml", "127.0.0.1:0", &out, try))
	assert.Equal(t, `GET / from 127.0.0.1 → 200 OK: hello from /, good day
GET /v1/items from 192.168.7.7 → 200 OK: hello from /api/items, good day
GET /private from 127.0.0.1 → 403 Forbidden: forbidden
GET / from 203.0.113.7 → 403 Forbidden: 
GET / from 127.0.0.1 → 429 Too Many Requests: limit: too many requests
`, out.String())
}
