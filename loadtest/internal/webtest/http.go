package webtest

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/textproto"
	"strings"
	"testing"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/loadtest/internal/gosuite"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// middlewares returns what makes the handlers of the module's Middleware function.
func (s suite) middlewares(t *testing.T) func(kind string, next http.HandlerFunc) http.Handler {
	m := s.Testdata(t, "web", 0)
	create := gosuite.Bound[func(string, http.Handler) (http.Handler, error)](t, m, "Middleware")
	return func(kind string, next http.HandlerFunc) http.Handler {
		t.Helper()
		h, err := create(kind, next)
		require.NoError(t, err)
		return h
	}
}

// serve starts a server for the test's time.
func serve(t *testing.T, h http.Handler) *httptest.Server {
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server
}

// exchange sends a request and returns the response with its whole body. It uses a connection of
// its own: the end of any test's server closes the idle ones of the default client.
func exchange(t *testing.T, r *http.Request) (*http.Response, string) {
	t.Helper()
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(r.WithContext(t.Context()))
	require.NoError(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response, string(body)
}

func request(t *testing.T, method, url, body string) *http.Request {
	t.Helper()
	r, err := http.NewRequest(method, url, strings.NewReader(body))
	require.NoError(t, err)
	return r
}

// echo answers with the body, without a status of its own.
func echo(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	fmt.Fprintf(w, "%s%s[%s]%s", r.URL.Path, r.Header.Get("X-Drop"), body, r.Form.Get("a"))
}

func (s suite) testMiddlewareRequests(t *testing.T) {
	make := s.middlewares(t)
	post := func(kind, target, body string) *httptest.ResponseRecorder {
		t.Helper()
		r := httptest.NewRequest("POST", target, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("X-Drop", "!")
		w := httptest.NewRecorder()
		make(kind, echo).ServeHTTP(w, r)
		return w
	}
	for _, test := range []struct{ kind, target, body, want string }{
		{"pass", "//evil.example/x", "b", "//evil.example/x![b]"},
		{"go", "/x", "b", "/x![b]"},
		{"twice", "/x", "b", "/x![b]/x![b]"},
		{"hold", "/x", "b", "/x![b]"},
		{"peek", "/x", "abcdef", "/x![cdef]"},
		{"form", "/x?b=2", "a=1", "/x![]1"},
		{"transform", "/api/x", "aBc", "/X[ABC]"},
		{"recover", "/x", "b", "/x![b]"},
		{"timeout", "/x", "b", "/x![b]"},
		{"pass", "/x", strings.Repeat("x", 3<<20), "/x![" + strings.Repeat("x", 3<<20) + "]"},
		{"transform", "/x", strings.Repeat("x", 3<<20), "/X[" + strings.Repeat("X", 3<<20) + "]"},
	} {
		assert.Equal(t, test.want, post(test.kind, test.target, test.body).Body.String())
	}
	if w := post("form", "/x", "a=1"); w.Header().Get("X-A") != "1" || w.Header().Get("Set-Cookie") != "seen=1" {
		t.Errorf("got %v", w.Header())
	}

	mux := http.NewServeMux()
	mux.Handle("/items/{id}/{rest...}", make("describe", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, " next: ", r.PathValue("id"), r.Trailer, r.TLS.ServerName)
	}))
	server := httptest.NewUnstartedServer(mux)
	server.TLS = &tls.Config{ClientAuth: tls.RequestClientCert}
	server.StartTLS()
	defer server.Close()
	client := server.Client()
	transport := client.Transport.(*http.Transport)
	transport.TLSClientConfig.ServerName = "example.com"
	transport.TLSClientConfig.Certificates = server.TLS.Certificates
	r := request(t, "PUT", server.URL+"/items/a%2Fb/x?q=1", "body")
	r.Host = "shop.example"
	r.ContentLength = -1
	r.Trailer = http.Header{"X-Sum": {"7"}}
	response, err := client.Do(r)
	require.NoError(t, err)
	defer response.Body.Close()
	got, _ := io.ReadAll(response.Body)
	assert.Equal(t, `304 example.com 1 PUT /items/a%2Fb/x?q=1 id=a/b host=shop.example user= pattern=/items/{id}/{rest...} path="/items/a/b/x" raw="/items/a%2Fb/x" uri=/items/a%2Fb/x?q=1 form=map[] trailer=map[X-Sum:[7]] next: a/bmap[X-Sum:[7]]example.com`, string(got))
	parsed := httptest.NewRequest("GET", "/?a=1", nil)
	parsed.URL.User = nil
	_ = parsed.ParseForm()
	w := httptest.NewRecorder()
	make("describe", func(http.ResponseWriter, *http.Request) {}).ServeHTTP(w, parsed)
	assert.Contains(t, w.Body.String(), "form=map[a:[1]]")
}

func (s suite) testMiddlewareResponses(t *testing.T) {
	make := s.middlewares(t)
	w := answer(make("record", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Add("X-Before", "and more")
		w.WriteHeader(http.StatusAccepted)
		fmt.Fprint(w, "body ")
	}), "GET", "/", "")
	got := w.Header()["X-Before"]
	assert.Equal(t, http.StatusAccepted, w.Code)
	assert.Equal(t, "body 202, 5 bytes", w.Body.String())
	assert.Equal(t, "[kept and more]", fmt.Sprint(got))
	w = answer(make("late", nil), "GET", "/", "")
	assert.Equal(t, http.StatusTeapot, w.Code)
	assert.Equal(t, "early", w.Result().Header.Get("X-Time"))
	response, body := exchange(t, request(t, "GET", serve(t, make("trailer", nil)).URL, ""))
	assert.Equal(t, "body", body)
	assert.Equal(t, "7", response.Trailer.Get("X-Sum"))
	assert.Equal(t, "8", response.Trailer.Get("X-More"))
	for method, want := range map[string]int{"GET": 1, "HEAD": 0} {
		response, body := exchange(t, request(t, method, serve(t, make("pass", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "x") })).URL, ""))
		require.Len(t, body, want, method)
		assert.Equal(t, int64(1), response.ContentLength, method)
	}
	response, body = exchange(t, request(t, "GET", serve(t, make("nobody", nil)).URL, ""))
	assert.Equal(t, http.StatusNoContent, response.StatusCode, response.Status)
	assert.Empty(t, body, response.Status)
	_, body = exchange(t, request(t, "GET", serve(t, make("control", nil)).URL, ""))
	assert.Equal(t, "true <nil> <nil> <nil> <nil>", body)
	var hints []string
	r := request(t, "GET", serve(t, make("hints", echo)).URL, "")
	trace := &httptrace.ClientTrace{Got1xxResponse: func(status int, header textproto.MIMEHeader) error {
		hints = append(hints, fmt.Sprint(status, header["Link"]))
		return nil
	}}
	response, err := http.DefaultClient.Do(r.WithContext(httptrace.WithClientTrace(t.Context(), trace)))
	require.NoError(t, err)
	response.Body.Close()
	assert.Equal(t, "[103 [</style.css>; rel=preload]] 200", fmt.Sprint(hints, response.StatusCode), response.Status)
	s.testEvents(t, serve(t, make("events", nil)).URL)
	testLong(t, make)
}

// testLong: what is long crosses with the rest of a request, and of an answer.
func testLong(t *testing.T, make func(string, http.HandlerFunc) http.Handler) {
	server := serve(t, make("long", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Back", r.Header.Get("X-Longer"))
	}))
	header := strings.Repeat("h", 40<<10)
	response, body := exchange(t, request(t, "GET", server.URL, ""))
	assert.Equal(t, http.StatusOK, response.StatusCode)
	assert.True(t, header == response.Header.Get("X-Long"), "%d bytes of header", len(response.Header.Get("X-Long")))
	assert.True(t, strings.Repeat("x", 32<<10) == body, "%d bytes of body", len(body))
	r := request(t, "GET", server.URL, "")
	r.Header.Set("X-Long", header)
	response, _ = exchange(t, r)
	assert.True(t, header+header == response.Header.Get("X-Back"), "%d bytes of header", len(response.Header.Get("X-Back")))
}

// testEvents sends a line when the event of the line before has arrived.
func (s suite) testEvents(t *testing.T, url string) {
	lines, send := io.Pipe()
	r, err := http.NewRequestWithContext(t.Context(), "POST", url, lines)
	require.NoError(t, err)
	go fmt.Fprintln(send, "0")
	response, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer response.Body.Close()
	in := bufio.NewReader(response.Body)
	for i := range 3 {
		event, err := in.ReadString('\n')
		require.NoError(t, err)
		require.Equal(t, fmt.Sprintf("data: %d\n", i), event)
		_, _ = in.ReadString('\n')
		fmt.Fprintln(send, i+1)
	}
	send.Close()
}

// panicOf returns what a handler panics with.
func panicOf(h http.Handler) (p any) {
	defer func() { p = recover() }()
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
	return nil
}

func (s suite) testMiddlewarePanics(t *testing.T) {
	make := s.middlewares(t)
	aborts := func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
	for _, h := range []http.Handler{make("abort", nil), make("pass", aborts), make("record", aborts), make("recover", aborts), make("recover", make("pass", aborts).ServeHTTP)} {
		p := panicOf(h)
		assert.Falsef(t, p != http.ErrAbortHandler, "got %v", p)
	}
	fails := func(http.ResponseWriter, *http.Request) { panic("of the host") }
	w := answer(make("recover", fails), "GET", "/", "")
	assert.Equal(t, 500, w.Code)
	assert.Equal(t, "of the host\n", w.Body.String())
	var panicked *engine.PanicError
	err, ok := panicOf(make("pass", fails)).(error)
	assert.Truef(t, ok, "got %v", err)
	assert.ErrorAsf(t, err, &panicked, "got %v", err)
}
