package standard_test

import (
	"go/version"
	"os"
	"path/filepath"
	"testing"

	"github.com/loadgo/load"
	"github.com/loadgo/load/event"
	"github.com/loadgo/load/loadtest"
	"github.com/loadgo/load/standard"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestLiveToolchain: a release of Go that is not here comes through the configured proxy, and
// compiles; also one that is newer than what this test was built with. It runs where LOAD_LIVE=1.
func TestLiveToolchain(t *testing.T) {
	if os.Getenv("LOAD_LIVE") != "1" {
		t.Skip("it needs the registry: set LOAD_LIVE=1")
	}
	t.Setenv("GOTOOLCHAIN", "auto")
	dir := t.TempDir()
	replace(t, filepath.Join(dir, "go.mod"), "module example.org/newer\n\ngo 1.27.1\n")
	replace(t, filepath.Join(dir, "newer.go"), "package newer\n\nimport \"runtime\"\n\nfunc Version() string { return runtime.Version() }\n")
	s := loadtest.OpenStore(t)
	for _, compiled := range []int{1, 0} {
		events := new(loadtest.Events)
		l, err := standard.New(load.Config{Store: s, Events: events.Sink})
		require.NoError(t, err)
		m, err := l.Load(t.Context(), dir)
		require.NoError(t, err)
		out, err := m.Call(t.Context(), "Version")
		require.NoError(t, err)
		release, _ := out[0].(string)
		assert.GreaterOrEqual(t, version.Compare(release, "go1.27.1"), 0, release) // newer where such a one runs this test
		assert.Equal(t, compiled, len(loadtest.EventsOf[event.Compiled](events)))
		require.NoError(t, l.Close(t.Context()))
	}
}
