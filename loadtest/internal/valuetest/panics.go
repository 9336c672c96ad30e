package valuetest

import (
	"errors"
	"io"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/loadtest/internal/gosuite"
)

// testPanics: what is panicked with is the same value on the other side.
func (s suite) testPanics(t *testing.T) {
	m := s.Testdata(t, "faults", 0)
	own := errors.New("own")
	run := gosuite.Bound[func(func()) error](t, m, "Run")
	// Through the module, and back to the host.
	for _, v := range []any{own, io.EOF, "text", 7, 2.5, struct{ A int }{3}, []string{"x"}} {
		var p *engine.PanicError
		err := run(func() { panic(v) })
		require.ErrorAs(t, err, &p)
		assert.Equal(t, v, p.Recovered)
		if e, ok := v.(error); ok {
			assert.ErrorIs(t, err, e)
		}
	}
	// Of the module.
	base := value[error](t, m, "ErrBase")
	assert.ErrorIs(t, gosuite.Bound[func() error](t, m, "PanicBase")(), base)
	_, found := engine.AsType(gosuite.Bound[func(int) error](t, m, "PanicCode")(4), "*faults.Code")
	assert.True(t, found)
	var p *engine.PanicError
	require.ErrorAs(t, gosuite.Bound[func(int) error](t, m, "PanicInt")(5), &p)
	assert.Equal(t, 5, p.Recovered)
	_, err := gosuite.Bound[func() (int, error)](t, m, "PanicIndex")()
	require.ErrorAs(t, err, &p)
	assert.Contains(t, err.Error(), "index out of range")
	err = gosuite.Bound[func(error) error](t, m, "PanicErr")(own)
	require.ErrorAs(t, err, &p)
	assert.ErrorIs(t, err, own)
	// The module recovers.
	assert.Same(t, own, gosuite.Bound[func(func()) error](t, m, "RecoveredErr")(func() { panic(own) }))
	assert.Equal(t, io.EOF, gosuite.Bound[func(func()) error](t, m, "RecoveredErr")(func() { panic(io.EOF) }))
	assert.ErrorIs(t, gosuite.Bound[func(func()) error](t, m, "RecoveredErr")(func() { panic(base) }), base)
	assert.Equal(t, "text", gosuite.Bound[func(func()) string](t, m, "RecoveredText")(func() { panic("text") }))
	assert.Equal(t, 7, gosuite.Bound[func(func()) any](t, m, "Recovered")(func() { panic(7) }))
	assert.Nil(t, gosuite.Bound[func(func()) any](t, m, "Recovered")(func() {}))
	// There and back again.
	err = run(func() {
		_ = gosuite.Bound[func(func())](t, m, "Guarded")
		gosuite.Bound[func(func())](t, m, "Run")(func() { panic(own) })
	})
	assert.ErrorIs(t, err, own)
}

// testGoexit: runtime.Goexit ends the goroutine, and nothing waits for it.
func (s suite) testGoexit(t *testing.T) {
	m := s.Testdata(t, "faults", 0)
	deferred := gosuite.Bound[func() int](t, m, "Deferred")
	for _, symbol := range []string{"Run", "Guarded", "Recovered", "RecoveredText"} {
		before := deferred()
		ended := make(chan bool)
		go func() {
			went := true
			defer func() { ended <- went }()
			_, _ = m.Call(t.Context(), symbol, []any{func() { runtime.Goexit() }})
			went = false
		}()
		assert.True(t, <-ended, "%s: the goroutine went on", symbol)
		if symbol == "Guarded" {
			assert.Equal(t, before+1, deferred())
		}
	}
	// In a goroutine of the module, that one ends.
	gosuite.Bound[func(func())](t, m, "Spawned")(func() { runtime.Goexit() })
	// The next call works.
	assert.Equal(t, 3, gosuite.Bound[func(error) int](t, m, "CodeIn")(gosuite.Bound[func(int) error](t, m, "NewCode")(3)))
}
