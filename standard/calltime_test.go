package standard_test

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/loadgo/load"
	"github.com/loadgo/load/loadtest"
)

// TestCallTimeLeavesOutNext: the time of a middleware's call does not go on while the host's next
// handler works, and does before and after it.
func TestCallTimeLeavesOutNext(t *testing.T) {
	t.Parallel()
	const source = `package p

import (
	"net/http"
	"time"
)

func New(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/loop" {
			wait()
		}
		next.ServeHTTP(w, r)
		if r.URL.Path == "/twice" {
			next.ServeHTTP(w, r)
		}
		if r.URL.Path == "/after" {
			wait()
		}
	})
}

func wait() { for { time.Sleep(time.Millisecond) } }
`
	const limit = time.Second
	s := loadtest.OpenStore(t) // of all, so that each engine compiles the module once
	for _, engine := range []string{"goprocess", "gowasm"} {
		for path, ends := range map[string]bool{"/": false, "/twice": false, "/loop": true, "/after": true} {
			t.Run(engine+path, func(t *testing.T) {
				t.Parallel()
				l := gardenLoader(t, load.Config{Engine: engine, Store: s, Limits: func(*load.Spec) load.Limits { return load.Limits{CallTime: limit} }})
				dir := t.TempDir()
				replace(t, filepath.Join(dir, "p.go"), source)
				m, err := l.Load(t.Context(), dir)
				require.NoError(t, err)
				create, err := load.Func[func(http.Handler) (http.Handler, error)](m, "New")
				require.NoError(t, err)
				handler, err := create(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					select {
					case <-time.After(limit * 3 / 2):
					case <-r.Context().Done():
						t.Error("next was cut off")
					}
				}))
				require.NoError(t, err)
				serve := func() { handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", path, nil)) }
				if !ends {
					require.NotPanics(t, serve)
					return
				}
				defer func() {
					var exceeded *load.LimitError
					err, _ := recover().(error)
					require.ErrorAs(t, err, &exceeded)
					require.Equal(t, m.Name()+": a request took more than 1s", exceeded.Reason)
				}()
				serve()
			})
		}
	}
}
