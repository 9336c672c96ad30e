package wire

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestPatience(t *testing.T) {
	var p Patience
	leftOut := func() (n int) {
		for !p.Look() {
			n++
		}
		return n
	}
	assert.Zero(t, leftOut(), "the first look")
	for _, want := range []int{1, 2, 4, 8, 16, 32, 64, 64, 64} {
		p.Failed()
		assert.Equal(t, want, leftOut())
	}
	p.Found()
	assert.Zero(t, leftOut(), "after a find")
	p.Failed()
	assert.Equal(t, 1, leftOut(), "it begins again")
}
