package gowasm_test

import (
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/engine/gowasm"
	"github.com/loadgo/load/event"
	"github.com/loadgo/load/loadtest"
)

// TestLongPaths: what a module calls the files that it asks for is not kept, where that is longer
// than any file is called. The test runs alone: it measures the memory of the whole program.
func TestLongPaths(t *testing.T) {
	var e loadtest.Events
	m := openTold(t, gowasm.Config{Memory: 64 << 20}, map[string]string{"m.go": `package paths

import (
	"errors"
	"os"
	"strings"
)

// Make tries to make files of different long names, and returns the reason of the last.
func Make(files int) string {
	name := "/" + strings.Repeat("a", 8<<20)
	var failed *os.PathError
	for range files {
		_, err := os.Create(name)
		errors.As(err, &failed)
		name = name[:len(name)-1]
	}
	return failed.Err.Error()
}
`}, e.Sink)
	live := func() uint64 {
		runtime.GC()
		var ms runtime.MemStats
		runtime.ReadMemStats(&ms)
		return ms.HeapAlloc
	}
	before := live()
	reason, err := m.Call(t.Context(), "Make", []any{10})
	require.NoError(t, err)
	assert.Equal(t, []any{"File name too long"}, reason)
	assert.Less(t, live(), before+8<<20)
	assert.Empty(t, loadtest.EventsOf[event.Refused](&e))
}
