package oci_test

import (
	"context"
	"net/http/httptest"
	"path/filepath"
	"testing"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/install/oci"
	"github.com/loadgo/load/loadtest"
	"github.com/loadgo/load/standard"
)

// TestLoad: a script and a Go package of one artifact run, and go on running as they were locked
// when the tag moves.
func TestLoad(t *testing.T) {
	t.Parallel()
	s := serve(t, httptest.NewServer)
	push := func(rate string) {
		loadtest.PushLayers(t, oci.New(quick()), s.host()+"/team/rules:v1", loadtest.Layer{MediaType: ocispec.MediaTypeImageLayerGzip, Data: loadtest.Gzip(t, loadtest.Tar(t,
			"rate/init.star", "def rate():\n    return "+rate+"\n",
			"greet/go.mod", "module example.com/greet\n", "greet/greet.go", "package greet\n\nfunc Rate() int { return "+rate+" }\n"))})
	}
	push("7")
	st := loadtest.OpenStore(t)
	open := func(locks string) *load.Loader {
		l, err := standard.New(load.Config{Store: st, Path: find.Path{}, LockFile: locks})
		require.NoError(t, err)
		t.Cleanup(func() { assert.NoError(t, l.Close(context.Background())) })
		return l
	}
	call := func(l *load.Loader, name, symbol string) int {
		m, err := l.Load(t.Context(), "oci::"+s.host()+"/team/rules:v1//"+name)
		require.NoError(t, err)
		rate, err := load.Func[func() (int, error)](m, symbol)
		require.NoError(t, err)
		n, err := rate()
		require.NoError(t, err)
		return n
	}
	locks := filepath.Join(t.TempDir(), "load.lock")
	first := open(locks)
	assert.Equal(t, 7, call(first, "rate", "rate"))
	assert.Equal(t, 7, call(first, "greet", "Rate"))
	push("8")
	assert.Equal(t, 7, call(open(locks), "rate", "rate"), "the lock file holds the digest")
	assert.Equal(t, 8, call(open(""), "rate", "rate"))
}
