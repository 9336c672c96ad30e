package standard_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load"
	"github.com/loadgo/load/event"
	"github.com/loadgo/load/middleware"
)

// plugin is a module whose middleware answers with a version. use is what New does first.
func plugin(version, use string) string {
	return `package p

import (
	"context"
	"errors"
	"net/http"
)

var errRefused = errors.New("it does not like its configuration")

func New(ctx context.Context, next http.Handler) (http.Handler, error) {
	` + use + `
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Version", "` + version + `")
		next.ServeHTTP(w, r)
	}), nil
}
`
}

// reloadingLoader returns a loader, and the outcomes of its reloads.
func reloadingLoader(t *testing.T) (*load.Loader, <-chan load.Event) {
	t.Helper()
	outcomes := make(chan load.Event, 100)
	l := gardenLoader(t, load.Config{Events: func(e load.Event) {
		switch e.(type) {
		case event.Kept, event.Reloaded:
			outcomes <- e
		}
	}})
	return l, outcomes
}

// TestWatchDerived: under traffic, a server whose handler is derived of a watched folder answers
// each request. What breaks the constructor keeps the old one; a good change takes over.
func TestWatchDerived(t *testing.T) {
	t.Parallel()
	changes := []string{
		plugin("broken", "return nil, errRefused"), plugin("broken", "panic(errRefused)"), "package p\n\nfunc Niew() {}\n",
	}
	l, outcomes := reloadingLoader(t)
	dir := t.TempDir()
	file := filepath.Join(dir, "p.go")
	replace(t, file, plugin("1", ""))
	next := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, r.URL.Path) })
	derived := load.Derive(l, dir, func(ctx context.Context, m *load.Module) (http.Handler, error) {
		create, err := load.Func[func(context.Context, http.Handler) (http.Handler, error)](m, "New")
		if err != nil {
			return nil, err
		}
		return create(ctx, next)
	})
	_, err := derived.Get(t.Context())
	require.NoError(t, err)
	require.NoError(t, l.Watch(t.Context()))
	server := httptest.NewServer(middleware.Handler(derived, nil))
	defer server.Close()
	ask := func() string {
		response, err := http.Get(server.URL + "/a")
		if !assert.NoError(t, err) {
			return ""
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		assert.NoError(t, err)
		assert.Equal(t, "200 /a", strconv.Itoa(response.StatusCode)+" "+string(body))
		return response.Header.Get("Version")
	}

	ctx, stop := context.WithCancel(t.Context())
	var traffic sync.WaitGroup
	var latest atomic.Int64 // the highest version that was answered: it never goes back
	for range 2 {
		traffic.Go(func() {
			for ; ctx.Err() == nil; time.Sleep(time.Millisecond) { // the compiler has the processors meanwhile
				least := latest.Load()
				version, err := strconv.ParseInt(ask(), 10, 64)
				if !assert.NoError(t, err) || !assert.GreaterOrEqual(t, version, least-1) {
					return
				}
				for old := latest.Load(); version > old && !latest.CompareAndSwap(old, version); old = latest.Load() {
				}
			}
		})
	}
	defer traffic.Wait()
	defer stop()
	broken := 0
	for _, source := range changes {
		replace(t, file, source)
		require.IsType(t, event.Kept{}, <-outcomes, source)
		require.Equal(t, strconv.Itoa(1+broken), ask(), source)
		broken++
		good := strconv.Itoa(1 + broken)
		replace(t, file, plugin(good, ""))
		require.IsType(t, event.Reloaded{}, <-outcomes, good)
		require.Equal(t, good, ask())
	}
}
