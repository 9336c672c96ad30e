package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// TestServed: what can be counted by hand comes out so.
func TestServed(t *testing.T) {
	t.Parallel()
	c := costs{
		hosts: 4, modules: 2, questions: 3, files: 1, size: 1e6, answer: time.Millisecond, send: 2 * time.Millisecond, workers: 4, bandwidth: 1e6, hostBandwidth: 1e9, compile: 10 * time.Second,
	}
	one := c.served(1)
	assert.Equal(t, 8, one.requests)
	assert.InDelta(t, 2e6, one.bytes, 1)
	assert.InDelta(t, 2.010, one.took.Seconds(), 0.001)
	all := c.served(4)
	assert.Equal(t, 32, all.requests)
	assert.InDelta(t, 8, all.took.Seconds(), 0.05, "the line carries 8 MB in 8 s")
	mirror, origin := c.mirrored(2)
	assert.Equal(t, 16, origin.requests)
	assert.Equal(t, 16, mirror.requests)
	assert.Equal(t, 20*time.Second, c.compiled())
}
