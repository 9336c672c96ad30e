package engine_test

import (
	"errors"
	"sync"
	"testing"

	"github.com/loadgo/load/engine"
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
					if u.Running() < 1 {
						t.Error("a call that runs is not counted")
					}
					u.End(nil)
				}
			})
		}
		u.Refuse()
		u.Refuse()
		wg.Wait()
		if !u.Refused() || u.Running() != 0 {
			t.Errorf("refused %v, %d calls", u.Refused(), u.Running())
		}
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
