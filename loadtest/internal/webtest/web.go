package webtest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/loadgo/load"
	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/loadtest/internal/gosuite"
)

type middleware = func(http.Handler) (http.Handler, error)

// answer lets a handler answer a request.
func answer(h http.Handler, method, target, body string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	var r io.Reader
	if body != "" {
		r = strings.NewReader(body)
	}
	h.ServeHTTP(w, httptest.NewRequest(method, target, r))
	return w
}

func (s suite) testHandlers(t *testing.T) {
	m := s.Testdata(t, "web", 0)
	type contextKey struct{}
	next := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Next", fmt.Sprint(r.Context().Value(contextKey{})))
		body, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%s %s [%s] %s", r.Method, r.URL.Path, r.Header.Get("X-Seen"), body)
	})

	config := gosuite.Call(t, m, "CreateConfig") // of a struct type like the module's
	if err := json.Unmarshal([]byte(`{"values":["a","b"],"rules":[{"prefix":"/no","status":451}]}`), config); err != nil {
		t.Fatal(err)
	}
	type newFunc = func(ctx context.Context, next http.Handler, config any, name string) (http.Handler, error)
	h, err := gosuite.Bound[newFunc](t, m, "New")(t.Context(), next, config, "first")
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest("POST", "/path?q=1", strings.NewReader("sent"))
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), contextKey{}, "value")))
	if got := w.Body.String(); got != "POST /path [first] sent and after" || w.Header().Get("X-Default") != "a,b" || w.Header().Get("X-Next") != "value" {
		t.Errorf("got %q, %v", got, w.Header())
	}
	if w := answer(h, "GET", "/no/way", ""); w.Code != 451 || w.Body.String() != "blocked by first\n" {
		t.Errorf("got %d %q", w.Code, w.Body)
	}
	if _, err := gosuite.Bound[newFunc](t, m, "New")(t.Context(), next, map[string]any{}, "bad"); err == nil || err.Error() != "argument 2: map[string]interface {} does not fit *web.Config" {
		t.Errorf("got %v", err)
	}
	if _, err := m.Call(t.Context(), "New", []any{next, &struct{ Timeout time.Duration }{1}, "bad"}); err == nil || err.Error() != "bad: header is empty" {
		t.Errorf("got %v", err)
	}
	if _, err := m.Bind("CreateConfig", reflect.TypeFor[func() *engine.Object]()); err == nil || !strings.Contains(err.Error(), "*web.Config is copied: use *struct {") {
		t.Errorf("got %v", err)
	}
	rules := gosuite.Call(t, m, "CreateRules") // has parts that stay in the module, so all of it does
	if err := gosuite.Bound[func(any, ...string) error](t, m, "Add")(rules, "a", "b"); err != nil {
		t.Error(err)
	}
	if names := gosuite.Call(t, m, "Names", rules); fmt.Sprint(names) != "[a b]" {
		t.Errorf("got %v", names)
	}
	var none *engine.Object
	if _, err := gosuite.Bound[newFunc](t, m, "New")(t.Context(), next, none, "nil"); err == nil {
		t.Error("no error for an object that is nil")
	}
	out, err := m.Call(t.Context(), "New", []any{next, config, "by name"})
	if err != nil {
		t.Fatal(err)
	}
	h, err = load.As[http.Handler](out[0].(*engine.Object))
	if err != nil {
		t.Fatal(err)
	}
	if w := answer(h, "GET", "/no/way", ""); w.Code != 451 || w.Body.String() != "blocked by by name\n" {
		t.Errorf("got %d %q", w.Code, w.Body)
	}

	same, err := gosuite.Bound[middleware](t, m, "Same")(next)
	if f, ok := same.(http.HandlerFunc); !ok || f == nil || err != nil {
		t.Errorf("the host's handler came back as %T, %v", same, err)
	}
	upper, err := gosuite.Bound[middleware](t, m, "Upper")(next)
	if err != nil {
		t.Fatal(err)
	}
	if w := answer(upper, "GET", "/x", "abc"); w.Body.String() != "GET /X [] ABC" || w.Header().Get("X-Next") == "" {
		t.Errorf("a writer of the module: %q, %v", w.Body, w.Header())
	}
	rewritten, err := gosuite.Bound[middleware](t, m, "Rewrite")(next)
	if err != nil {
		t.Fatal(err)
	}
	if w := answer(rewritten, "GET", "/x", "abc"); w.Body.String() != "GET /rewritten [] another body" {
		t.Errorf("another request: %q", w.Body)
	}
	echo, err := gosuite.Bound[func() (http.Handler, error)](t, m, "Echo")()
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(echo)
	defer server.Close()
	large := bytes.Repeat([]byte("x"), 3<<20)
	response, err := http.Post(server.URL+"/?q=find", "text/plain", bytes.NewReader(large))
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(response.Body)
	response.Body.Close()
	if !bytes.Equal(got, large) || err != nil || !strings.HasPrefix(response.Header.Get("X-Method"), "POST find 127.0.0.1:") {
		t.Errorf("got %d bytes, %v, %v", len(got), err, response.Header)
	}
	panics, err := gosuite.Bound[func() (http.Handler, error)](t, m, "Panics")()
	if err != nil {
		t.Fatal(err)
	}
	func() {
		defer func() {
			var panicked *engine.PanicError
			if err, ok := recover().(error); !ok || !errors.As(err, &panicked) || panicked.Value != "oops" {
				t.Errorf("got %v", err)
			}
		}()
		answer(panics, "GET", "/", "")
	}()
	wrap, err := gosuite.Bound[func(func(http.ResponseWriter, *http.Request)) (http.Handler, error)](t, m, "Wrap")(next)
	if err != nil {
		t.Fatal(err)
	}
	if w := answer(wrap, "GET", "/f", ""); w.Body.String() != "GET /f [] " {
		t.Errorf("a function: %q", w.Body)
	}
}

func (s suite) testFileSystems(t *testing.T) {
	m := s.Testdata(t, "web", 0)
	files := fstest.MapFS{"x.txt": {Data: []byte("ex")}, "deep/er/y.txt": {Data: []byte("why")}}
	all, err := gosuite.Bound[func(fs.FS) ([]string, error)](t, m, "Walk")(files)
	if err != nil || !slices.Equal(all, []string{"deep/er/y.txt=why", "x.txt=ex"}) {
		t.Errorf("got %q, %v", all, err)
	}
	if size, err := gosuite.Bound[func(fs.FS, string) (int64, error)](t, m, "Stat")(files, "x.txt"); size != 2 || err != nil {
		t.Errorf("got %d, %v", size, err)
	}
	if _, err := gosuite.Bound[func(fs.FS, string) (int64, error)](t, m, "Stat")(files, "none"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	theirs, err := gosuite.Bound[func() (fs.FS, error)](t, m, "Files")()
	if err != nil {
		t.Fatal(err)
	}
	if err := fstest.TestFS(theirs, "a.txt", "dir/b.txt"); err != nil {
		t.Error(err)
	}
	if all, err := gosuite.Bound[func(fs.FS) ([]string, error)](t, m, "Walk")(theirs); err != nil || !slices.Equal(all, []string{"a.txt=alpha", "dir/b.txt=beta"}) {
		t.Errorf("the module's own: %q, %v", all, err)
	}
}
