//go:build unix

package goprocess_test

import (
	"context"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/loadgo/load/engine/goprocess"
	"github.com/loadgo/load/event"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestCancelWhileWriting: a module that does not read cannot hold its callers.
func TestCancelWhileWriting(t *testing.T) {
	t.Parallel()
	m, e := openMisbehaving(t, goprocess.Config{Grace: 50 * time.Millisecond})
	pid := call(t, m, "Pid").(int)
	require.NoError(t, syscall.Kill(pid, syscall.SIGSTOP))
	for _, size := range []int{10, 4 << 20, 10} {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		_, err := m.Call(ctx, "Say", []any{strings.Repeat("x", size), ""})
		cancel()
		assert.ErrorIsf(t, err, context.DeadlineExceeded, "%v", size)
	}
	e.Wait(t, "Overrun", func(ev event.Event) bool { _, ok := ev.(event.Overrun); return ok })
	require.NoError(t, syscall.Kill(pid, syscall.SIGCONT))
	assert.Equal(t, 1, call(t, m, "Fine"))
}

// TestCloseEndsProcess: nothing is left of a module that is closed while it is busy.
func TestCloseEndsProcess(t *testing.T) {
	t.Parallel()
	m, e := openMisbehaving(t, goprocess.Config{})
	pid := call(t, m, "Pid").(int)
	go func() { _, _ = m.Call(context.Background(), "Spin", nil) }()
	e.Wait(t, "the beginning of the call", func(ev event.Event) bool {
		o, ok := ev.(event.Output)
		return ok && o.Line == "spinning"
	})
	require.NoError(t, m.Close(t.Context()))
	assert.ErrorIs(t, syscall.Kill(pid, 0), syscall.ESRCH)
}
