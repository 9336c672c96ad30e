package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/event"
	"github.com/loadgo/load/loadtest"
)

// TestHotswap: a change is served after its reload, and one that does not compile never.
func TestHotswap(t *testing.T) {
	t.Setenv("LOAD_DIR", loadtest.TempDir(t))
	dir := t.TempDir()
	code, err := os.ReadFile("stamp/stamp.go")
	require.NoError(t, err)
	write := func(text string) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, "stamp.go"), []byte(text), 0o600))
	}
	write(string(code))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module example.com/stamp\n\ngo 1.26\n"), 0o600))

	kept := make(chan error, 100)
	next := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("hello")) })
	l, handler, err := through(context.Background(), dir, next, func(e event.Event) {
		if e, ok := e.(event.Kept); ok {
			kept <- e.Err
		}
	})
	require.NoError(t, err)
	defer l.Close(context.Background())
	answeredBy := func() string {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
		assert.Equal(t, "hello", w.Body.String())
		return w.Header().Get("X-Answered-By")
	}
	assert.Equal(t, "stamp", answeredBy())
	write(strings.Replace(string(code), `"stamp"`, `"another"`, 1))
	require.Eventually(t, func() bool { return answeredBy() == "another" }, 2*time.Minute, 20*time.Millisecond)
	write("package stamp\n\nbroken")
	require.ErrorContains(t, <-kept, "stamp.go:3")
	assert.Equal(t, "another", answeredBy())
}
