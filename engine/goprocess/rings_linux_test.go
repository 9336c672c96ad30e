package goprocess_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/engine/goprocess"
	"github.com/loadgo/load/internal/wire"
)

// hostileRings keeps a mapping of its own of the memory that it shares with the host.
const hostileRings = `package hostile

import (
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"
)

const (
	direction = 4<<10 + 128<<10 // bytes of a ring, with its positions
	read      = 128             // where the position of the reader is
	asleep    = 256
	frames    = 4 << 10
)

var memory, mapped = syscall.Mmap(4, 0, 2*direction, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)

var kept, _ = syscall.Dup(4)

func word(at int) *atomic.Uint32 { return (*atomic.Uint32)(unsafe.Pointer(&memory[at])) }

func wake() { syscall.Write(3, []byte{0}); time.Sleep(time.Minute) }

func Fine() int           { return 1 }
func Echo(b []byte) []byte { return b }
func Mapped() error       { return mapped }
func Resize(n int) error  { return syscall.Ftruncate(kept, int64(n)) }
func Grow() error         { _, err := syscall.Pwrite(kept, []byte{1}, 2*direction); return err }
func Execute() error      { _, err := syscall.Mmap(kept, 0, 4096, syscall.PROT_READ|syscall.PROT_EXEC, syscall.MAP_SHARED); return err }

func Ahead()    { word(direction).Add(128<<10 + 1); wake() }
func Back()     { word(direction).Add(^uint32(0)); wake() }
func Partial()  { word(direction).Add(2); wake() }
func Long()     { at := word(direction); memory[direction+frames+int(at.Load()%(128<<10))+3] = 255; at.Add(5); wake() }
func Nonsense() {
	at := word(direction)
	for i, b := range []byte{2, 0, 0, 0, 200, 200} {
		memory[direction+frames+int((at.Load()+uint32(i))%(128<<10))] = b
	}
	at.Add(6)
	wake()
}
func Scribble() {
	for start := time.Now(); time.Since(start) < 300*time.Millisecond; {
		for i := range memory { memory[i] ^= byte(i*31) }
	}
	wake()
}

// Ignore says that the host's frames were read, as far as no position can be.
func Ignore() { word(read).Store(word(read).Load() + 1<<30) }

// Doze says over and over that this side sleeps, and reads no byte.
func Doze(ms int) { for start := time.Now(); time.Since(start) < time.Duration(ms)*time.Millisecond; { word(asleep).Store(1) } }

func Bytes(n int) {
	data := make([]byte, n)
	for i := range data {
		data[i] = 255
	}
	syscall.Write(3, data)
}
`

func openHostileRings(t *testing.T) engine.Instance {
	t.Helper()
	m := openTold(t, goprocess.Config{}, map[string]string{"m.go": hostileRings}, nil)
	require.Equal(t, 1, call(t, m, "Fine"), "the rings are in use")
	_, err := m.Call(t.Context(), "Mapped", nil)
	require.NoError(t, err)
	return m
}

// TestHostileRings: a module may write anything into the memory that it shares with the host.
func TestHostileRings(t *testing.T) {
	t.Parallel()
	m := openHostileRings(t)
	for symbol, args := range map[string][]any{"Resize": {0}, "Grow": nil} {
		_, err := m.Call(t.Context(), symbol, args)
		assert.ErrorContains(t, err, "operation not permitted", symbol)
	}
	_, err := m.Call(t.Context(), "Resize", []any{wire.RingMemory})
	require.NoError(t, err, "the size that it has")
	_, err = m.Call(t.Context(), "Doze", []any{50})
	require.NoError(t, err)
	require.Equal(t, 1, call(t, m, "Fine"))

	m = openHostileRings(t) // another one: bytes that wake nobody would stand before frames in the socket
	_, err = m.Call(t.Context(), "Ignore", nil)
	require.NoError(t, err)
	for range 3 { // through the socket, if need be
		require.Equal(t, 1, call(t, m, "Fine"))
	}
	for _, symbol := range []string{"Ahead", "Back", "Partial", "Long", "Nonsense"} {
		t.Run(symbol, func(t *testing.T) {
			t.Parallel()
			m := openHostileRings(t)
			_, err := m.Call(t.Context(), symbol, nil)
			require.ErrorIs(t, err, engine.ErrCrashed)
			assert.ErrorContains(t, err, "it broke the protocol")
			_, err = m.Call(t.Context(), "Fine", nil)
			require.ErrorIs(t, err, engine.ErrCrashed)
		})
	}
	t.Run("Scribble", func(t *testing.T) { // the answer may be lost, too
		t.Parallel()
		m := openHostileRings(t)
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		_, err := m.Call(ctx, "Scribble", nil)
		assert.Error(t, err)
		assert.NoError(t, m.Close(t.Context()))
	})
	t.Run("Bytes", func(t *testing.T) { // a wake-up too many changes nothing, or is found
		t.Parallel()
		m := openHostileRings(t)
		_, _ = m.Call(t.Context(), "Bytes", []any{1001})
		want := bytes.Repeat([]byte("abc"), 100<<10)
		for range 5 {
			if got, err := m.Call(t.Context(), "Echo", []any{want}); err == nil {
				assert.Equal(t, []any{want}, got)
			} else {
				assert.ErrorIs(t, err, engine.ErrCrashed)
			}
		}
	})
}

// TestRingAndSocket: calls of all sizes at once, whose frames go either way.
func TestRingAndSocket(t *testing.T) {
	t.Parallel()
	m := openFiles(t.Context(), t, goprocess.Config{}, map[string]string{"m.go": `package both

func Echo(b []byte) []byte { return b }

func Twice(b []byte, f func([]byte) ([]byte, error)) ([]byte, error) {
	b, err := f(b)
	if err != nil {
		return nil, err
	}
	return f(b)
}
`})
	sizes := []int{0, 10, 1000, 30 << 10, wire.MaxRingFrame - 100, wire.MaxRingFrame, 200 << 10}
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			random := rand.New(rand.NewPCG(uint64(g), 7))
			for i := range 150 {
				data := bytes.Repeat([]byte{byte(g), byte(i)}, sizes[random.IntN(len(sizes))]/2)
				symbol, args := "Echo", []any{data}
				if random.IntN(3) == 0 {
					symbol, args = "Twice", []any{data, func(b []byte) ([]byte, error) { return bytes.Clone(b), nil }}
				}
				got, err := m.Call(t.Context(), symbol, args)
				if !assert.NoError(t, err) || !assert.True(t, bytes.Equal(data, got[0].([]byte)), "%s of %d bytes", symbol, len(data)) {
					return
				}
			}
		})
	}
	wg.Wait()
}

// TestRingsAreGivenBack: a module that has ended leaves no memory mapped and no file open.
func TestRingsAreGivenBack(t *testing.T) {
	rings := func() int {
		maps, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", os.Getpid()))
		require.NoError(t, err)
		return strings.Count(string(maps), "load-rings")
	}
	m := openFiles(t.Context(), t, goprocess.Config{}, map[string]string{"m.go": "package rings\n\nfunc Fine() int { return 1 }\n"})
	require.Equal(t, 1, call(t, m, "Fine"))
	before := rings()
	require.NoError(t, m.Close(t.Context()))
	assert.Eventually(t, func() bool { return rings() < before }, 10*time.Second, time.Millisecond)
}
