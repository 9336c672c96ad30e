//go:build linux

package goprocess_test

import (
	"bytes"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/engine/goprocess"
	"github.com/loadgo/load/internal/ratio"
	"github.com/stretchr/testify/require"
)

func openSample(b *testing.B) engine.Instance {
	b.Helper()
	return openFiles(b.Context(), b, goprocess.Config{}, map[string]string{"sample.go": ratio.Sample})
}

func bind[F any](b *testing.B, m engine.Instance, symbol string) F {
	b.Helper()
	v, err := m.Bind(symbol, reflect.TypeFor[F]())
	require.NoError(b, err)
	return v.Interface().(F)
}

// echoChild is the other side of a bare socket pair: it sends back what it reads, n bytes at a
// time.
const echoChild = `package main

import (
	"os"
	"slices"
	"strconv"
	"syscall"
)

func main() {
	n, _ := strconv.Atoi(os.Args[1])
	buf := make([]byte, n)
	for {
		for got := 0; got < n; {
			m, err := syscall.Read(3, buf[got:])
			if err != nil || m <= 0 {
				os.Exit(0)
			}
			got += m
		}
		for sent := 0; sent < n; {
			m, err := syscall.Write(3, buf[sent:])
			if err != nil {
				os.Exit(0)
			}
			sent += m
		}
	}
}
`

// bareRoundTrip starts the yardstick: a process that echoes messages of n bytes over the same kind
// of socket pair, and returns what makes one round trip.
func bareRoundTrip(b *testing.B, n int) func() {
	b.Helper()
	dir := b.TempDir()
	for name, text := range map[string]string{"main.go": echoChild, "go.mod": "module echo\n\ngo 1.24\n"} {
		require.NoError(b, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	build := exec.Command("go", "build", "-o", "echo", ".")
	build.Dir = dir
	if out, err := build.CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	require.NoError(b, err)
	hostFile, childFile := os.NewFile(uintptr(fds[0]), "host"), os.NewFile(uintptr(fds[1]), "child")
	cmd := exec.Command(filepath.Join(dir, "echo"), strconv.Itoa(n))
	cmd.ExtraFiles = []*os.File{childFile}
	require.NoError(b, cmd.Start())
	childFile.Close()
	host, err := net.FileConn(hostFile)
	require.NoError(b, err)
	hostFile.Close()
	b.Cleanup(func() { host.Close(); cmd.Wait() })
	out, in := bytes.Repeat([]byte{'x'}, n), make([]byte, n)
	done := make(chan error, 1)
	return func() {
		if n < 64<<10 { // it fits the socket's buffer
			_, err := host.Write(out)
			done <- err
		} else {
			go func() { _, err := host.Write(out); done <- err }()
		}
		_, err := io.ReadFull(host, in)
		ratio.Must(b, err)
		ratio.Must(b, <-done)
	}
}

// echoString returns what calls func(string) string with 16 bytes.
func echoString(b *testing.B) func() {
	b.Helper()
	echo := bind[func(string) (string, error)](b, openSample(b), "Echo")
	return func() {
		s, err := echo("0123456789abcdef")
		ratio.Must(b, err)
		ratio.Want(b, 16, len(s))
	}
}

// BenchmarkCallString compares a call of func(string) string with 16 bytes with a bare round trip.
func BenchmarkCallString(b *testing.B) {
	ratio.Compare(b, 200, bareRoundTrip(b, 16), echoString(b))
}

// BenchmarkCallRested does the same after a rest of a millisecond before each.
func BenchmarkCallRested(b *testing.B) {
	ratio.CompareRested(b, 200, time.Millisecond, bareRoundTrip(b, 16), echoString(b))
}

// BenchmarkCallBusy does the same beside a process for each processor that only computes.
func BenchmarkCallBusy(b *testing.B) {
	for range runtime.NumCPU() {
		spin := exec.Command("sh", "-c", "while :; do :; done")
		require.NoError(b, spin.Start())
		b.Cleanup(func() { spin.Process.Kill(); spin.Wait() })
	}
	ratio.Compare(b, 200, bareRoundTrip(b, 16), echoString(b))
}

// BenchmarkCallEightGoroutines compares the time of calls shared by eight goroutines with that of
// one.
func BenchmarkCallEightGoroutines(b *testing.B) { compareGoroutines(b, 8) }

// BenchmarkCallBytes compares a call with 1 MiB both ways with a raw write and read of it.
func BenchmarkCallBytes(b *testing.B) {
	echo := bind[func([]byte) ([]byte, error)](b, openSample(b), "Bytes")
	data := make([]byte, 1<<20)
	ratio.Compare(b, 5, bareRoundTrip(b, 1<<20), func() {
		got, err := echo(data)
		ratio.Must(b, err)
		ratio.Want(b, len(data), len(got))
	})
}

// BenchmarkCallStruct compares a struct of six mixed fields, there and back, with a string of 16
// bytes.
func BenchmarkCallStruct(b *testing.B) {
	m := openSample(b)
	echo := bind[func(string) (string, error)](b, m, "Echo")
	mixed := bind[func(ratio.Mixed) (ratio.Mixed, error)](b, m, "Struct")
	ratio.Compare(b, 200, func() { echo("0123456789abcdef") }, func() {
		out, err := mixed(ratio.SixFields)
		ratio.Must(b, err)
		ratio.Want(b, 1, out.Extra["x"])
	})
}

// BenchmarkStream compares an io.Reader of 1 MiB that the module consumes with a []byte of 1 MiB as
// argument.
func BenchmarkStream(b *testing.B) {
	m := openSample(b)
	length := bind[func([]byte) (int, error)](b, m, "Length")
	consume := bind[func(io.Reader) (int64, error)](b, m, "Consume")
	data := make([]byte, 1<<20)
	ratio.Compare(b, 10, func() {
		n, err := length(data)
		ratio.Want(b, len(data), n)
		ratio.Must(b, err)
	}, func() {
		n, err := consume(bytes.NewReader(data))
		ratio.Want(b, int64(1<<20), n)
		ratio.Must(b, err)
	})
}

// BenchmarkCallback compares a hundred calls of a function of the host, in one call of the module,
// with as many calls of the module.
func BenchmarkCallback(b *testing.B) {
	m := openSample(b)
	echo := bind[func(string) (string, error)](b, m, "Echo")
	sum := bind[func(int, func(int) int) (int, error)](b, m, "Sum")
	ratio.Compare(b, 3, func() {
		for range 100 {
			echo("0123456789abcdef")
		}
	}, func() {
		n, err := sum(100, func(n int) int { return n })
		ratio.Want(b, 4950, n)
		ratio.Must(b, err)
	})
}

// BenchmarkCallTwoGoroutines does the same with two.
func BenchmarkCallTwoGoroutines(b *testing.B) { compareGoroutines(b, 2) }

func compareGoroutines(b *testing.B, goroutines int) {
	echo := echoString(b)
	calls := func(n int) {
		for range n {
			echo()
		}
	}
	const n = 800
	ratio.Compare(b, 1, func() { calls(n) }, func() {
		var group sync.WaitGroup
		for range goroutines {
			group.Go(func() { calls(n / goroutines) })
		}
		group.Wait()
	})
}

func fib(n int) int {
	if n < 2 {
		return n
	}
	return fib(n-1) + fib(n-2)
}

// BenchmarkCallFib compares fib(30) in the module with fib(30) in the host.
func BenchmarkCallFib(b *testing.B) {
	inside := bind[func(int) (int, error)](b, openSample(b), "Fib")
	check := func(n int, err error) {
		ratio.Want(b, 832040, n)
		ratio.Must(b, err)
	}
	ratio.Compare(b, 1, func() { check(fib(30), nil) }, func() { check(inside(30)) })
}

// BenchmarkShareBytes compares a call that changes a byte of a slice of 1 MiB with a copy of it.
func BenchmarkShareBytes(b *testing.B) {
	fill := bind[func([]byte) (int, error)](b, openValues(b), "FillBytes")
	data, to := make([]byte, 1<<20), make([]byte, 1<<20)
	ratio.Compare(b, 5, func() { copy(to, data) }, func() {
		data[0] = 0
		n, err := fill(data)
		ratio.Want(b, 6, n)
		ratio.Want(b, byte('f'), data[0])
		ratio.Must(b, err)
	})
}

// BenchmarkShareGraph compares a call that changes what each of 1,000 pointers points to with a
// copy of it.
func BenchmarkShareGraph(b *testing.B) {
	type point struct{ X, Y int }
	fill := bind[func([]*point) ([]*point, error)](b, openValues(b), "FillList")
	points, to, list := make([]point, 1000), make([]point, 1000), make([]*point, 1000)
	for i := range list {
		list[i] = &points[i]
	}
	ratio.Compare(b, 5, func() { copy(to, points) }, func() {
		clear(points)
		all, err := fill(list)
		ratio.Want(b, len(list), len(all))
		ratio.Want(b, 1000, points[999].X)
		ratio.Must(b, err)
	})
}

// BenchmarkSpare compares a start that takes a child which waits, up to the first call answered,
// with one that starts it, and tells how much of it the start is. Figures are medians.
func BenchmarkSpare(b *testing.B) {
	type times struct{ opened, answered time.Duration }
	starting := func(config goprocess.Config) func() times {
		e, a, err := compile(b, config, map[string]string{"sample.go": ratio.Sample})
		require.NoError(b, err)
		begin := func() (m engine.Instance, t times) {
			start := time.Now()
			m, err := e.Open(b.Context(), a, nil)
			ratio.Must(b, err)
			t.opened = time.Since(start)
			_, err = m.Call(b.Context(), "Add", []any{1, 2})
			ratio.Must(b, err)
			t.answered = time.Since(start)
			return m, t
		}
		first, _ := begin()
		b.Cleanup(func() { first.Close(b.Context()) })
		return func() times {
			for config.Spare > 0 && (goprocess.Starts(e) || len(goprocess.Spares(e)) == 0) {
				time.Sleep(time.Millisecond)
			}
			m, t := begin()
			require.NoError(b, m.Close(b.Context()))
			return t
		}
	}
	without, with := starting(goprocess.Config{}), starting(goprocess.Config{Spare: 1})
	var bare, answered, opened []time.Duration
	for b.Loop() {
		bare = append(bare, without().answered)
		t := with()
		answered, opened = append(answered, t.answered), append(opened, t.opened)
	}
	report := func(all []time.Duration, unit string) {
		slices.Sort(all)
		b.ReportMetric(float64(all[len(all)/2].Microseconds()), unit)
	}
	report(bare, "µs/start")
	report(answered, "µs/spare")
	report(opened, "µs/spare-open")
	b.ReportMetric(0, "ns/op")
}
