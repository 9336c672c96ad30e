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
