package loadtest

import (
	"errors"
	"io"
	"runtime"
	"testing"

	"github.com/loadgo/load/engine"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// testPanics: what is panicked with is the same value on the other side.
func (s goSuite) testPanics(t *testing.T) {
	m := s.testdata(t, "faults", 0)
	own := errors.New("own")
	run := bound[func(func()) error](t, m, "Run")
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
	assert.ErrorIs(t, bound[func() error](t, m, "PanicBase")(), base)
	_, found := engine.AsType(bound[func(int) error](t, m, "PanicCode")(4), "*faults.Code")
	assert.True(t, found)
	var p *engine.PanicError
	require.ErrorAs(t, bound[func(int) error](t, m, "PanicInt")(5), &p)
	assert.Equal(t, 5, p.Recovered)
	_, err := bound[func() (int, error)](t, m, "PanicIndex")()
	require.ErrorAs(t, err, &p)
	assert.Contains(t, err.Error(), "index out of range")
	err = bound[func(error) error](t, m, "PanicErr")(own)
	require.ErrorAs(t, err, &p)
	assert.ErrorIs(t, err, own)
	// The module recovers.
	assert.Same(t, own, bound[func(func()) error](t, m, "RecoveredErr")(func() { panic(own) }))
	assert.Equal(t, io.EOF, bound[func(func()) error](t, m, "RecoveredErr")(func() { panic(io.EOF) }))
	assert.ErrorIs(t, bound[func(func()) error](t, m, "RecoveredErr")(func() { panic(base) }), base)
	assert.Equal(t, "text", bound[func(func()) string](t, m, "RecoveredText")(func() { panic("text") }))
	assert.Equal(t, 7, bound[func(func()) any](t, m, "Recovered")(func() { panic(7) }))
	assert.Nil(t, bound[func(func()) any](t, m, "Recovered")(func() {}))
	// There and back again.
	err = run(func() {
		_ = bound[func(func())](t, m, "Guarded")
		bound[func(func())](t, m, "Run")(func() { panic(own) })
	})
	assert.ErrorIs(t, err, own)
}

// testGoexit: runtime.Goexit ends the goroutine, and nothing waits for it.
func (s goSuite) testGoexit(t *testing.T) {
	m := s.testdata(t, "faults", 0)
	deferred := bound[func() int](t, m, "Deferred")
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
	bound[func(func())](t, m, "Spawned")(func() { runtime.Goexit() })
	// The next call works.
	assert.Equal(t, 3, bound[func(error) int](t, m, "CodeIn")(bound[func(int) error](t, m, "NewCode")(3)))
}
