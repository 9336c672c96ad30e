package webtest

import (
	"bufio"
	"crypto/tls"
	"errors"
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
)

// middlewares returns what makes the handlers of the module's Middleware function.
func (s suite) middlewares(t *testing.T) func(kind string, next http.HandlerFunc) http.Handler {
	m := s.Testdata(t, "web", 0)
	create := gosuite.Bound[func(string, http.Handler) (http.Handler, error)](t, m, "Middleware")
	return func(kind string, next http.HandlerFunc) http.Handler {
		t.Helper()
		h, err := create(kind, next)
		if err != nil {
			t.Fatal(err)
		}
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
// its
// own: the end of any test's server closes the idle ones of the default client.
func exchange(t *testing.T, r *http.Request) (*http.Response, string) {
	t.Helper()
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(r.WithContext(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, string(body)
}

func request(t *testing.T, method, url, body string) *http.Request {
	t.Helper()
	r, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
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
		if got := post(test.kind, test.target, test.body).Body.String(); got != test.want {
			t.Errorf("%s: got %.200q, want %.200q", test.kind, got, test.want)
		}
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
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	got, _ := io.ReadAll(response.Body)
	if want := `304 example.com 1 PUT /items/a%2Fb/x?q=1 id=a/b host=shop.example user= pattern=/items/{id}/{rest...} path="/items/a/b/x" raw="/items/a%2Fb/x" uri=/items/a%2Fb/x?q=1 form=map[] trailer=map[X-Sum:[7]] next: a/bmap[X-Sum:[7]]example.com`; string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	parsed := httptest.NewRequest("GET", "/?a=1", nil)
	parsed.URL.User = nil
	_ = parsed.ParseForm()
	w := httptest.NewRecorder()
	make("describe", func(http.ResponseWriter, *http.Request) {}).ServeHTTP(w, parsed)
	if !strings.Contains(w.Body.String(), "form=map[a:[1]]") {
		t.Errorf("got %s", w.Body)
	}
}

func (s suite) testMiddlewareResponses(t *testing.T) {
	make := s.middlewares(t)
	w := answer(make("record", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Add("X-Before", "and more")
		w.WriteHeader(http.StatusAccepted)
		fmt.Fprint(w, "body ")
	}), "GET", "/", "")
	if got := w.Header()["X-Before"]; w.Code != http.StatusAccepted || w.Body.String() != "body 202, 5 bytes" || fmt.Sprint(got) != "[kept and more]" {
		t.Errorf("got %d %q %v", w.Code, w.Body, got)
	}
	if w := answer(make("late", nil), "GET", "/", ""); w.Code != http.StatusTeapot || w.Result().Header.Get("X-Time") != "early" {
		t.Errorf("got %d %v", w.Code, w.Result().Header)
	}
	response, body := exchange(t, request(t, "GET", serve(t, make("trailer", nil)).URL, ""))
	if body != "body" || response.Trailer.Get("X-Sum") != "7" || response.Trailer.Get("X-More") != "8" {
		t.Errorf("got %q %v", body, response.Trailer)
	}
	for method, want := range map[string]int{"GET": 1, "HEAD": 0} {
		response, body := exchange(t, request(t, method, serve(t, make("pass", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "x") })).URL, ""))
		if len(body) != want || response.ContentLength != 1 {
			t.Errorf("%s: got %q of %d", method, body, response.ContentLength)
		}
	}
	if response, body := exchange(t, request(t, "GET", serve(t, make("nobody", nil)).URL, "")); response.StatusCode != http.StatusNoContent || body != "" {
		t.Errorf("got %s %q", response.Status, body)
	}
	if _, body := exchange(t, request(t, "GET", serve(t, make("control", nil)).URL, "")); body != "true <nil> <nil> <nil> <nil>" {
		t.Errorf("got %q", body)
	}
	var hints []string
	r := request(t, "GET", serve(t, make("hints", echo)).URL, "")
	trace := &httptrace.ClientTrace{Got1xxResponse: func(status int, header textproto.MIMEHeader) error {
		hints = append(hints, fmt.Sprint(status, header["Link"]))
		return nil
	}}
	response, err := http.DefaultClient.Do(r.WithContext(httptrace.WithClientTrace(t.Context(), trace)))
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if fmt.Sprint(hints, response.StatusCode) != "[103 [</style.css>; rel=preload]] 200" {
		t.Errorf("got %v, %s", hints, response.Status)
	}
	s.testEvents(t, serve(t, make("events", nil)).URL)
}

// testEvents sends a line when the event of the line before has arrived.
func (s suite) testEvents(t *testing.T, url string) {
	lines, send := io.Pipe()
	r, err := http.NewRequestWithContext(t.Context(), "POST", url, lines)
	if err != nil {
		t.Fatal(err)
	}
	go fmt.Fprintln(send, "0")
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	in := bufio.NewReader(response.Body)
	for i := range 3 {
		event, err := in.ReadString('\n')
		if err != nil || event != fmt.Sprintf("data: %d\n", i) {
			t.Fatalf("got %q, %v", event, err)
		}
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
		if p := panicOf(h); p != http.ErrAbortHandler {
			t.Errorf("got %v", p)
		}
	}
	fails := func(http.ResponseWriter, *http.Request) { panic("of the host") }
	if w := answer(make("recover", fails), "GET", "/", ""); w.Code != 500 || w.Body.String() != "of the host\n" {
		t.Errorf("got %d %q", w.Code, w.Body)
	}
	var panicked *engine.PanicError
	if err, ok := panicOf(make("pass", fails)).(error); !ok || !errors.As(err, &panicked) {
		t.Errorf("got %v", err)
	}
}
