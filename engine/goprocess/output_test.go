package goprocess

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// refill is a host's writer for whose every byte the module has printed another one.
type refill struct {
	out   *pipe
	taken int
	stop  bool
}

func (r *refill) Write(data []byte) (int, error) {
	r.taken += len(data)
	if r.stop {
		return len(data), nil
	}
	return r.out.write.Write(data)
}

func newRefill(t *testing.T) (*refill, *pipe) {
	t.Helper()
	to := new(refill)
	out, err := newOutput(to, new(order), nil)
	require.NoError(t, err)
	to.out = out
	return to, out
}

// TestEndlessOutput: who wants what a module has printed so far does not wait for a module that
// goes on printing.
func TestEndlessOutput(t *testing.T) {
	t.Parallel()
	to, out := newRefill(t)
	_, err := out.write.Write(make([]byte, 10_000))
	require.NoError(t, err)
	out.catchUp()
	assert.GreaterOrEqual(t, to.taken, 10_000, "all that was there")
	assert.LessOrEqual(t, to.taken, pipeSize+len(out.buf))

	to.stop = true
	require.NoError(t, out.write.Close())
	out.copy()
	assert.GreaterOrEqual(t, to.taken, 20_000, "the rest")
}

// TestEndlessOutputIsLeft: a process that outlives the module and goes on printing does not hold up
// the module's end.
func TestEndlessOutputIsLeft(t *testing.T) {
	t.Parallel()
	_, out := newRefill(t)
	_, err := out.write.Write([]byte("x"))
	require.NoError(t, err)
	go out.copy()
	left := make(chan struct{})
	go func() {
		defer close(left)
		out.wait()
	}()
	select {
	case <-left:
	case <-time.After(20 * time.Second):
		t.Fatal("it is waited for")
	}
	require.NoError(t, out.write.Close())
}
