package webtest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/loadgo/load/loadtest/internal/gosuite"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func (s suite) testMiddlewareContexts(t *testing.T) {
	m := s.Testdata(t, "web", 0)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	background, err := gosuite.Bound[func(context.Context, http.Handler) (http.Handler, error)](t, m, "Background")(ctx, http.HandlerFunc(echo))
	require.NoError(t, err)
	for range 50 { // the context outlives the call that made the handler
		w := answer(background, "GET", "/", "")
		require.Equalf(t, 200, w.Code, "%v", w.Body)
	}
	cancel()
	for answer(background, "GET", "/", "").Code != http.StatusGone {
		require.NoError(t, t.Context().Err(), "the context did not end in the module")
		time.Sleep(time.Millisecond)
	}

	create := gosuite.Bound[func(string, http.Handler) (http.Handler, error)](t, m, "Middleware")
	limited, err := create("timeout", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, ok := r.Context().Deadline()
		assert.True(t, ok, "no deadline")
		<-r.Context().Done()
		w.WriteHeader(http.StatusGatewayTimeout)
	}))
	require.NoError(t, err)
	assert.Equal(t, http.StatusGatewayTimeout, answer(limited, "GET", "/", "").Code)

	defers, err := create("defers", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, "ended")
		runtime.Goexit()
	}))
	if err != nil {
		t.Fatal(err)
	}
	recorder, exited := httptest.NewRecorder(), make(chan struct{})
	go func() {
		defer close(exited)
		defers.ServeHTTP(recorder, httptest.NewRequest("GET", "/", nil))
		t.Error("the goroutine goes on")
	}()
	<-exited
	if recorder.Body.String() != "ended deferred" {
		t.Errorf("got %q", recorder.Body)
	}

	calls := make(chan struct{}, 2)
	waits, err := create("wait", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls <- struct{}{}
		fmt.Fprint(w, "first")
		http.NewResponseController(w).Flush()
	}))
	require.NoError(t, err)
	done := make(chan any, 1)
	server := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() { done <- recover() }()
		waits.ServeHTTP(w, r)
	}))
	request, cancelRequest := context.WithCancel(t.Context())
	r, _ := http.NewRequestWithContext(request, "GET", server.URL, nil)
	response, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	<-calls
	cancelRequest()
	response.Body.Close()
	p := <-done
	assert.Falsef(t, p != http.ErrAbortHandler && p != nil, "got %v", p)
}

// testMiddlewareHolds: a module that never gives what a handler of the host waits for holds nothing
// of the server once the client has gone.
func (s suite) testMiddlewareHolds(t *testing.T) {
	for name, c := range map[string]struct {
		kind string
		next http.HandlerFunc
	}{
		"reading": {"stuck", func(w http.ResponseWriter, r *http.Request) { _, _ = io.ReadAll(r.Body) }},
		"copying": {"stuck", func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(w, r.Body) }},
		"closing": {"stuck", func(w http.ResponseWriter, r *http.Request) { _ = r.Body.Close() }},
		"writing": {"mute", func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, "lost") }},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, leave := context.WithCancel(t.Context())
			defer leave()
			ended, served := make(chan struct{}), make(chan struct{})
			h := s.middlewares(t)(c.kind, func(w http.ResponseWriter, r *http.Request) {
				defer close(ended)
				go leave()
				c.next(w, r)
			})
			server := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				defer close(served)
				h.ServeHTTP(w, r)
			}))
			r, _ := http.NewRequestWithContext(ctx, "GET", server.URL, nil)
			if response, err := http.DefaultClient.Do(r); err == nil {
				response.Body.Close()
			}
			for _, over := range []chan struct{}{ended, served} {
				select {
				case <-over:
				case <-time.After(20 * time.Second):
					t.Fatal("it holds the server")
				}
			}
		})
	}
}

// slowWriter is a writer whose client takes nothing and leaves: then a write ends.
type slowWriter struct {
	*httptest.ResponseRecorder
	takes, left chan struct{}
}

func (w slowWriter) Write(p []byte) (int, error) {
	close(w.takes)
	<-w.left
	return w.ResponseRecorder.Write(p)
}

// testMiddlewareGone: a client that goes while the module writes its response costs the others
// nothing.
func (s suite) testMiddlewareGone(t *testing.T) {
	create := s.middlewares(t)
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	w := slowWriter{httptest.NewRecorder(), make(chan struct{}), make(chan struct{})}
	go func() {
		<-w.takes
		leave()
		close(w.left)
	}()
	h := create("transform", func(out http.ResponseWriter, _ *http.Request) {
		if _, err := io.WriteString(out, "late"); err != nil { // else the end of the write came first
			assert.ErrorIs(t, err, context.Canceled)
		}
	})
	func() {
		defer func() {
			if left := recover(); left != nil { // else the module's answer came first
				assert.Equal(t, http.ErrAbortHandler, left)
			}
		}()
		h.ServeHTTP(w, httptest.NewRequestWithContext(ctx, "GET", "/", nil))
	}()
	assert.Equal(t, 200, answer(create("pass", echo), "GET", "/", "").Code)
}

// testMiddlewareHammer sends requests of all kinds at once through a server.
func (s suite) testMiddlewareHammer(t *testing.T) {
	make := s.middlewares(t)
	mux := http.NewServeMux()
	kinds := []string{"pass", "record", "peek", "twice", "hold", "transform", "go", "form"}
	for _, kind := range kinds {
		mux.Handle("/"+kind, make("pass", make(kind, echo).ServeHTTP))
	}
	server := serve(t, mux)
	body := bytes.Repeat([]byte("ab"), 50_000)
	var group sync.WaitGroup
	for g := range 8 {
		group.Go(func() {
			for i := range 20 {
				kind := kinds[(g+i)%len(kinds)]
				ctx, cancel := context.WithCancel(t.Context())
				r, _ := http.NewRequestWithContext(ctx, "POST", server.URL+"/"+kind, bytes.NewReader(body))
				if i%7 == 3 {
					go cancel() // at any moment
				}
				response, err := http.DefaultClient.Do(r)
				if err == nil {
					var got []byte
					got, err = io.ReadAll(response.Body)
					response.Body.Close()
					assert.Falsef(t, err == nil && len(got) < len(body)-2, "%s: got %d bytes", kind, len(got))
				}
				assert.Falsef(t, err != nil && ctx.Err() == nil, "%s: %v", kind, err)
				cancel()
			}
		})
	}
	group.Wait()
}
