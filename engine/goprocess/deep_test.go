package goprocess_test

import (
	"runtime"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/engine/goprocess"
)

const deepCalls = `package sample

func Deep(n int, f func(int)) {
	if n == 0 {
		panic("end")
	}
	f(n - 1)
}
`

// TestWithinDeep: calls within calls take no stack of the host without end, and what a panic costs
// there does not depend on how deep it is.
func TestWithinDeep(t *testing.T) {
	t.Parallel()
	m := openFiles(t.Context(), t, goprocess.Config{}, map[string]string{"sample.go": deepCalls})
	deep := bound[func(int, func(int)) error](t, m, "Deep")
	var frames atomic.Int64
	var f func(int)
	f = func(n int) {
		frames.Store(max(frames.Load(), int64(runtime.Callers(0, make([]uintptr, 100_000)))))
		if err := deep(n, f); err != nil {
			panic(err)
		}
	}
	err := deep(600, f)
	var panicked *engine.PanicError
	require.ErrorAs(t, err, &panicked)
	assert.Equal(t, "end", panicked.Recovered)
	assert.Less(t, len(panicked.Stack), 64<<10)
	assert.Positive(t, frames.Load())
	assert.Less(t, frames.Load(), int64(8000))
}
