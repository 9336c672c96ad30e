//go:build linux

package goprocess_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/loadgo/load/engine/goprocess"
	"github.com/loadgo/load/internal/ratio"
	"github.com/stretchr/testify/require"
)

// middleware returns a middleware of the conformance suite's package around a handler.
func middleware(t testing.TB, kind string, next http.Handler) http.Handler {
	t.Helper()
	paths, err := filepath.Glob("../../loadtest/testdata/web/*.go") // all, so that it is built once
	require.NoError(t, err)
	files := map[string]string{}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		files[filepath.Base(path)] = string(text)
	}
	m := openFiles(t.Context(), t, goprocess.Config{}, files)
	create, err := m.Bind("Middleware", reflect.TypeFor[func(string, http.Handler) (http.Handler, error)]())
	require.NoError(t, err)
	h, err := create.Interface().(func(string, http.Handler) (http.Handler, error))(kind, next)
	require.NoError(t, err)
	return h
}

// passThrough returns a middleware that only calls next, around a handler.
func passThrough(b *testing.B, next http.Handler) http.Handler {
	b.Helper()
	return middleware(b, "pass", next)
}

// greet is the bare handler.
func greet(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, "hello") }

// client returns what sends a GET over a connection that is kept.
func client(b *testing.B, h http.Handler) func() {
	server := httptest.NewServer(h)
	b.Cleanup(server.Close)
	return func() {
		response, err := server.Client().Get(server.URL + "/items?q=1")
		ratio.Must(b, err)
		body, err := io.ReadAll(response.Body)
		ratio.Want(b, "hello", string(body))
		ratio.Must(b, err)
		response.Body.Close()
	}
}

// BenchmarkMiddleware compares a request over loopback through a middleware that only calls next
// with one to the bare handler.
func BenchmarkMiddleware(b *testing.B) {
	next := http.HandlerFunc(greet)
	ratio.Compare(b, 100, client(b, next), client(b, passThrough(b, next)))
}

// BenchmarkMiddlewareAlone measures the middleware without a server and a client.
func BenchmarkMiddlewareAlone(b *testing.B) {
	h := passThrough(b, http.HandlerFunc(greet))
	r := httptest.NewRequest("GET", "/items?q=1", nil)
	b.ReportAllocs()
	for b.Loop() {
		h.ServeHTTP(httptest.NewRecorder(), r)
	}
}

// BenchmarkMiddlewareRequest measures a request with 15 headers and a body of 2 KiB, without a
// server and a client: through a middleware that only calls next, one that rewrites both bodies,
// and the first from eight goroutines.
func BenchmarkMiddlewareRequest(b *testing.B) {
	body := strings.Repeat("Ab", 1<<10)
	answers := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, body) })
	reads := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(w, r.Body) })
	serve := func(h http.Handler) {
		r := httptest.NewRequest("POST", "/api/items?q=1", strings.NewReader(body))
		for i := range 15 {
			r.Header.Set("X-Header-"+string(rune('A'+i)), "the value of a header")
		}
		h.ServeHTTP(httptest.NewRecorder(), r)
	}
	for _, test := range []struct {
		kind       string
		next       http.Handler
		goroutines int
	}{{"native", answers, 1}, {"pass", answers, 1}, {"transform", reads, 1}, {"pass", answers, 8}} {
		b.Run(fmt.Sprint(test.kind, "/", test.goroutines), func(b *testing.B) {
			h := test.next
			if test.kind != "native" {
				h = middleware(b, test.kind, test.next)
			}
			b.ReportAllocs()
			b.ResetTimer()
			var group sync.WaitGroup
			for range test.goroutines {
				group.Go(func() {
					for range (b.N + test.goroutines - 1) / test.goroutines {
						serve(h)
					}
				})
			}
			group.Wait()
		})
	}
}

// TestMiddlewareAllocations: a request through a middleware that only calls next makes the host
// allocate little. It does not run beside other tests, whose memory would count.
func TestMiddlewareAllocations(t *testing.T) {
	next := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusNoContent) })
	h := middleware(t, "pass", next)
	count := func(h http.Handler) float64 {
		r := httptest.NewRequest("POST", "/api/items?q=1", http.NoBody)
		r.Body = io.NopCloser(strings.NewReader("body"))
		for i := range 15 {
			r.Header.Set("X-Header-"+string(rune('A'+i)), "the value of a header")
		}
		return testing.AllocsPerRun(200, func() { h.ServeHTTP(httptest.NewRecorder(), r) })
	}
	// 20 are usual; the race detector takes what is pooled away again.
	require.LessOrEqual(t, count(h)-count(next), 40.0)
}
