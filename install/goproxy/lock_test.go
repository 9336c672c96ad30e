package goproxy_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/loadgo/load"
	"github.com/loadgo/load/install"
	"github.com/loadgo/load/install/goproxy"
	"github.com/loadgo/load/loadtest"
	"github.com/loadgo/load/store"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A private registry that nobody vouches for replaces a zip under its version: the lock file stops
// it, in a store that never saw the module, before anything of it is published.
func TestReplacedZip(t *testing.T) {
	t.Parallel()
	const honest, evil = "-- example.com/p@v1.0.0/p.go --\npackage p\n", "-- example.com/p@v1.0.0/p.go --\npackage p\n\nfunc init() { panic(\"evil\") }\n"
	lock := filepath.Join(t.TempDir(), "load.lock")
	loader := func(archive string, s *store.Store) (*load.Loader, *loadtest.ProxyServer) {
		proxy := loadtest.Proxy(t, archive)
		c := config(proxy)
		c.SumDB = "off"
		l, err := load.New(load.Config{Store: s, Installers: []install.Installer{goproxy.New(c)}, LockFile: lock})
		require.NoError(t, err)
		return l, proxy
	}
	first, _ := loader(honest, loadtest.OpenStore(t))
	_, err := first.Locks().Add(t.Context(), "example.com/p")
	require.NoError(t, err)
	s := loadtest.OpenStore(t)
	second, proxy := loader(evil, s)
	_, err = second.Locks().Add(t.Context(), "example.com/p")
	var sum *install.ChecksumError
	require.ErrorAs(t, err, &sum)
	require.Equal(t, "the lock file", sum.By)
	require.Equal(t, proxy.Sum("example.com/p", "v1.0.0"), sum.Got)
	assert.Truef(t, strings.HasSuffix(err.Error(), "\tsomebody changed a published version, or the lock file is wrong; find out which before you remove the line"), "got %v", err)
	assert.Empty(t, s.ModuleSum("example.com/p", "v1.0.0"))
}
