package loadtest

import (
	"context"
	"embed"
	"io"
	"testing"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/event"
	"github.com/loadgo/load/loadtest/internal/anytest"
	"github.com/loadgo/load/loadtest/internal/askedtest"
	"github.com/loadgo/load/loadtest/internal/embedtest"
	"github.com/loadgo/load/loadtest/internal/gosuite"
	"github.com/loadgo/load/loadtest/internal/keptest"
	"github.com/loadgo/load/loadtest/internal/lifetest"
	"github.com/loadgo/load/loadtest/internal/resulttest"
	"github.com/loadgo/load/loadtest/internal/valuetest"
	"github.com/loadgo/load/loadtest/internal/webtest"
)

// sources are packages that have a function for every way in which values cross, and in which a
// module's life can end.
//
//go:embed testdata/values/*.go testdata/web/*.go testdata/faults/*.go testdata/life/*.go testdata/forms/*.go testdata/formless/*.go testdata/embedded/*.go testdata/inany/*.go
var sources embed.FS

// GoOptions are what a test wants of an engine for Go packages, beside its usual settings.
type GoOptions struct {
	Context    context.Context // bounds the start of the module, not its life; never nil
	MaxMessage int             // limit of the arguments and results of a call, in bytes; 0: the engine's own
	Env        []string        // the module's environment, as "NAME=value"
	Stdout     io.Writer       // what the module prints goes here; nil: to Events
	Events     event.Sink      // of the module; may be nil
}

// TestGoEngine checks that an engine for Go packages follows the rules of how values cross, and of
// how a module lives and ends. Open builds the package made of the files, which are named by their
// base names, calls it "sample", and opens it. The error is that of [engine.Engine.Open]; whatever
// else goes wrong fails the test. The instance is closed when the test ends.
func TestGoEngine(t *testing.T, open func(t testing.TB, files map[string]string, o GoOptions) (engine.Instance, error)) {
	s := gosuite.Suite{Sources: sources, Start: func(t testing.TB, files map[string]string, o gosuite.Options) (engine.Instance, error) {
		return open(t, files, GoOptions(o))
	}}
	events := func() lifetest.Events { return new(Events) }
	for _, tests := range []map[string]func(*testing.T){valuetest.Tests(s), anytest.Tests(s), askedtest.Tests(s), embedtest.Tests(s), keptest.Tests(s), resulttest.Tests(s), webtest.Tests(s), lifetest.Tests(s, events)} {
		for name, test := range tests {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				test(t)
			})
		}
	}
}
