package getter_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/loadgo/load"
	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/engine/starlark"
	"github.com/loadgo/load/event"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/find/installed"
	"github.com/loadgo/load/install"
	"github.com/loadgo/load/install/getter"
	"github.com/loadgo/load/loadtest"
	"github.com/loadgo/load/store"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// loaderOf returns a loader of sources, as it is in a new process.
func loaderOf(t *testing.T, s *store.Store, change func(*load.Config)) *load.Loader {
	t.Helper()
	config := load.Config{
		Path:       find.Path{installed.New(s, "linux_amd64")},
		Installers: []install.Installer{getter.New(getter.Config{Netrc: "off", Insecure: "127.0.0.1:*"})},
		Engines:    []engine.Engine{starlark.New(starlark.Config{})}, Store: s,
	}
	if change != nil {
		change(&config)
	}
	l, err := load.New(config)
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close(context.Background()) })
	return l
}

// Without its server, what is installed of a branch does, and an event tells; a server that refuses
// was asked.
func TestRepositoryAway(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	_, _, second := rules(t, filepath.Join(root, "r"))
	git := new(loadtest.GitServer).Handler(t, root)
	var refuse atomic.Bool
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if refuse.Load() {
			http.Error(w, "go away", http.StatusForbidden)
			return
		}
		git.ServeHTTP(w, r)
	}))
	defer server.Close()
	s := loadtest.OpenStore(t)
	name := "git::" + server.URL + "/r/.git//tax?ref=dev"
	_, err := loaderOf(t, s, nil).Load(t.Context(), name)
	require.NoError(t, err)
	refuse.Store(true)
	var registry *install.RegistryError
	_, err = loaderOf(t, s, nil).Load(t.Context(), name)
	assert.ErrorAs(t, err, &registry, "a server that refuses")
	assert.NotErrorIs(t, err, install.ErrUnavailable, "a server that refuses")
	server.Close()
	for _, offline := range []bool{false, true} { // who works offline knows it, and needs no event
		var degraded []event.Degraded
		l := loaderOf(t, s, func(c *load.Config) {
			c.Offline = offline
			c.Events = func(e event.Event) {
				if d, ok := e.(event.Degraded); ok {
					degraded = append(degraded, d)
				}
			}
		})
		m, err := l.Load(t.Context(), name)
		require.NoError(t, err)
		assert.Equal(t, second, m.Version())
		assert.Equal(t, offline, len(degraded) == 0)
		_, err = l.Load(t.Context(), "git::"+server.URL+"/r/.git//tax?ref=main")
		assert.ErrorIsf(t, err, install.ErrUnavailable, "offline %v: what is not installed", offline)
	}
}
