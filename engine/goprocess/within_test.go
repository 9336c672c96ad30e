package goprocess_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/engine/goprocess"
	"github.com/loadgo/load/internal/wire"
)

// nesting calls a function of the host, which calls it.
const nesting = `package sample

import (
	"net/http"
	"runtime"
	"strings"
)

var log []string

func Note(text string) { log = append(log, text) }

func Log() string { return strings.Join(log, ", ") }

func Goroutine() string {
	text := make([]byte, 64)
	first, _, _ := strings.Cut(string(text[:runtime.Stack(text, false)]), "[")
	return first
}

func Outer(f func()) string {
	defer Note("outer")
	f()
	return Goroutine()
}

func Exits() {
	defer Note("inner")
	runtime.Goexit()
}

func Panics() { panic("inner") }

func Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = silent{}
		next.ServeHTTP(w, r)
	})
}

type silent struct{}

func (silent) Read([]byte) (int, error) { select {} }

func (silent) Close() error { return nil }
`

// TestWithin: what the host calls while it answers the module runs in the module's goroutine that
// waits, as in Go, where both are one.
func TestWithin(t *testing.T) {
	t.Parallel()
	m := openFiles(t.Context(), t, goprocess.Config{}, map[string]string{"sample.go": nesting})
	outer, goroutine := bound[func(func()) string](t, m, "Outer"), bound[func() string](t, m, "Goroutine")
	panics, note := bound[func()](t, m, "Panics"), bound[func(string)](t, m, "Note")
	exits, log := bound[func()](t, m, "Exits"), bound[func() string](t, m, "Log")

	t.Run("goroutine", func(t *testing.T) {
		if wire.Goroutine() == 0 {
			t.Skip("package wire tells no goroutines apart on " + runtime.GOARCH)
		}
		var inner, innermost, after, beside string
		got := outer(func() {
			inner = goroutine()
			assert.Panics(t, panics)
			outer(func() { innermost = goroutine() })
			after = goroutine()
			done := make(chan struct{})
			go func() {
				defer close(done)
				beside = goroutine()
			}()
			<-done
		})
		assert.Equal(t, got, inner)
		assert.Equal(t, got, innermost)
		assert.Equal(t, got, after)
		assert.NotEqual(t, got, beside, "another goroutine of the host has called")
	})

	t.Run("exit", func(t *testing.T) {
		note("begin")
		ended := make(chan bool)
		go func() {
			returned := false
			defer func() { ended <- returned }()
			defer note("caller")
			outer(func() {
				defer note("host")
				exits()
			})
			returned = true
		}()
		assert.False(t, <-ended, "the goroutine goes on")
		assert.Regexp(t, "begin, inner, host, outer, caller$", log())
		for range runtime.NumCPU() + 8 { // nobody holds up the module
			assert.NotEmpty(t, goroutine())
		}
	})
}

// TestWithinGone: a call within another one whose caller has gone holds up no further one.
func TestWithinGone(t *testing.T) {
	t.Parallel()
	m := openFiles(t.Context(), t, goprocess.Config{}, map[string]string{"sample.go": nesting})
	goroutine := bound[func() string](t, m, "Goroutine")
	ctx, leave := context.WithCancel(t.Context())
	called := ""
	h := bound[func(http.Handler) http.Handler](t, m, "Handler")(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		go leave()
		_, err := io.ReadAll(r.Body)
		assert.ErrorIs(t, err, context.Canceled)
		called = goroutine()
	}))
	func() {
		defer func() {
			if r := recover(); r != nil { // else the answer came as the context ended
				assert.Equal(t, http.ErrAbortHandler, r)
			}
		}()
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(ctx, "GET", "/", nil))
	}()
	assert.NotEmpty(t, called)
	require.NotEmpty(t, goroutine())
}
