package standard_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/loadgo/load"
	"github.com/loadgo/load/event"
	"github.com/loadgo/load/loadtest"
)

// TestSwapKeepsWhatIsUsed: what a live program uses stays, whichever way the module would be
// replaced, on both engines.
func TestSwapKeepsWhatIsUsed(t *testing.T) {
	t.Parallel()
	const good = "package p\n\ntype T struct{ A, B int }\n\nfunc New(t T) (int, error) { return t.A + t.B, nil }\n"
	changes := map[string]string{
		"renamed":                "package p\n\ntype T struct{ A, B int }\n\nfunc Niew(t T) (int, error) { return t.A + t.B, nil }\n",
		"another signature":      "package p\n\ntype T struct{ A, B int }\n\nfunc New(t T, more int) (int, error) { return t.A + t.B, nil }\n",
		"a field less":           "package p\n\ntype T struct{ A int }\n\nfunc New(t T) (int, error) { return t.A, nil }\n",
		"no longer a Go package": "package p\n\nfunc New(\n",
	}
	type T struct{ A, B int }
	s := loadtest.OpenStore(t) // of all, so that each engine compiles what they have in common once
	for _, engine := range []string{"goprocess", "gowasm"} {
		for change, source := range changes {
			t.Run(engine+", "+change, func(t *testing.T) {
				t.Parallel()
				var mu sync.Mutex
				kept, failed, reloaded := 0, 0, 0
				l := gardenLoader(t, load.Config{Engine: engine, Store: s, Events: func(e load.Event) {
					mu.Lock()
					defer mu.Unlock()
					switch e.(type) {
					case event.Kept:
						kept++
					case event.Failed:
						failed++
					case event.Reloaded:
						reloaded++
					}
				}})
				count := func(n *int) int { mu.Lock(); defer mu.Unlock(); return *n }
				dir := t.TempDir()
				replace(t, filepath.Join(dir, "p.go"), good)
				require.NoError(t, l.Watch(t.Context()))
				ref := load.Lazy[func(context.Context, T) (int, error)](l, dir, "New")
				server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if n, err := ref.Get()(r.Context(), T{1, 2}); err != nil || n < 3 {
						http.Error(w, "broken", http.StatusInternalServerError)
					}
				}))
				defer server.Close()
				fine := func() {
					time.Sleep(time.Millisecond) // the compiler has the processors meanwhile
					response, err := http.Get(server.URL)
					require.NoError(t, err)
					response.Body.Close()
					require.Equal(t, http.StatusOK, response.StatusCode)
				}
				fine()
				replace(t, filepath.Join(dir, "p.go"), source)
				for count(&kept) == 0 {
					fine()
				}
				fine()
				_, err := l.Reload(t.Context(), dir)
				require.Error(t, err)
				fine()
				require.Equal(t, 0, count(&reloaded))
				require.Equal(t, 0, count(&failed), "one failure is told once")
				replace(t, filepath.Join(dir, "p.go"), good+"\nfunc More() {}\n")
				for count(&reloaded) == 0 {
					fine()
				}
				fine()
			})
		}
	}
}

// TestWatchChecks: a watch asks the check of each new instance.
func TestWatchChecks(t *testing.T) {
	t.Parallel()
	l, events := reloadingLoader(t)
	dir := t.TempDir()
	script := filepath.Join(dir, "price.star")
	replace(t, script, "def price(n): return n\n")
	m, err := l.Load(t.Context(), script)
	require.NoError(t, err)
	exited := make(chan bool, 1)
	require.NoError(t, l.Watch(t.Context(), load.Check(func(ctx context.Context, m *load.Module) error {
		if _, err := load.Func[func() int](m, "exits"); err == nil {
			exited <- true
			runtime.Goexit() // as a test's FailNow does
		}
		_, err := load.Func[func(int) (int, error)](m, "price")
		return err
	})))
	replace(t, script, "def prize(n): return n\n")
	kept, ok := (<-events).(event.Kept)
	require.True(t, ok)
	require.ErrorContains(t, kept.Err, "the check of the new instance: ")
	now, err := l.Load(t.Context(), script)
	require.NoError(t, err)
	require.Same(t, m, now)
	replace(t, script, "def exits(): return 1\n")
	<-exited
	replace(t, script, "def price(n): return n + 1\n")
	require.IsType(t, event.Reloaded{}, <-events)
}
