package loadtest

import (
	"embed"
	"testing"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/loadtest/internal/gosuite"
	"github.com/loadgo/load/loadtest/internal/keptest"
	"github.com/loadgo/load/loadtest/internal/valuetest"
	"github.com/loadgo/load/loadtest/internal/webtest"
)

// sources are packages that have a function for every way in which values cross.
//
//go:embed testdata/values/*.go testdata/web/*.go testdata/faults/*.go
var sources embed.FS

// TestGoEngine checks that an engine for Go packages follows the rules of how values cross. Open
// builds the package made of the files, which are named by their base names, and opens it, with
// that limit of the arguments and results of a call, in bytes, or the engine's own for 0; it fails
// the test if it cannot. Its instance is closed when the test ends.
func TestGoEngine(t *testing.T, open func(t testing.TB, files map[string]string, maxMessage int) engine.Instance) {
	s := gosuite.Suite{Open: open, Sources: sources}
	for _, tests := range []map[string]func(*testing.T){valuetest.Tests(s), keptest.Tests(s), webtest.Tests(s)} {
		for name, test := range tests {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				test(t)
			})
		}
	}
}
