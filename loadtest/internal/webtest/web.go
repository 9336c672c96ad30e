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
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/loadgo/load"
	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/loadtest/internal/gosuite"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
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
	require.NoError(t, json.Unmarshal([]byte(`{"values":["a","b"],"rules":[{"prefix":"/no","status":451}]}`), config))
	type newFunc = func(ctx context.Context, next http.Handler, config any, name string) (http.Handler, error)
	h, err := gosuite.Bound[newFunc](t, m, "New")(t.Context(), next, config, "first")
	require.NoError(t, err)
	r := httptest.NewRequest("POST", "/path?q=1", strings.NewReader("sent"))
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), contextKey{}, "value")))
	if got := w.Body.String(); got != "POST /path [first] sent and after" || w.Header().Get("X-Default") != "a,b" || w.Header().Get("X-Next") != "value" {
		t.Errorf("got %q, %v", got, w.Header())
	}
	w = answer(h, "GET", "/no/way", "")
	assert.Equal(t, 451, w.Code)
	assert.Equal(t, "blocked by first\n", w.Body.String())
	_, err = gosuite.Bound[newFunc](t, m, "New")(t.Context(), next, map[string]any{}, "bad")
	assert.EqualError(t, err, "New: argument 2: map[string]interface {} does not fit *web.Config")
	_, err = m.Call(t.Context(), "New", []any{next, &struct{ Timeout time.Duration }{1}, "bad"})
	assert.EqualError(t, err, "bad: header is empty")
	_, err = m.Bind("CreateConfig", reflect.TypeFor[func() *engine.Object]())
	assert.ErrorContains(t, err, "*web.Config is copied: use *struct {")
	rules := gosuite.Call(t, m, "CreateRules") // has parts that stay in the module, so all of it does
	assert.NoError(t, gosuite.Bound[func(any, ...string) error](t, m, "Add")(rules, "a", "b"))
	assert.Equal(t, "[a b]", fmt.Sprint(gosuite.Call(t, m, "Names", rules)))
	var none *engine.Object
	_, err = gosuite.Bound[newFunc](t, m, "New")(t.Context(), next, none, "nil")
	assert.Error(t, err, "no error for an object that is nil")
	out, err := m.Call(t.Context(), "New", []any{next, config, "by name"})
	require.NoError(t, err)
	h, err = load.As[http.Handler](out[0].(*engine.Object))
	require.NoError(t, err)
	w = answer(h, "GET", "/no/way", "")
	assert.Equal(t, 451, w.Code)
	assert.Equal(t, "blocked by by name\n", w.Body.String())

	same, err := gosuite.Bound[middleware](t, m, "Same")(next)
	f, ok := same.(http.HandlerFunc)
	assert.Truef(t, ok, "the host's handler came back as %T, %v", same, err)
	assert.Falsef(t, f == nil, "the host's handler came back as %T, %v", same, err)
	assert.NoErrorf(t, err, "the host's handler came back as %T, %v", same, err)
	upper, err := gosuite.Bound[middleware](t, m, "Upper")(next)
	require.NoError(t, err)
	w = answer(upper, "GET", "/x", "abc")
	assert.Equal(t, "GET /X [] ABC", w.Body.String())
	assert.NotEmpty(t, w.Header().Get("X-Next"))
	rewritten, err := gosuite.Bound[middleware](t, m, "Rewrite")(next)
	require.NoError(t, err)
	assert.Equal(t, "GET /rewritten [] another body", answer(rewritten, "GET", "/x", "abc").Body.String())
	echo, err := gosuite.Bound[func() (http.Handler, error)](t, m, "Echo")()
	require.NoError(t, err)
	server := httptest.NewServer(echo)
	defer server.Close()
	large := bytes.Repeat([]byte("x"), 3<<20)
	response, err := http.Post(server.URL+"/?q=find", "text/plain", bytes.NewReader(large))
	require.NoError(t, err)
	got, err := io.ReadAll(response.Body)
	response.Body.Close()
	assert.Equalf(t, large, got, "got %d bytes, %v, %v", len(got), err, response.Header)
	require.NoErrorf(t, err, "got %d bytes, %v, %v", len(got), err, response.Header)
	assert.Truef(t, strings.HasPrefix(response.Header.Get("X-Method"), "POST find 127.0.0.1:"), "got %d bytes, %v, %v", len(got), err, response.Header)
	panics, err := gosuite.Bound[func() (http.Handler, error)](t, m, "Panics")()
	require.NoError(t, err)
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
	require.NoError(t, err)
	assert.Equal(t, "GET /f [] ", answer(wrap, "GET", "/f", "").Body.String())
}

func (s suite) testFileSystems(t *testing.T) {
	m := s.Testdata(t, "web", 0)
	files := fstest.MapFS{"x.txt": {Data: []byte("ex")}, "deep/er/y.txt": {Data: []byte("why")}}
	all, err := gosuite.Bound[func(fs.FS) ([]string, error)](t, m, "Walk")(files)
	assert.NoError(t, err)
	assert.Equal(t, []string{"deep/er/y.txt=why", "x.txt=ex"}, all)
	size, err := gosuite.Bound[func(fs.FS, string) (int64, error)](t, m, "Stat")(files, "x.txt")
	assert.Equal(t, int64(2), size)
	assert.NoError(t, err)
	_, err = gosuite.Bound[func(fs.FS, string) (int64, error)](t, m, "Stat")(files, "none")
	assert.ErrorIs(t, err, fs.ErrNotExist)
	theirs, err := gosuite.Bound[func() (fs.FS, error)](t, m, "Files")()
	require.NoError(t, err)
	assert.NoError(t, fstest.TestFS(theirs, "a.txt", "dir/b.txt"))
	all, err = gosuite.Bound[func(fs.FS) ([]string, error)](t, m, "Walk")(theirs)
	assert.NoError(t, err)
	assert.Equal(t, []string{"a.txt=alpha", "dir/b.txt=beta"}, all)
}
