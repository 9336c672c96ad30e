package wasm_test

import (
	"context"
	"errors"
	"io"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load"
	"github.com/loadgo/load/engine/wasm"
	"github.com/loadgo/load/internal/wasmrun"
)

// TestDescriptors: what a module opens takes a bounded part of the host, and no number that it
// chooses makes room for those below.
func TestDescriptors(t *testing.T) {
	t.Parallel()
	m := newWorld(t, wasm.Config{ReadOnly: []string{t.TempDir()}}).load(t, "wasi.wasm")
	renumber, err := load.Func[func(int32) int32](m, "renumber")
	require.NoError(t, err)
	for _, to := range []int32{1<<31 - 1, 1 << 20, 2000, 100, -1} {
		assert.EqualValues(t, 58, renumber(to), "not supported: %d", to)
	}
	hoard, err := load.Func[func(int32) int32](m, "hoard")
	require.NoError(t, err)
	closeLast, err := load.Func[func() int32](m, "close")
	require.NoError(t, err)
	assert.Less(t, hoard(4), int32(wasmrun.MaxOpen), "of what is granted")
	assert.Zero(t, hoard(3), "of the root: they count together")
	assert.Zero(t, closeLast())
	assert.EqualValues(t, 1, hoard(4), "what is closed makes room")
}

// signal tells that something was written.
type signal chan struct{}

func (s signal) Write(data []byte) (int, error) {
	select {
	case s <- struct{}{}:
	default:
	}
	return len(data), nil
}

// TestPrintEnds: one call of WASI that prints for days ends with the call of the module.
func TestPrintEnds(t *testing.T) {
	t.Parallel()
	began := make(signal, 1)
	m := newWorld(t, wasm.Config{Stdout: began, Stderr: began}).load(t, "wasi.wasm")
	for _, fd := range []int32{1, 2} {
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			<-began
			cancel()
		}()
		_, err := m.Call(ctx, "print", fd)
		require.ErrorIs(t, err, context.Canceled)
	}
	random, err := load.Func[func() int32](m, "random")
	require.NoError(t, err)
	require.Zero(t, random())
}

// TestParts: a check comes before every part of what crosses.
func TestParts(t *testing.T) {
	t.Parallel()
	checks := 0
	check := func() { checks++ }
	n, err := wasmrun.Writer{To: io.Discard, Check: check}.Write(make([]byte, 1<<20))
	require.NoError(t, err)
	require.Equal(t, 1<<20, n)
	require.Equal(t, 16, checks)
	checks = 0
	_, err = io.ReadFull(wasmrun.Reader{From: zeros{}, Check: check}, make([]byte, 1<<20))
	require.NoError(t, err)
	require.Equal(t, 16, checks)
	n, err = wasmrun.Writer{To: &short{}, Check: check}.Write(make([]byte, 1<<20))
	require.ErrorIs(t, err, io.ErrShortWrite)
	require.Equal(t, 10, n)
}

// TestUntil: what goes on is not waited for once the context has ended.
func TestUntil(t *testing.T) {
	t.Parallel()
	failed := errors.New("failed")
	require.ErrorIs(t, wasmrun.Until(t.Context(), func() error { return failed }), failed)
	require.ErrorContains(t, wasmrun.Until(t.Context(), func() error { panic("a bug") }), "a bug")
	ctx, cancel := context.WithCancelCause(t.Context())
	goesOn, ended := make(chan struct{}), make(chan struct{})
	err := wasmrun.Until(ctx, func() error {
		defer close(ended)
		cancel(failed)
		<-goesOn
		return nil
	})
	require.ErrorIs(t, err, failed)
	close(goesOn)
	<-ended
}

type zeros struct{}

func (zeros) Read(data []byte) (int, error) { clear(data); return len(data), nil }

type short struct{}

func (*short) Write([]byte) (int, error) { return 10, io.ErrShortWrite }
