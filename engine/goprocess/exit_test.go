package goprocess_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/loadgo/load/engine/goprocess"
)

// exits is a module whose functions end their goroutines themselves.
const exits = `package exits

import "runtime"

var deferred int

func Deferred() int { return deferred }
func Exit() { defer func() { deferred++ }(); runtime.Goexit() }
func ExitIn(f func()) { defer f(); runtime.Goexit() }
func ExitWith(n int) int { if n > 0 { runtime.Goexit() }; return n }
func Spawn() { done := make(chan bool); go func() { defer close(done); Exit() }(); <-done }
`

// TestExit: where a module ends the goroutine of a call, the caller's ends, and the module goes on.
func TestExit(t *testing.T) {
	t.Parallel()
	m := openFiles(t.Context(), t, goprocess.Config{}, map[string]string{"exits.go": exits})
	ends := func(f func()) bool {
		ended := make(chan bool)
		go func() {
			went := true
			defer func() { ended <- went }()
			f()
			went = false
		}()
		return <-ended
	}
	deferred := bound[func() int](t, m, "Deferred")
	assert.True(t, ends(bound[func()](t, m, "Exit")))
	assert.Equal(t, 1, deferred())
	called := 0
	assert.True(t, ends(func() { bound[func(func())](t, m, "ExitIn")(func() { called = deferred() }) }))
	assert.Equal(t, 1, called, "a deferred function calls the host, which calls the module")
	assert.True(t, ends(func() { bound[func(int) int](t, m, "ExitWith")(1) }))
	assert.False(t, ends(func() { bound[func(int) int](t, m, "ExitWith")(0) }))
	assert.False(t, ends(bound[func()](t, m, "Spawn")), "a goroutine of the module's own")
	for range 100 {
		assert.True(t, ends(bound[func()](t, m, "Exit")))
	}
	assert.Equal(t, 102, deferred())
}
