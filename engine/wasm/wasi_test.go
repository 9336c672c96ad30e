package wasm_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load"
	"github.com/loadgo/load/engine/wasm"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/find/dir"
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

// straight is a module whose functions print, do one thing many times without a loop, and trap.
func straight(t *testing.T) string {
	t.Helper()
	number := func(n int32) []byte { // of 32 bits, in four more than it may need
		return []byte{0x41, byte(n) | 0x80, byte(n>>7) | 0x80, byte(n>>14) | 0x80, byte(n>>21) | 0x80, byte(n >> 28)}
	}
	const most = 64 << 20
	begin := bytes.Join([][]byte{{0}, number(1), number(0), number(1), number(16), {0x10, 0, 0x1a}}, nil)
	body := func(times int, parts ...[]byte) []byte {
		code := append(slices.Concat(begin, bytes.Repeat(bytes.Join(parts, nil), times)), 0, 0x0b)
		return append(binary.AppendUvarint(nil, uint64(len(code))), code...)
	}
	wasi, write := append([]byte{22}, "wasi_snapshot_preview1"...), append([]byte{8}, "fd_write"...)
	module := bytes.Join([][]byte{
		header,
		sectionOf(1, 2, 0x60, 0, 0, 0x60, 4, 0x7f, 0x7f, 0x7f, 0x7f, 1, 0x7f),
		sectionOf(2, slices.Concat([]byte{1}, wasi, write, []byte{0, 1})...),
		sectionOf(3, 3, 0, 0, 0),
		sectionOf(4, append([]byte{1, 0x70, 0}, binary.AppendUvarint(nil, 1_000_000)...)...),
		sectionOf(5, append([]byte{1, 0}, binary.AppendUvarint(nil, most>>16)...)...),
		sectionOf(7, []byte("\x04\x06memory\x02\x00\x04fill\x00\x01\x04copy\x00\x02\x05table\x00\x03")...),
		sectionOf(10, slices.Concat(
			[]byte{3},
			body(300, number(100), number(0), number(most-100), []byte{0xfc, 11, 0}),
			body(300, number(100), number(200), number(most-200), []byte{0xfc, 10, 0, 0}),
			body(500, number(0), []byte{0xd0, 0x70}, number(1_000_000), []byte{0xfc, 17, 0}),
		)...),
		sectionOf(11, 1, 0, 0x41, 0, 0x0b, 8, 100, 0, 0, 0, 1, 0, 0, 0),
	}, nil)
	place := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(place, "straight.wasm"), module, 0o600))
	return place
}

// TestStraightEnds: code without loops, whose instructions each do much, ends with its call.
func TestStraightEnds(t *testing.T) {
	began := make(signal, 1)
	w := newWorld(t, wasm.Config{Stdout: began}, func(c *load.Config) { c.Path = find.Path{dir.New(straight(t))} })
	m, err := w.Load(t.Context(), "straight.wasm")
	require.NoError(t, err)
	for _, symbol := range []string{"fill", "copy", "table"} {
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			<-began
			cancel()
		}()
		_, err := m.Call(ctx, symbol)
		require.ErrorIs(t, err, context.Canceled, symbol)
	}
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
