package gowasm_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/engine/gowasm"
	"github.com/loadgo/load/internal/wasmrun"
	"github.com/loadgo/load/loadtest"
	"github.com/stretchr/testify/require"
)

// endless is a module whose functions do not end. Each prints "busy" first. The tests that call
// them do not run in parallel: each would take a processor from the others.
const endless = `package endless

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"time"
	"unsafe"
)

func Fine() int      { return 1 }

//go:wasmimport wasi_snapshot_preview1 fd_write
func write(fd int32, parts unsafe.Pointer, count uint32, n unsafe.Pointer) uint32

//go:wasmimport wasi_snapshot_preview1 fd_renumber
func renumber(from, to int32) uint32

func Renumber(to int32) uint32 { return renumber(3, to) }

type part struct{ at, size uint32 }

func Print() {
	text := make([]byte, 32<<20)
	parts := make([]part, 1<<20)
	for i := range parts { parts[i] = part{uint32(uintptr(unsafe.Pointer(&text[0]))), uint32(len(text))} }
	fmt.Println("busy")
	var n uint32
	write(1, unsafe.Pointer(&parts[0]), uint32(len(parts)), unsafe.Pointer(&n))
}

func Hoard() (n int) {
	for {
		if _, err := os.Open("/"); err != nil || n > 100000 { return n }
		n++
	}
}
func Loop()          { fmt.Println("busy"); for {} }
func Bytes() int     { fmt.Println("busy"); b, n := make([]byte, 1<<16), 0; for { for _, c := range b { n += int(c) } } }
func Nested() int    { fmt.Println("busy"); n := 0; for { for i := range 10 { for j := range 10 { n += i * j } } } }
func Goto()          { fmt.Println("busy"); again: goto again }
func fib(n int) int  { if n < 2 { return n }; return fib(n-1) + fib(n-2) }
func Recursion() int { fmt.Println("busy"); return fib(200) }
func odd(n int) bool { if n == 0 { return false }; return even(n - 1) || even(n - 2) }
func even(n int) bool { if n < 1 { return false }; return odd(n - 1) || odd(n - 2) }
func Mutual() bool   { fmt.Println("busy"); return odd(201) }
func Indirect() int  { fmt.Println("busy"); var f func(int) int; f = func(n int) int { if n < 2 { return n }; return f(n-1) + f(n-2) }; return f(200) }
func Copy()          { b := make([]byte, 256<<20); fmt.Println("busy"); for { copy(b, b[1:]) } }
func Clear()         { b := make([]byte, 256<<20); fmt.Println("busy"); for { clear(b) } }
func Compare()       { a, b := make([]byte, 64<<20), make([]byte, 64<<20); fmt.Println("busy"); for { if !bytes.Equal(a, b) { return } } }
func Allocate()      { fmt.Println("busy"); var b []byte; for { b = append(b[:0:0], make([]byte, 1<<20)...) } }
func Panics()        { fmt.Println("busy"); for { func() { defer func() { recover() }(); panic("again") }() } }
func Goroutines()    { fmt.Println("busy"); go func() { for {} }(); time.Sleep(time.Hour) }
func Sleep()         { fmt.Println("busy"); for { time.Sleep(time.Hour) } }
func Naps()          { fmt.Println("busy"); for { time.Sleep(time.Microsecond) } }
func Leave()         { go func() { for {} }() }
func Host(f func())  { fmt.Println("busy"); f(); for {} }
func Deaf(ctx context.Context) { fmt.Println("busy"); for {} }
func AskedOnce(ctx context.Context) { time.Sleep(5 * time.Millisecond); fmt.Println("busy"); for {} }
func NeverYields(ctx context.Context) error { fmt.Println("busy"); for { if err := ctx.Err(); err != nil { return err } } }
func Steps(ctx context.Context) { fmt.Println("busy"); for { fib(12); if ctx.Value("x") != nil { return } } }
`

func openEndless(t *testing.T, config gowasm.Config) (engine.Instance, *loadtest.Events) {
	t.Helper()
	var e loadtest.Events
	return openTold(t, config, map[string]string{"m.go": endless}, e.Sink), &e
}

// TestStop: while a call does not end, the host's garbage collector works; the call ends when its
// context does, and everything of its module is given back.
func TestStop(t *testing.T) {
	for _, symbol := range []string{
		"Loop", "Bytes", "Nested", "Goto", "Recursion", "Mutual", "Indirect", "Copy", "Clear", "Compare",
		"Allocate", "Panics", "Goroutines", "Sleep", "Naps", "Print",
	} {
		t.Run(symbol, func(t *testing.T) {
			m, e := openEndless(t, gowasm.Config{})
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			returned := make(chan error, 1)
			go func() {
				_, err := m.Call(ctx, symbol, nil)
				returned <- err
			}()
			e.Wait(t, "busy", busy)
			for range 3 {
				runtime.GC()
			}
			cancel()
			require.ErrorIs(t, <-returned, context.Canceled)
			e.Wait(t, "Crashed", crashed)
			_, err := m.Call(t.Context(), "Fine", nil)
			require.EqualError(t, err, "sample crashed: a call of "+symbol+" was cancelled and stopped")
			require.NoError(t, m.Close(t.Context()))
		})
	}
}

// TestDescriptors: what a module opens takes a bounded part of the host.
func TestDescriptors(t *testing.T) {
	m, _ := openEndless(t, gowasm.Config{})
	require.Less(t, bound[func() int](t, m, "Hoard")(), wasmrun.MaxOpen)
	renumber := bound[func(int32) uint32](t, m, "Renumber")
	for _, to := range []int32{1<<31 - 1, 1 << 20, 100, -1} {
		require.EqualValues(t, 58, renumber(to), "not supported: %d", to)
	}
}

// TestStopDeaf: a function that takes a context and computes on, without being told that it has
// ended, is stopped by what it computes and not by the time that those have who were told.
func TestStopDeaf(t *testing.T) {
	for _, symbol := range []string{"Deaf", "AskedOnce", "NeverYields", "Steps"} {
		t.Run(symbol, func(t *testing.T) {
			m, e := openEndless(t, gowasm.Config{})
			f := bound[func(context.Context) error](t, m, symbol)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			returned := make(chan error, 1)
			go func() { returned <- f(ctx) }()
			e.Wait(t, "busy", busy)
			cancel()
			require.ErrorIs(t, <-returned, context.Canceled)
			began := time.Now()
			e.Wait(t, "Crashed", crashed)
			require.Less(t, time.Since(began), gowasm.Patience, "it had the time of a call that was told")
			require.NoError(t, m.Close(t.Context()))
		})
	}
}

// TestStopByClose: Close ends what runs, also where its caller has no context that ends.
func TestStopByClose(t *testing.T) {
	for _, symbol := range []string{"Loop", "Recursion", "Copy", "Naps"} {
		m, e := openEndless(t, gowasm.Config{Pool: 2})
		failed := make(chan error, 2)
		for range 2 {
			go func() {
				_, err := m.Call(context.Background(), symbol, nil)
				failed <- err
			}()
		}
		e.Wait(t, "busy", busy)
		require.NoError(t, m.Close(context.Background()))
		require.ErrorIs(t, <-failed, engine.ErrUnloaded)
		require.ErrorIs(t, <-failed, engine.ErrUnloaded)
	}
}

// TestStopWithinHost: a module that called the host, which called it again, ends as a whole.
func TestStopWithinHost(t *testing.T) {
	m, e := openEndless(t, gowasm.Config{})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	host := bound[func(context.Context, func()) error](t, m, "Host")
	inner := make(chan error, 1)
	returned := make(chan error, 1)
	go func() {
		returned <- host(ctx, func() {
			_, err := m.Call(ctx, "Loop", nil)
			inner <- err
		})
	}()
	e.Wait(t, "busy", busy)
	runtime.GC()
	cancel()
	require.ErrorIs(t, <-returned, context.Canceled)
	require.Error(t, <-inner)
	require.NoError(t, m.Close(t.Context()))
}

// TestStopInitialisation: an initialisation that does not end lets the collector work and ends with
// the context.
func TestStopInitialisation(t *testing.T) {
	for _, c := range []struct{ place, what string }{
		{"init", "loop"}, {"variable", "loop"}, {"variable", "recursion"}, {"init", "memory"},
	} {
		t.Run(c.place+" "+c.what, func(t *testing.T) {
			e, a := opening(t, c.place, c.what)
			ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
			defer cancel()
			go runtime.GC()
			_, err := e.Open(ctx, a, nil)
			require.ErrorIs(t, err, context.DeadlineExceeded)
			var failed *engine.InitError
			require.ErrorAs(t, err, &failed)
			runtime.GC()
		})
	}
}

// TestStopLeftBehind: a goroutine that a call left behind and that does not end is stopped with the
// call in which it runs.
func TestStopLeftBehind(t *testing.T) {
	m, _ := openEndless(t, gowasm.Config{})
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	_, err := m.Call(ctx, "Leave", nil)
	if err == nil {
		_, err = m.Call(ctx, "Sleep", nil)
	}
	require.ErrorIs(t, err, context.DeadlineExceeded)
	runtime.GC()
	require.NoError(t, m.Close(t.Context()))
}

// TestTerminated: a host ends by SIGTERM while a call does not end and the collector works.
func TestTerminated(t *testing.T) {
	const endless = "GOWASM_ENDLESS" // set for the host
	if os.Getenv(endless) != "" {
		m, e := openEndless(t, gowasm.Config{})
		go func() { _, _ = m.Call(context.Background(), "Loop", nil) }()
		e.Wait(t, "busy", busy)
		os.Stdout.WriteString("ready\n")
		for {
			runtime.GC()
		}
	}
	if runtime.GOOS == "windows" {
		t.Skip("it has no SIGTERM")
	}
	host := exec.Command(os.Args[0], "-test.run=^TestTerminated$")
	host.Env = append(os.Environ(), endless+"=1", keptModules+"="+filepath.Dir(testDir), "TMPDIR="+t.TempDir())
	out, err := host.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, host.Start())
	defer func() { _ = host.Process.Kill() }()
	ready := make([]byte, len("ready\n"))
	_, err = out.Read(ready)
	require.NoError(t, err)
	require.Equal(t, "ready\n", string(ready))
	require.NoError(t, host.Process.Signal(syscall.SIGTERM))
	ended := make(chan error, 1)
	go func() { ended <- host.Wait() }()
	select {
	case err = <-ended:
	case <-time.After(30 * time.Second):
		require.Fail(t, "it goes on")
	}
	var exit *exec.ExitError
	require.True(t, errors.As(err, &exit))
	require.Equal(t, syscall.SIGTERM, exit.Sys().(syscall.WaitStatus).Signal())
}
