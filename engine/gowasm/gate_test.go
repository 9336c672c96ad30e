package gowasm

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestGateHolder: what the module does for a call on top of a cancelled one does not count for that
// one, unless the context of the call on top cannot end.
func TestGateHolder(t *testing.T) {
	t.Parallel()
	g := newGate()
	ctx, cancel := context.WithCancel(t.Context())
	gone, other, within := &entry{ctx: ctx, watched: true}, &entry{ctx: t.Context()}, &entry{ctx: context.Background()}
	assert.True(t, g.enter(gone))
	cancel()
	assert.True(t, g.cancel(gone))
	runs := func() bool {
		_, runs := g.where(gone)
		return runs
	}
	deaf := func() (got *entry) {
		for range maxDeaf + 1 {
			got = g.deaf()
		}
		return got
	}
	assert.True(t, runs())
	g.suspend()
	assert.False(t, runs(), "it waits in the host")
	assert.True(t, g.enter(other))
	assert.False(t, runs(), "another call runs")
	assert.Nil(t, deaf())
	g.leave()
	assert.True(t, g.enter(within))
	assert.True(t, runs(), "a call that cannot end runs on top of it")
	assert.Same(t, gone, deaf())
	g.leave()
	g.resume(gone)
	gone.serves = true
	assert.Nil(t, deaf(), "it answers a request")
	g.leave()
	inside, _ := g.where(gone)
	assert.False(t, inside)
}
