// Package asked has a server for tests that remembers what it was asked.
package asked

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
)

// Server serves Real, and remembers each request. It is safe for concurrent use.
type Server struct {
	*httptest.Server
	Real http.Handler

	mu       sync.Mutex
	requests []string
	before   func(w http.ResponseWriter, r *http.Request) bool
}

// Start starts a server by a function such as [httptest.NewServer]. It ends with the test.
func Start(t testing.TB, start func(http.Handler) *httptest.Server, real http.Handler) *Server {
	t.Helper()
	s := &Server{Real: real}
	s.Server = start(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.requests = append(s.requests, r.Method+" "+r.URL.Path)
		before := s.before
		s.mu.Unlock()
		if before == nil || !before(w, r) {
			real.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(s.Close)
	return s
}

// From forgets the requests so far. From now on before may answer instead of the real server: it
// reports whether it did. Nil never does.
func (s *Server) From(before func(w http.ResponseWriter, r *http.Request) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.before, s.requests = before, nil
}

// Requests returns method and path of each request, in order. The caller owns the list.
func (s *Server) Requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}
