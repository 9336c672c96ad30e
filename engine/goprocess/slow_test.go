package goprocess_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/engine/goprocess"
)

// waiting has a function that tells which goroutine runs it, and may take long.
const waiting = `package sample

import (
	"bytes"
	"runtime"
)

var release = make(chan struct{})

func Wait(begins func()) string {
	if begins != nil {
		begins()
		<-release
	}
	stack := make([]byte, 64)
	return string(bytes.Fields(stack[:runtime.Stack(stack, false)])[1])
}

func Release() { close(release) }
`

// TestSlowOnce: a function that took long once, perhaps because the machine was busy, does not run
// in goroutines of its own for ever. That costs more than a short call does.
func TestSlowOnce(t *testing.T) {
	t.Parallel()
	m := openFiles(t.Context(), t, goprocess.Config{}, map[string]string{"sample.go": waiting})
	wait := bound[func(func()) (string, error)](t, m, "Wait")
	begun, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		_, err := wait(func() { close(begun) })
		assert.NoError(t, err)
	}()
	<-begun
	require.NoError(t, bound[func() error](t, m, "Release")(), "it is read once another goroutine reads")
	<-ended
	last, again := "", false
	for i := 0; i < 10_000 && !again; i++ {
		id, err := wait(nil)
		require.NoError(t, err)
		again, last = id == last, id
	}
	assert.True(t, again, "two calls in one goroutine")
}
