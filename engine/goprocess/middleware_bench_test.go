//go:build linux

package goprocess_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"

	"github.com/loadgo/load/engine/goprocess"
)

// passThrough returns a middleware of the conformance suite's package that only calls next, around
// a handler.
func passThrough(b *testing.B, next http.Handler) http.Handler {
	b.Helper()
	files := map[string]string{}
	for _, name := range []string{"web.go", "middleware.go"} {
		text, err := os.ReadFile("../../loadtest/testdata/web/" + name)
		if err != nil {
			b.Fatal(err)
		}
		files[name] = string(text)
	}
	m := openFiles(b.Context(), b, goprocess.Config{}, files)
	h, err := bind[func(string, http.Handler) (http.Handler, error)](b, m, "Middleware")("pass", next)
	if err != nil {
		b.Fatal(err)
	}
	return h
}

// greet is the bare handler.
func greet(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, "hello") }

// client returns what sends a GET over a connection that is kept.
func client(b *testing.B, h http.Handler) func() {
	server := httptest.NewServer(h)
	b.Cleanup(server.Close)
	return func() {
		response, err := server.Client().Get(server.URL + "/items?q=1")
		if err != nil {
			b.Fatal(err)
		}
		if body, err := io.ReadAll(response.Body); string(body) != "hello" || err != nil {
			b.Fatal(string(body), err)
		}
		response.Body.Close()
	}
}

// BenchmarkMiddleware compares a request over loopback through a middleware that only calls next
// with one to the bare
// handler.
func BenchmarkMiddleware(b *testing.B) {
	next := http.HandlerFunc(greet)
	compare(b, 100, client(b, next), client(b, passThrough(b, next)))
}

// BenchmarkMiddlewareAlone measures the middleware without a server and a client.
func BenchmarkMiddlewareAlone(b *testing.B) {
	h := passThrough(b, http.HandlerFunc(greet))
	r := httptest.NewRequest("GET", "/items?q=1", nil)
	for b.Loop() {
		h.ServeHTTP(httptest.NewRecorder(), r)
	}
}
