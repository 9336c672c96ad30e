package progress_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/loadgo/load/event"
	"github.com/loadgo/load/internal/progress"
)

// Beside a terminal there is a line for each module that was downloaded, and nothing else.
func TestPipe(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	l := progress.New(&b)
	l.Begin()
	for _, e := range []event.Event{
		event.Resolved{Name: "example.com/hello", Version: "v1.0.0"},
		event.Downloaded{Bytes: 1 << 20},
		event.Deprecated{},
		event.Installed{Name: "example.com/hello", Version: "v1.0.0", Modules: 2},
		event.Compiled{Name: "example.com/hello"},
		event.Loaded{},
		event.Downloaded{Bytes: 1 << 20},
		event.Installed{Name: "example.com/broken", Version: "v1.0.0", Modules: 2},
		event.Output{Line: "panic: no"},
		event.Failed{Err: errors.New("no")}, // the error is what there is to say
	} {
		l.Show(e)
	}
	l.End()
	assert.Equal(t, "load: installed example.com/hello@v1.0.0: 2 modules (0s)\n", b.String())

	b.Reset()
	l.Show(event.Installed{Name: "example.com/hello", Version: "v1.0.0", Modules: 3}) // of what was here
	l.Quiet()
	l.Show(event.Downloaded{Bytes: 1 << 20})
	l.Show(event.Installed{Name: "example.com/hello", Version: "v1.0.0", Modules: 2})
	assert.Zero(t, b.Len(), b.String())
}
