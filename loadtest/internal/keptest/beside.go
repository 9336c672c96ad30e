package keptest

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/loadgo/load/loadtest/internal/gosuite"
)

type memo struct {
	Text string
	Each func() string
	Any  any
}

// listener reads a memo for calls of several goroutines.
type listener interface{ Hear(m *memo) string }

type reader struct{ heard sync.Map }

func (r *reader) Hear(m *memo) string {
	r.heard.Store(m.Text, true)
	return m.Text
}

// testBeside checks what functions of the host see of what a call shares, of whom several run at
// once, or when the call is over.
func (s suite) testBeside(t *testing.T) {
	m := s.Testdata(t, "values", 0)
	t.Run("runs on", func(t *testing.T) {
		begun := gosuite.Bound[func()](t, m, "Begun")
		shared := &memo{Text: "given"}
		var second string
		gosuite.Bound[func(*memo, func(), func())](t, m, "Beside")(shared, func() {
			begun()
			before := shared.Text
			time.Sleep(10 * time.Millisecond) // lets the other one come
			assert.Equal(t, before, shared.Text, "it is not written while the function runs")
		}, func() { second = shared.Text })
		assert.Equal(t, "second", second)
		assert.Equal(t, "second, then the end", shared.Text)
	})
	t.Run("in parts", func(t *testing.T) {
		shared := &memo{}
		shared.Each = func() string { return shared.Text }
		shared.Any = func() string { return shared.Text }
		assert.Equal(t, []string{"told", "told again"}, gosuite.Bound[func(*memo) []string](t, m, "Told")(shared))
	})
	t.Run("given by several calls", func(t *testing.T) {
		hears := gosuite.Bound[func(*memo, listener, string, func()) string](t, m, "Hears")
		common := &reader{}
		heard := hears(&memo{}, common, "outer", func() {
			assert.Equal(t, "inner!", hears(&memo{}, common, "inner", func() {}))
		})
		assert.Equal(t, "outer!", heard)
		var calls sync.WaitGroup
		for _, text := range []string{"a", "b", "c", "d"} {
			calls.Go(func() {
				for range 10 {
					assert.Equal(t, text+"!", hears(&memo{}, common, text, func() {}))
				}
			})
		}
		calls.Wait()
	})
	t.Run("afterwards", func(t *testing.T) {
		then := gosuite.Bound[func()](t, m, "Then")
		shared, seen := &memo{}, make(chan string, 1)
		var other sync.WaitGroup
		other.Go(then)
		gosuite.Bound[func(*memo, func())](t, m, "Afterwards")(shared, func() { seen <- shared.Text })
		other.Wait()
		assert.Equal(t, "afterwards", <-seen)
	})
}
