package httpdebug

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load"
)

// TestStreamsAreBounded: however many pages are open, so many are live at a time; the others are
// told, and one that is closed makes room.
func TestStreamsAreBounded(t *testing.T) {
	t.Parallel()
	l, err := load.New(load.Config{})
	require.NoError(t, err)
	defer l.Close(context.Background())
	synctest.Test(t, func(t *testing.T) {
		pages := Handler(l, Options{})
		ask := func(ctx context.Context) int {
			w := httptest.NewRecorder()
			pages.ServeHTTP(w, httptest.NewRequestWithContext(ctx, "GET", "/debug/load/live", nil))
			return w.Code
		}
		var open sync.WaitGroup
		defer open.Wait()
		ctx, closeAll := context.WithCancel(t.Context())
		defer closeAll()
		first, closeFirst := context.WithCancel(ctx)
		for n := range liveAtOnce {
			page := ctx
			if n == 0 {
				page = first
			}
			open.Go(func() { assert.Equal(t, http.StatusOK, ask(page)) })
		}
		synctest.Wait()
		for range 3 {
			assert.Equal(t, http.StatusServiceUnavailable, ask(ctx))
		}
		closeFirst()
		synctest.Wait()
		open.Go(func() { assert.Equal(t, http.StatusOK, ask(ctx)) })
		synctest.Wait()
		assert.Equal(t, http.StatusServiceUnavailable, ask(ctx))
	})
}
