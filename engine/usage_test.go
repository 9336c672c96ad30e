package engine_test

import (
	"errors"
	"sync"
	"testing"

	"github.com/loadgo/load/engine"
	"github.com/stretchr/testify/assert"
)

// Calls that begin before a refusal end; none begins after it.
func TestUsage(t *testing.T) {
	t.Parallel()
	for range 200 {
		var u engine.Usage
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for {
					err := u.Begin()
					if errors.Is(err, engine.ErrUnloaded) {
						return
					}
					assert.GreaterOrEqual(t, u.Running(), 1, "a call that runs is not counted")
					u.End(nil)
				}
			})
		}
		u.Refuse()
		u.Refuse()
		wg.Wait()
		assert.Truef(t, u.Refused(), "refused %v, %d calls", u.Refused(), u.Running())
		assert.Zerof(t, u.Running(), "refused %v, %d calls", u.Refused(), u.Running())
	}
}

// BenchmarkUsage measures what counting adds to a call.
func BenchmarkUsage(b *testing.B) {
	var u engine.Usage
	for b.Loop() {
		if u.Begin() == nil {
			u.End(nil)
		}
	}
}
