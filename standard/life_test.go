package standard_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/loadgo/load"
	"github.com/loadgo/load/loadtest"
	"github.com/loadgo/load/standard"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// footprint is what a process has of the system.
type footprint struct {
	Goroutines, Files, Children, Temp int
}

func (f footprint) String() string {
	return fmt.Sprintf("%d goroutines, %d files, %d children, %d temporary files", f.Goroutines, f.Files, f.Children, f.Temp)
}

// measureFootprint waits for goroutines that have done everything and are about to end, which takes
// a moment on a busy machine; what stays is counted.
func measureFootprint() footprint {
	for deadline := time.Now().Add(10 * time.Second); runtime.NumGoroutine() > 1 && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
	count := func(pattern string) int {
		all, _ := filepath.Glob(pattern)
		return len(all)
	}
	return footprint{
		Goroutines: runtime.NumGoroutine(),
		Files:      count("/proc/self/fd/*"),
		Children:   len(children()),
		Temp:       count(filepath.Join(os.TempDir(), "*")) + count(filepath.Join(os.Getenv("LOAD_DIR"), "tmp", "*")),
	}
}

// children lists the process ids of this process's children.
func children() []string {
	var all []string
	files, _ := filepath.Glob("/proc/self/task/*/children")
	for _, file := range files {
		data, _ := os.ReadFile(file)
		all = append(all, strings.Fields(string(data))...)
	}
	return all
}

// useAll loads modules of every engine, calls them and keeps an object of each.
func useAll(l *load.Loader, names []string) error {
	ctx := context.Background()
	if err := l.Register("host/clock", map[string]any{"Now": time.Now, "Greet": strings.ToUpper}); err != nil {
		return err
	}
	for _, name := range append(names, "host/clock") {
		m, err := l.Load(ctx, name)
		if err != nil {
			return err
		}
		if _, err := m.Call(ctx, "Greet", "you"); err != nil {
			return err
		}
	}
	return nil
}

// close loads its arguments and closes the loader, again and again, and reports what that leaves.
func (h *host) close(names []string) error {
	var before footprint
	for round := range 4 {
		l, err := standard.New(load.Config{})
		if err != nil {
			return err
		}
		if err := errors.Join(useAll(l, names), l.Close(context.Background()), l.Close(context.Background())); err != nil {
			return err
		}
		if round == 0 { // what the runtime starts once is there now
			before = measureFootprint()
		}
	}
	return h.out.Encode([]footprint{before, measureFootprint()})
}

// local writes a Go package and a script into a new directory and returns their paths.
func local(t testing.TB) []string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"hello/hello.go": "package hello\n\nvar kept [][]byte\n\nfunc Greet(name string) string {\n\tif kept == nil {\n\t\tfor range 16 {\n\t\t\tb := make([]byte, 1<<20)\n\t\t\tfor i := range b {\n\t\t\t\tb[i] = 1\n\t\t\t}\n\t\t\tkept = append(kept, b)\n\t\t}\n\t}\n\treturn \"hello, \" + name\n}\n",
		"rules.star":     "load('strings', 'ToUpper')\ndef Greet(name): return ToUpper(name)\n",
	} {
		file := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	}
	return []string{filepath.Join(dir, "hello"), filepath.Join(dir, "rules.star")}
}

// TestCloseLeavesNothing: no goroutine, file, process or temporary file outlives Close.
func TestCloseLeavesNothing(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("looks into /proc")
	}
	out, err := command(t, loadtest.OpenStore(t), []string{"GOPROXY=off", "TMPDIR=" + t.TempDir()}, "close", local(t)...).Output()
	require.NoError(t, err)
	var got []footprint
	require.NoError(t, json.Unmarshal(out, &got))
	assert.Equalf(t, got[0], got[1], "after Close: %v", got[1])
	assert.Zerof(t, got[1].Children, "after Close: %v", got[1])
}

// returned is what unload reports: by how much loads grew the resident memory of the host and its
// children, and unloads shrank it, in bytes, all rounds together; and what the reports of the
// unloads said came back.
type returned struct{ Added, Back, Reported, Start, End float64 }

// unload loads and unloads its first argument, 50 times, in the engine of its second.
func (h *host) unload(args []string) error {
	ctx := context.Background()
	l, err := standard.New(load.Config{Engine: args[1]})
	if err != nil {
		return err
	}
	var r returned
	for round := range 51 {
		before, err := residentOfAll()
		if err != nil {
			return err
		}
		m, err := l.Load(ctx, args[0])
		if err != nil {
			return err
		}
		if _, err := m.Call(ctx, "Greet", "you"); err != nil {
			return err
		}
		loaded, err := residentOfAll()
		if err != nil {
			return err
		}
		report, err := l.Unload(ctx, args[0])
		if err != nil {
			return err
		}
		after, err := residentOfAll()
		if err != nil {
			return err
		}
		if round == 0 { // the first grows the host's own tables
			r.Start = after
			continue
		}
		r.Added += loaded - before
		r.Back += loaded - after
		r.Reported += float64(report.Memory)
		r.End = after
	}
	return errors.Join(h.out.Encode(r), l.Close(ctx))
}

// residentOfAll is the resident memory of this process and its children.
func residentOfAll() (float64, error) {
	runtime.GC()
	debug.FreeOSMemory()
	total, _, err := residentOf(os.Getpid())
	for _, pid := range children() {
		var n int
		fmt.Sscan(pid, &n)
		rss, _, _ := residentOf(n) // it may have ended
		total += rss
	}
	return total, err
}

// TestUnloadGivesMemoryBack: what a load added, an unload gives back.
func TestUnloadGivesMemoryBack(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("reads /proc")
	}
	// What of it the reports tell: gowasm's linear memory is measured, and the machine code beside
	// it is not.
	for engine, told := range map[string]float64{"goprocess": 0.8, "gowasm": 0.45} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			testUnloadGivesMemoryBack(t, engine, told)
		})
	}
}

func testUnloadGivesMemoryBack(t *testing.T, engine string, told float64) {
	out, err := command(t, loadtest.OpenStore(t), []string{"GOPROXY=off"}, "unload", local(t)[0], engine).Output()
	require.NoError(t, err)
	var r returned
	require.NoError(t, json.Unmarshal(out, &r))
	const mebibyte = 1 << 20
	t.Logf("50 rounds added %.1f MiB and gave %.1f MiB back (%.1f %%); the reports say %.1f MiB; the host went from %.1f to %.1f MiB",
		r.Added/mebibyte, r.Back/mebibyte, 100*r.Back/r.Added, r.Reported/mebibyte, r.Start/mebibyte, r.End/mebibyte)
	assert.GreaterOrEqual(t, r.Back, 0.95*r.Added, "less than 95 % came back")
	assert.GreaterOrEqual(t, r.Reported, told*r.Added, "the reports of the unloads do not say what came back")
}
