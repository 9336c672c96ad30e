package hosthttp_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/internal/goglue/guest/guesthttp"
	"github.com/loadgo/load/internal/goglue/host/hosthttp"
)

// module is one that lies in the same process. It answers by serve, which has what a module has.
type module struct {
	*hosthttp.Requests
	given *hosthttp.Given
	body  io.Reader // of the host
}

type serveFunc func(m module, r *http.Request, w guesthttp.Response)

// handler returns a handler of the module, which may call next.
func handler(next http.HandlerFunc, serve serveFunc) http.Handler {
	m := module{Requests: &hosthttp.Requests{}}
	m.given = m.Given(next, reflect.ValueOf(next))
	m.Serve = func(ctx context.Context, _ *engine.Object, message guesthttp.Message, body io.Reader, w guesthttp.Response) (guesthttp.Message, error) {
		return guesthttp.Serve(ctx, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			m.body = body
			serve(m, r, w)
		}), message, body, w)
	}
	return m.Handler(nil)
}

// ServeHTTP implements [guesthttp.Handler].
func (m module) ServeHTTP(ctx context.Context, message guesthttp.Message, body io.ReadCloser, w guesthttp.Response) (guesthttp.Message, error) {
	return m.given.ServeHTTP(call{ctx}, message, body, w, nil)
}

// HostHandle makes the module one that the host gave.
func (m module) HostHandle() uint64 { return 1 }

// next calls the host's handler with the writer of the host.
func (m module) next(w guesthttp.Response, r *http.Request) {
	guesthttp.NewHandler(m).ServeHTTP(guesthttp.NewWriter(w, 0, guesthttp.Changes{}).As(), r)
}

type call struct{ ctx context.Context }

func (c call) Context() context.Context { return c.ctx }

// wrapping is a writer that wraps another one, and reads.
type wrapping struct{ http.ResponseWriter }

func (w wrapping) Unwrap() http.ResponseWriter { return w.ResponseWriter }
func (w wrapping) Push(string, *http.PushOptions) error {
	w.Header().Set("Link", "pushed")
	return nil
}

func (w wrapping) ReadFrom(src io.Reader) (int64, error) {
	w.Header().Set("X-Read", "begun")
	return io.Copy(w.ResponseWriter, src)
}

// TestHammer: whatever goroutines of a module do to one response, and a handler of the host that
// they call, they do one after the other: two who change a map at once would end the program.
func TestHammer(t *testing.T) {
	t.Parallel()
	next := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Next", r.URL.Path)
		w.Header().Del("X-Next")
		_, _ = io.WriteString(w, ".")
	}
	header := func(i int) guesthttp.Changes {
		return guesthttp.Changes{Set: []guesthttp.Field{{Name: fmt.Sprint("X-", i), Values: []string{"v"}}}, Removed: []string{fmt.Sprint("X-", i-1)}}
	}
	uses := []func(m module, r *http.Request, w guesthttp.Response, i int){
		func(_ module, _ *http.Request, w guesthttp.Response, i int) {
			_, _, err := w.Send(guesthttp.Answer{Header: header(i), Data: [][]byte{[]byte(".")}})
			assert.NoError(t, err)
		},
		func(_ module, _ *http.Request, w guesthttp.Response, i int) {
			_, _, err := w.Send(guesthttp.Answer{Header: header(i), Begins: true, Status: 103})
			assert.NoError(t, err)
		},
		func(_ module, _ *http.Request, w guesthttp.Response, i int) {
			_, _, err := w.ReadFrom(header(i), strings.NewReader("."))
			assert.NoError(t, err)
		},
		func(_ module, _ *http.Request, w guesthttp.Response, i int) {
			assert.NoError(t, w.Push("/", "GET", header(i)))
		},
		func(_ module, _ *http.Request, w guesthttp.Response, i int) {
			inner, _, _ := w.Unwrap()
			_, _, err := inner.Send(guesthttp.Answer{Header: header(i), Data: [][]byte{[]byte(".")}})
			assert.NoError(t, err)
		},
		func(m module, r *http.Request, w guesthttp.Response, _ int) { m.next(w, r) },
	}
	const rounds = 50
	h := handler(next, func(m module, r *http.Request, w guesthttp.Response) {
		_, _, err := w.Send(guesthttp.Answer{Data: [][]byte{[]byte(".")}}) // else a recorder takes 103 for the status
		assert.NoError(t, err)
		var all sync.WaitGroup
		for range 2 {
			for _, use := range uses {
				all.Go(func() {
					for i := range rounds {
						use(m, r, w, i)
					}
				})
			}
		}
		all.Wait()
	})
	w := httptest.NewRecorder()
	h.ServeHTTP(wrapping{w}, httptest.NewRequest("GET", "/", nil))
	assert.Equal(t, 1+2*4*rounds, w.Body.Len())
}

// stream is a stream of the module that does something whenever it is read.
type stream struct {
	io.Reader
	does  func()
	aside func(waits bool)
}

func (s *stream) EndWith(_ context.Context, aside func(waits bool)) { s.aside = aside }
func (s *stream) Close() error                                      { return nil }

func (s *stream) Read(p []byte) (int, error) {
	s.aside(true)
	defer s.aside(false)
	s.does()
	return s.Reader.Read(p)
}

// TestWithin: what a writer reads from the module may use the response, and what a handler of the
// host reads, which has it, does not wait for itself.
func TestWithin(t *testing.T) {
	t.Parallel()
	send := func(w guesthttp.Response, text string) error {
		_, _, err := w.Send(guesthttp.Answer{Data: [][]byte{[]byte(text)}})
		return err
	}
	next := func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(w, r.Body) }
	h := handler(next, func(m module, r *http.Request, w guesthttp.Response) {
		src := &stream{Reader: strings.NewReader("read,"), does: sync.OnceFunc(func() {
			assert.NoError(t, send(w, "within,"))
			m.next(w, r)
		})}
		_, _, err := w.ReadFrom(guesthttp.Changes{}, src)
		assert.NoError(t, err)
		r.Body = &stream{Reader: strings.NewReader("body,"), does: func() {
			assert.EqualError(t, send(w, "lost"), "a handler of the host has the response, and waits for the module")
		}}
		m.next(w, r)
		assert.NoError(t, send(w, "after"))
	})
	w := httptest.NewRecorder()
	h.ServeHTTP(wrapping{w}, httptest.NewRequest("GET", "/", nil))
	require.Equal(t, "within,read,body,after", w.Body.String())
}

// trailed is a body whose request gets a trailer whenever it is read, as net/http's at the end.
type trailed struct{ request *http.Request }

func (trailed) Close() error { return nil }

func (b trailed) Read([]byte) (int, error) {
	b.request.Trailer.Set("X-Sum", "1")
	return 0, io.EOF
}

// TestHammerRequest: likewise with one request, whose trailer fills while its body is read, and
// whose wildcards each handler gets as the module set them.
func TestHammerRequest(t *testing.T) {
	t.Parallel()
	next := func(_ http.ResponseWriter, r *http.Request) {
		assert.Equal(t, "changed", r.PathValue("id"))
		copied := r.Clone(r.Context())
		_, _ = io.ReadAll(r.Body)
		assert.Contains(t, copied.Trailer, "X-Sum")
		assert.Contains(t, r.Trailer, "X-Sum")
	}
	h := handler(next, func(m module, r *http.Request, w guesthttp.Response) {
		var all sync.WaitGroup
		for range 3 {
			all.Go(func() {
				for range 50 {
					_, _ = m.body.Read(nil)
					_ = len(fmt.Sprint(w.Trailer()))
				}
			})
			all.Go(func() {
				for range 50 {
					out := guesthttp.To(httptest.NewRecorder()) // the module's own
					own := r.Clone(r.Context())
					own.SetPathValue("id", "changed")
					m.next(out, own)
				}
			})
		}
		all.Wait()
	})
	r := httptest.NewRequest("POST", "/", nil)
	r.Trailer = http.Header{"X-Sum": nil}
	r.Body = &trailed{r}
	r.Pattern = "/{id}"
	r.SetPathValue("id", "1")
	h.ServeHTTP(httptest.NewRecorder(), r)
	assert.Equal(t, "1", r.PathValue("id"))
	assert.Equal(t, "1", r.Trailer.Get("X-Sum"))
}
