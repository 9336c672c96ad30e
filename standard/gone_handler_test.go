package standard_test

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/loadgo/load"
	"github.com/loadgo/load/loadtest"
)

// TestHandlerWhoseModuleIsGone: a handler answers 502 where its module is unloaded, was replaced or
// crashes, and panics only where the answer was begun.
func TestHandlerWhoseModuleIsGone(t *testing.T) {
	t.Parallel()
	const source = `package p

import (
	"net/http"
	"os"
)

func New() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/exit":
			os.Exit(3)
		case "/late":
			w.Write([]byte("begun"))
			w.(http.Flusher).Flush()
			os.Exit(3)
		}
		w.Write([]byte("fine"))
	})
}
`
	s := loadtest.OpenStore(t) // of all, so that each engine compiles the module once
	for _, engine := range []string{"goprocess", "gowasm"} {
		for _, test := range []struct {
			name, path string
			end        func(t *testing.T, l *load.Loader, dir string)
			want       int // 0 for a panic
		}{
			{"it runs", "/", func(*testing.T, *load.Loader, string) {}, 200},
			{"unloaded", "/", func(t *testing.T, l *load.Loader, dir string) {
				_, err := l.Unload(t.Context(), dir)
				require.NoError(t, err)
			}, 502},
			{"closed", "/", func(t *testing.T, l *load.Loader, dir string) { require.NoError(t, l.Close(t.Context())) }, 502},
			{"crashes", "/exit", func(*testing.T, *load.Loader, string) {}, 502},
			{"crashes when the answer was begun", "/late", func(*testing.T, *load.Loader, string) {}, 0},
		} {
			t.Run(engine+", "+test.name, func(t *testing.T) {
				t.Parallel()
				l := gardenLoader(t, load.Config{Engine: engine, Store: s})
				dir := t.TempDir()
				replace(t, filepath.Join(dir, "p.go"), source)
				m, err := l.Load(t.Context(), dir)
				require.NoError(t, err)
				create, err := load.Func[func() (http.Handler, error)](m, "New")
				require.NoError(t, err)
				handler, err := create()
				require.NoError(t, err)
				test.end(t, l, dir)
				w := httptest.NewRecorder()
				serve := func() { handler.ServeHTTP(w, httptest.NewRequest("GET", test.path, nil)) }
				if test.want == 0 {
					require.Panics(t, serve)
					return
				}
				require.NotPanics(t, serve)
				require.Equal(t, test.want, w.Code)
			})
		}
	}
}
