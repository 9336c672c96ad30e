package webtest

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/loadtest/internal/gosuite"
	"github.com/loadgo/load/loadtest/testdata/web"
)

// nexts change what they get.
var nexts = map[string]http.HandlerFunc{
	"nothing": func(http.ResponseWriter, *http.Request) {},
	"changes": func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, r.Host, r.Header, r.Form, r.ContentLength, r.TransferEncoding)
		r.Header.Set("X-Next", "set")
		r.Header["X-3"][0] = "in place"
		r.Header.Del("X-4")
		delete(r.Header, "X-Nil")
		r.URL.Path = "/changed"
	},
	"panics": func(_ http.ResponseWriter, r *http.Request) {
		r.Header.Set("X-Next", "set")
		panic("of next")
	},
	"aborts": func(_ http.ResponseWriter, r *http.Request) {
		r.Header.Set("X-Next", "set")
		panic(http.ErrAbortHandler)
	},
	"reads": func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		fmt.Fprint(w, len(body), strings.Count(string(body), "x"), err)
	},
}

// testMiddlewareFields: what the plugin, next and who called the plugin change in a request is seen
// as it is without a module.
func (s suite) testMiddlewareFields(t *testing.T) {
	create := gosuite.Bound[func(string, http.Handler) (http.Handler, error)](t, s.Testdata(t, "web", 0), "Middleware")
	outcome := func(h http.Handler, fields, body int) string {
		r := httptest.NewRequest("POST", "/x?a=1&a=2", strings.NewReader(strings.Repeat("x", body)))
		for i := range fields {
			r.Header.Add(fmt.Sprint("X-", i), "first")
			r.Header.Add(fmt.Sprint("X-", i), "second")
		}
		w := httptest.NewRecorder()
		aborted := func() (aborted bool) {
			defer func() {
				p := recover()
				aborted = p == http.ErrAbortHandler
				fmt.Fprint(w, p != nil)
			}()
			h.ServeHTTP(w, r)
			return false
		}()
		return fmt.Sprint(w.Code, w.Header(), w.Body, aborted, r.Header, r.URL.Path != "", r.Trailer)
	}
	for _, kind := range []string{"pass", "edits", "twice", "peek", "go", "recover", "late"} {
		for name, next := range nexts {
			if kind == "go" && name != "changes" || kind == "late" && name == "nothing" {
				continue // a panic in a goroutine of its own ends the program
			}
			h, err := create(kind, next)
			require.NoError(t, err)
			for _, fields := range []int{5, 15, 40} {
				native := outcome(web.Middleware(kind, next), fields, 100)
				assert.Equal(t, native, outcome(h, fields, 100), "%s, %s, %d fields", kind, name, fields)
			}
		}
	}
	for _, kind := range []string{"pass", "peek", "twice"} {
		h, err := create(kind, nexts["reads"])
		require.NoError(t, err)
		for _, size := range []int{0, 1, 16<<10 - 1, 16 << 10, 16<<10 + 1, 32 << 10, 64<<10 + 1} {
			assert.Equal(t, outcome(web.Middleware(kind, nexts["reads"]), 1, size), outcome(h, 1, size), "%s, %d bytes", kind, size)
		}
	}
}
