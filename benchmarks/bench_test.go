package benchmarks

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"

	"github.com/loadgo/load"
	"github.com/loadgo/load/benchmarks/echo"
	"github.com/loadgo/load/standard"
	"github.com/loadgo/load/store"
	"github.com/stretchr/testify/require"
)

const text = "0123456789abcdef" // 16 bytes

// module writes the module that does what the plugin does, and returns its name and a store for it.
func module(b *testing.B) (string, *store.Store) {
	b.Helper()
	dir := filepath.Join(b.TempDir(), "echo")
	require.NoError(b, os.Mkdir(dir, 0o755))
	const source = "package echo\n\nfunc Echo(s string) string { return s }\n"
	require.NoError(b, os.WriteFile(filepath.Join(dir, "echo.go"), []byte(source), 0o600))
	s, err := store.Open(filepath.Join(b.TempDir(), "store"))
	require.NoError(b, err)
	return dir, s
}

// loadEcho makes a loader, loads the module and binds its function.
func loadEcho(ctx context.Context, name string, s *store.Store) (echo func(string) (string, error), end func() error, err error) {
	l, err := standard.New(load.Config{Store: s})
	if err != nil {
		return nil, nil, err
	}
	end = func() error { return l.Close(ctx) }
	m, err := l.Load(ctx, name)
	if err != nil {
		return nil, end, err
	}
	echo, err = load.Func[func(string) (string, error)](m, "Echo")
	return echo, end, err
}

// buildPlugin builds the program that the yardstick starts.
func buildPlugin(b *testing.B) string {
	b.Helper()
	program := filepath.Join(b.TempDir(), "plugin")
	_, err := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", program, "./echo/plugin").CombinedOutput()
	require.NoError(b, err)
	return program
}

// startPlugin starts the plugin and dispenses its function.
func startPlugin(program string) (func(string) (string, error), *plugin.Client, error) {
	client := plugin.NewClient(&plugin.ClientConfig{
		HandshakeConfig: echo.Handshake,
		Plugins:         map[string]plugin.Plugin{"echo": echo.Plugin{}},
		Cmd:             exec.Command(program),
		Logger:          hclog.New(&hclog.LoggerOptions{Output: io.Discard}),
	})
	protocol, err := client.Client()
	if err != nil {
		return nil, client, err
	}
	raw, err := protocol.Dispense("echo")
	if err != nil {
		return nil, client, err
	}
	return raw.(echo.Sample).Echo, client, nil
}

func check(echo func(string) (string, error)) error {
	if got, err := echo(text); err != nil || got != text {
		return fmt.Errorf("echo: %q, %w", got, err)
	}
	return nil
}

// report tells what both sides took for n pieces of work each.
func report(b *testing.B, ours, theirs time.Duration, n int, unit time.Duration, name, what string) {
	b.Helper()
	b.ReportMetric(float64(ours)/float64(unit)/float64(n), name+"/"+what)
	b.ReportMetric(float64(theirs)/float64(unit)/float64(n), name+"/go-plugin")
	b.ReportMetric(float64(ours)/float64(theirs), "ratio")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkCallString compares a call of func(string) string with 16 bytes with the same call of
// hashicorp/go-plugin over net/rpc. Both sides take turns.
func BenchmarkCallString(b *testing.B) {
	name, s := module(b)
	ours, end, err := loadEcho(b.Context(), name, s)
	require.NoError(b, err)
	defer end()
	theirs, client, err := startPlugin(buildPlugin(b))
	defer client.Kill()
	require.NoError(b, err)
	const batch = 200
	calls := func(echo func(string) (string, error)) time.Duration {
		start := time.Now()
		for range batch {
			require.NoError(b, check(echo))
		}
		return time.Since(start)
	}
	calls(ours)
	calls(theirs)
	var our, their time.Duration
	n := 0
	for b.Loop() {
		our += calls(ours)
		their += calls(theirs)
		n += batch
	}
	report(b, our, their, n, time.Microsecond, "µs", "call")
}

// BenchmarkStart compares a warm load, from making the loader to the first call answered, with the
// start of a hashicorp/go-plugin over net/rpc to its first reply. Both sides take turns.
func BenchmarkStart(b *testing.B) {
	name, s := module(b)
	program := buildPlugin(b)
	ours := func() time.Duration {
		start := time.Now()
		echo, end, err := loadEcho(b.Context(), name, s)
		if err == nil {
			err = check(echo)
		}
		took := time.Since(start)
		require.NoError(b, err)
		require.NoError(b, end())
		return took
	}
	theirs := func() time.Duration {
		start := time.Now()
		echo, client, err := startPlugin(program)
		if err == nil {
			err = check(echo)
		}
		took := time.Since(start)
		client.Kill()
		require.NoError(b, err)
		return took
	}
	ours() // compiles
	theirs()
	var our, their time.Duration
	n := 0
	for b.Loop() {
		our += ours()
		their += theirs()
		n++
	}
	report(b, our, their, n, time.Millisecond, "ms", "load")
}
