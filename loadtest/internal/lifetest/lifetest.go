// Package lifetest tests how the life of a module goes on and ends: that it starts or says why not,
// that what it prints arrives, that it crashes alone, and that a call ends with its context and with
// the module.
package lifetest

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/event"
	"github.com/loadgo/load/loadtest/internal/gosuite"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Events keeps what an engine tells, as loadtest.Events does.
type Events interface {
	Sink(told event.Event)
	All() []event.Event
	Wait(t testing.TB, what string, condition func(event.Event) bool)
}

type suite struct {
	gosuite.Suite
	events func() Events
}

// Tests returns the tests by name. Each module that they open tells its events to what events
// returns.
func Tests(s gosuite.Suite, events func() Events) map[string]func(*testing.T) {
	l := suite{s, events}
	return map[string]func(*testing.T){
		"Crash": l.testCrash, "Initialisation": l.testInitialisation, "Output": l.testOutput, "Close": l.testClose,
		"Cancel": l.testCancel,
	}
}

// open opens the module that misbehaves.
func (l suite) open(t *testing.T, o gosuite.Options) (engine.Instance, Events) {
	t.Helper()
	e := l.events()
	o.Events = e.Sink
	m, err := l.Open(t, "life", o)
	require.NoError(t, err)
	return m, e
}

func crashed(told event.Event) bool { _, ok := told.(event.Crashed); return ok }

// busy is what the functions print that take their time.
func busy(told event.Event) bool {
	o, ok := told.(event.Output)
	return ok && o.Line == "busy"
}

// testCrash: a module that ends is an error of the call that ended it and of every later one.
func (l suite) testCrash(t *testing.T) {
	for _, c := range []struct {
		symbol string
		args   []any
		text   string // how the error begins
	}{
		{"Exit", []any{3}, "sample crashed: exit status 3"},
		{"Exit", []any{0}, "sample crashed: exit status 0"},
		{"Goroutine", nil, "sample crashed: exit status 2\n\tpanic: in a goroutine\n"},
		{"Recurse", []any{0}, "sample crashed: "},
	} {
		t.Run(c.symbol, func(t *testing.T) {
			t.Parallel()
			m, e := l.open(t, gosuite.Options{})
			_, err := m.Call(t.Context(), c.symbol, c.args)
			require.ErrorIs(t, err, engine.ErrCrashed)
			assert.Truef(t, strings.HasPrefix(err.Error(), c.text), "got %v", err)
			_, err = m.Call(t.Context(), "Fine", nil)
			assert.ErrorIs(t, err, engine.ErrCrashed)
			assert.NotNil(t, m.(engine.Crashable).Crash().Load())
			e.Wait(t, "Crashed", crashed)
			assert.NoError(t, m.Close(t.Context()))
		})
	}
}

// testInitialisation: a module whose initialisation fails, exits or is cancelled is not opened.
func (l suite) testInitialisation(t *testing.T) {
	for begin, text := range map[string]string{
		"panic": "its initialisation panicked\n\tpanic: no good\n",
		"exit":  "its initialisation ended the module: exit status 4",
		"sleep": "its initialisation was cancelled",
	} {
		t.Run(begin, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			e := l.events()
			sink := func(told event.Event) {
				e.Sink(told)
				if busy(told) {
					cancel()
				}
			}
			_, err := l.Open(t, "life", gosuite.Options{Context: ctx, Events: sink, Env: []string{"BEGIN=" + begin}})
			var failed *engine.InitError
			require.ErrorAs(t, err, &failed)
			assert.Truef(t, strings.HasPrefix(err.Error(), text), "got %v", err)
			assert.Equal(t, begin == "sleep", errors.Is(err, context.Canceled))
		})
	}
}

// testOutput: lines arrive as events, too many at once are left out, and a writer has them when the
// call returns that printed them.
func (l suite) testOutput(t *testing.T) {
	m, e := l.open(t, gosuite.Options{})
	_, err := m.Call(t.Context(), "Say", []any{"to out", "to err"})
	require.NoError(t, err)
	for stream, line := range map[string]string{"stdout": "to out", "stderr": "to err"} {
		e.Wait(t, stream, func(told event.Event) bool {
			o, ok := told.(event.Output)
			return ok && o.Stream == stream && o.Line == line
		})
	}
	_, err = m.Call(t.Context(), "Flood", []any{20_000})
	require.NoError(t, err)
	e.Wait(t, "a cut flood", func(told event.Event) bool {
		o, ok := told.(event.Output)
		return ok && o.Line == "… more lines in this second are left out"
	})
	var out bytes.Buffer
	m, _ = l.open(t, gosuite.Options{Stdout: &out})
	for n := 1; n < 100; n++ {
		_, err := m.Call(t.Context(), "Say", []any{"to the writer", ""})
		require.NoError(t, err)
		require.Equal(t, strings.Repeat("to the writer\n", n), out.String())
	}
	assert.NoError(t, m.Close(t.Context()))
}

// running starts a call that does not end by itself and returns where its error will be.
func running(ctx context.Context, t *testing.T, m engine.Instance, e Events, symbol string) <-chan error {
	t.Helper()
	returned := make(chan error, 1)
	go func() {
		var args []any
		if symbol == "Sleep" {
			args = []any{60}
		}
		_, err := m.Call(ctx, symbol, args)
		returned <- err
	}()
	e.Wait(t, "the beginning of the call", busy)
	return returned
}

// testCancel: a call whose context ends returns at once, whatever it does.
func (l suite) testCancel(t *testing.T) {
	for _, symbol := range []string{"Sleep", "Spin"} {
		t.Run(symbol, func(t *testing.T) {
			t.Parallel()
			m, e := l.open(t, gosuite.Options{})
			ctx, cancel := context.WithCancel(t.Context())
			returned := running(ctx, t, m, e, symbol)
			cancel()
			assert.ErrorIs(t, <-returned, context.Canceled)
			assert.NoError(t, m.Close(t.Context()))
		})
	}
}

// testClose: a module that is closed ends the calls that run in it, which is no crash.
func (l suite) testClose(t *testing.T) {
	for _, symbol := range []string{"Sleep", "Spin"} {
		t.Run(symbol, func(t *testing.T) {
			t.Parallel()
			m, e := l.open(t, gosuite.Options{})
			returned := running(t.Context(), t, m, e, symbol)
			for range 2 {
				require.NoError(t, m.Close(t.Context()))
			}
			assert.ErrorIs(t, <-returned, engine.ErrUnloaded)
			_, err := m.Call(t.Context(), "Fine", nil)
			assert.ErrorIs(t, err, engine.ErrUnloaded)
			assert.False(t, slices.ContainsFunc(e.All(), crashed), "a close counted as a crash")
		})
	}
}
