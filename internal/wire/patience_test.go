package wire

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestPatience(t *testing.T) {
	defer func(before bool) { severalProcessors = before }(severalProcessors)
	severalProcessors = true
	var p Patience
	leftOut := func() (n int) {
		for ; !p.worthIt() && n < 1000; n++ {
		}
		return n
	}
	assert.Equal(t, 1000, leftOut(), "nothing has come soon")
	p.Slept(time.Millisecond)
	assert.Equal(t, 1000, leftOut(), "after a long sleep")
	p.Slept(time.Microsecond)
	assert.Zero(t, leftOut(), "the first look")
	for _, want := range []int{1, 2, 4, 8, 16, 32, 64, 64, 64} {
		p.failed()
		assert.Equal(t, want, leftOut())
	}
	assert.True(t, p.Look(1, func() bool { return true }, nil))
	assert.Zero(t, leftOut(), "after a find")
	p.failed()
	assert.Equal(t, 1, leftOut(), "it begins again")
}

// TestPatienceLost: where others compute, looks are left out for ever longer, until one finds
// something without them.
func TestPatienceLost(t *testing.T) {
	t.Parallel()
	var p Patience
	p.Slept(time.Microsecond)
	at := time.Unix(1_000_000_000, 0)
	assert.False(t, p.lost(at, at.Add(lostAfter)), "the other side worked")
	assert.True(t, p.until.IsZero())
	const slice = 3 * time.Millisecond
	for _, times := range []time.Duration{2, 4, 8, 16, 32, 64, 64} {
		assert.True(t, p.lost(at, at.Add(slice)))
		p.found(true)
		at = at.Add(slice)
		assert.Equal(t, times*slice, p.until.Sub(at))
		assert.False(t, p.over(p.until.Add(-1)))
		at = p.until
		assert.True(t, p.over(at))
	}
	p.found(false)
	assert.True(t, p.lost(at, at.Add(slice)))
	assert.Equal(t, 2*slice, p.until.Sub(at.Add(slice)), "it begins again")
}
