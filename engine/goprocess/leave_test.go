//go:build linux

package goprocess_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// TestLeave: when a handler of the module has returned, the request's context ends for a handler of
// the host that it called and left, and so does what that one waits for: it holds up nobody.
func TestLeave(t *testing.T) {
	t.Parallel()
	for name, use := range map[string]func(w http.ResponseWriter, r *http.Request){
		"reading": func(_ http.ResponseWriter, r *http.Request) { _, _ = io.ReadAll(r.Body) },
		"copying": func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(w, r.Body) },
		"closing": func(_ http.ResponseWriter, r *http.Request) { _, _ = r.Body.Read([]byte{0}); _ = r.Body.Close() },
		"waiting": func(_ http.ResponseWriter, r *http.Request) { _, _ = r.Body.Read([]byte{0}); <-r.Context().Done() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := middleware(t, "leave", http.HandlerFunc(use))
			served := make(chan struct{})
			go func() {
				defer close(served)
				h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), "GET", "/", nil))
			}()
			select {
			case <-served:
			case <-time.After(20 * time.Second):
				t.Fatal("it holds the server")
			}
		})
	}
}
