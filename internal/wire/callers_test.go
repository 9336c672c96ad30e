package wire

import (
	"runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestCallers(t *testing.T) {
	if Goroutine() == 0 {
		t.Skip("no goroutines are told apart on " + runtime.GOARCH)
	}
	var c Callers
	assert.Zero(t, c.Own())
	outer := c.Begin(1)
	assert.Zero(t, outer)
	assert.EqualValues(t, 1, c.Own())
	inner := c.Begin(2)
	assert.EqualValues(t, 1, inner)
	assert.EqualValues(t, 2, c.Own())
	c.End(inner)
	assert.EqualValues(t, 1, c.Own(), "the outer call goes on")
	c.End(outer)
	assert.Zero(t, c.Own())
}

// TestCallersHammer: more goroutines than there are places never get the call of another one.
func TestCallersHammer(t *testing.T) {
	var c Callers
	var group sync.WaitGroup
	for i := range 4 * callerSlots {
		group.Go(func() {
			own := uint64(2*i + 1)
			for range 200 {
				outer := c.Begin(own)
				inner := c.Begin(own + 1)
				if got := c.Own(); got != 0 && got != own+1 {
					t.Errorf("%d for %d", got, own+1)
				}
				c.End(inner)
				if got := c.Own(); got != 0 && got != own {
					t.Errorf("%d for %d", got, own)
				}
				c.End(outer)
			}
		})
	}
	group.Wait()
}
