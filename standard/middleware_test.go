package standard_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/loadgo/load"
	"github.com/loadgo/load/event"
	"github.com/loadgo/load/middleware"
)

// TestMiddlewareGoesOn: a live server goes on with a fresh handler after a crash and a reload,
// keeps the old one where the constructor fails, and lets the hook answer meanwhile.
func TestMiddlewareGoesOn(t *testing.T) {
	t.Parallel()
	const source = `package p

import (
	"errors"
	"net/http"
	"os"
)

func New(next http.Handler, name string) (http.Handler, error) {
	if fails {
		return nil, errors.New("no")
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/exit" {
			os.Exit(3)
		}
		w.Header().Set("X-Name", name+edition)
		next.ServeHTTP(w, r)
	}), nil
}
`
	write := func(t *testing.T, dir, text string) { replace(t, filepath.Join(dir, "p.go"), source+text) }
	for _, engine := range []string{"goprocess", "gowasm"} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			var kept, hooked atomic.Int32
			l := gardenLoader(t, load.Config{Engine: engine, Events: func(e load.Event) {
				if _, ok := e.(event.Kept); ok {
					kept.Add(1)
				}
			}})
			dir := t.TempDir()
			write(t, dir, "\nconst fails, edition = false, \"1\"\n")
			next := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "fine") })
			derived := load.Derive(l, dir, func(_ context.Context, m *load.Module) (http.Handler, error) {
				create, err := load.Func[func(http.Handler, string) (http.Handler, error)](m, "New")
				if err != nil {
					return nil, err
				}
				return create(next, "name")
			})
			server := httptest.NewServer(middleware.Handler(derived, func(w http.ResponseWriter, _ *http.Request, err error) {
				hooked.Add(1)
				http.Error(w, err.Error(), http.StatusBadGateway)
			}))
			defer server.Close()
			get := func(path string) (int, string, string) {
				response, err := http.Get(server.URL + path)
				require.NoError(t, err)
				defer response.Body.Close()
				body, err := io.ReadAll(response.Body)
				require.NoError(t, err)
				return response.StatusCode, response.Header.Get("X-Name"), strings.TrimSpace(string(body))
			}
			fine := func(name string) {
				t.Helper()
				status, got, body := get("/")
				require.Equal(t, []any{200, name, "fine"}, []any{status, got, body})
			}
			fine("name1")
			status, _, body := get("/exit")
			require.Equal(t, 502, status)
			require.Contains(t, body, "crashed")
			require.Equal(t, int32(1), hooked.Load())
			fine("name1")
			name := "name1"
			if engine == "goprocess" { // compiling net/http for the other takes long
				write(t, dir, "\nconst fails, edition = true, \"2\"\n")
				_, err := l.Reload(t.Context(), dir)
				require.Error(t, err)
				fine("name1")
				require.Equal(t, int32(1), kept.Load())
				get("/exit")
				fine("name1") // the constructor of what was found failed
				require.Equal(t, int32(2), kept.Load())
				write(t, dir, "\nconst fails, edition = false, \"3\"\n")
				_, err = l.Reload(t.Context(), dir)
				require.NoError(t, err)
				name = "name3"
				fine(name)
			}
			_, err := l.Unload(t.Context(), dir)
			require.NoError(t, err)
			fine(name)
			require.NoError(t, l.Close(t.Context()))
			status, _, _ = get("/")
			require.Equal(t, 502, status)
		})
	}
}
