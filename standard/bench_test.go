package standard_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/loadgo/load"
	"github.com/loadgo/load/bundle"
	"github.com/loadgo/load/event"
	"github.com/loadgo/load/loadtest"
	"github.com/loadgo/load/lockfile"
	"github.com/loadgo/load/standard"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// start measures, in this fresh process, what it takes to load modules up to the first call of each
// answered.
func (h *host) start(args []string) error {
	begin := time.Now()
	l, err := standard.New(load.Config{})
	if err != nil {
		return err
	}
	for _, name := range args[1:] {
		m, err := l.Load(context.Background(), name)
		if err != nil {
			return err
		}
		if _, err := m.Call(context.Background(), args[0], "abc", "b"); err != nil {
			return err
		}
	}
	took := time.Since(begin)
	return errors.Join(h.out.Encode(took), l.Close(context.Background()))
}

// fork measures the yardstick of start, in a process as fresh: fork and exec of a program up to its
// first line.
func (h *host) fork(args []string) error {
	took, err := firstLine(args[0])
	return errors.Join(h.out.Encode(took), err)
}

func firstLine(program string) (time.Duration, error) {
	cmd := exec.Command(program)
	out, err := cmd.StdoutPipe()
	if err != nil {
		return 0, err
	}
	begin := time.Now()
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	_, err = bufio.NewReader(out).ReadString('\n')
	took := time.Since(begin)
	return took, errors.Join(err, cmd.Wait())
}

func median[T ~int64 | ~float64](values []T) T {
	slices.Sort(values)
	return values[len(values)/2]
}

// emptyProgram builds the smallest Go program that prints a line.
func emptyProgram(b *testing.B) string {
	b.Helper()
	dir := b.TempDir()
	for name, text := range map[string]string{
		"main.go": "package main\n\nimport \"os\"\n\nfunc main() { os.Stdout.WriteString(\"\\n\") }\n",
		"go.mod":  "module empty\n\ngo 1.24\n",
	} {
		require.NoError(b, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	cmd := exec.Command("go", "build", "-o", "empty", ".")
	cmd.Dir = dir
	_, err := cmd.CombinedOutput()
	require.NoError(b, err)
	return filepath.Join(dir, "empty")
}

// BenchmarkLoadWarm measures, in fresh processes, a warm load from before standard.New to the first
// call answered, against fork and exec of an empty Go program to its first line. Figures are
// medians.
func BenchmarkLoadWarm(b *testing.B) {
	for _, c := range []struct{ kind, name, symbol string }{
		{"standard", "strings", "Index"},
		{"installed", "example.com/join", "Join"},
		{"frozen", "example.com/join", "Join"}, // with a lock file of 1,000 lines
	} {
		b.Run(c.kind, func(b *testing.B) {
			s := newSystem(b)
			s.proxy.Add("-- example.com/join@v1.0.0/join.go --\npackage join\n\nfunc Join(a, b string) string { return a + b }\n")
			l, _ := s.loader(b, b.TempDir())
			spec, err := l.Install(b.Context(), c.name)
			require.NoError(b, err)
			env := append(s.proxy.Env(), "GOPROXY=off")
			if c.kind == "frozen" {
				env = append(env, "LOAD_LOCK="+longLock(b, spec), "LOAD_FROZEN=1")
			}
			empty := emptyProgram(b)
			var loads, bare []time.Duration
			var ratios []float64
			measure := func(job string, args ...string) (took time.Duration) {
				out, err := command(b, s.store, env, job, args...).Output()
				require.NoError(b, err)
				require.NoError(b, json.Unmarshal(out, &took))
				return took
			}
			for b.Loop() {
				for range 11 {
					yardstick := measure("fork", empty)
					ours := measure("start", c.symbol, c.name)
					loads, bare = append(loads, ours), append(bare, yardstick)
					ratios = append(ratios, float64(ours)/float64(yardstick))
				}
			}
			b.ReportMetric(median(loads).Seconds()*1e3, "ms/load")
			b.ReportMetric(median(bare).Seconds()*1e3, "ms/yardstick")
			b.ReportMetric(median(ratios), "ratio")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// BenchmarkLoadBundle measures, in fresh processes that take turns, the start from a bundle up to
// the first call answered, against the same from a warm store, and the loads of a hundred modules
// of the bundle in one process against those of each alone in one.
func BenchmarkLoadBundle(b *testing.B) {
	const modules = 100
	s := newSystem(b)
	l, _ := s.loader(b, b.TempDir())
	names, prepared := make([]string, modules), make([]*load.Prepared, modules)
	for i := range names {
		names[i] = fmt.Sprintf("example.com/join%d", i)
		s.proxy.Add(fmt.Sprintf("-- %s@v1.0.0/join.go --\npackage join%d\n\nfunc Join(a, b string) string { return a + b }\n", names[i], i))
		var err error
		prepared[i], err = l.Prepare(b.Context(), names[i])
		require.NoError(b, err)
	}
	write := func(name string, prepared ...*load.Prepared) (env []string) {
		file := filepath.Join(b.TempDir(), name)
		f, err := os.Create(file)
		require.NoError(b, err)
		require.NoError(b, bundle.Write(f, nil, prepared...))
		require.NoError(b, f.Close())
		return []string{"LOAD_BUNDLE=" + file, "LOAD_DIR=" + filepath.Join(b.TempDir(), "none")}
	}
	one, all, warm := write("one.tar", prepared[0]), write("all.tar", prepared...), append(s.proxy.Env(), "GOPROXY=off")
	measure := func(env []string, names ...string) (took time.Duration) {
		out, err := command(b, s.store, env, "start", append([]string{"Join"}, names...)...).Output()
		require.NoError(b, err)
		require.NoError(b, json.Unmarshal(out, &took))
		return took
	}
	var bundled, stored, ofMany, together, alone []time.Duration
	for b.Loop() {
		for range 11 {
			bundled, stored = append(bundled, measure(one, names[0])), append(stored, measure(warm, names[0]))
			ofMany = append(ofMany, measure(all, names[0]))
		}
		together = append(together, measure(all, names...))
		var sum time.Duration
		for _, name := range names {
			sum += measure(all, name)
		}
		alone = append(alone, sum)
	}
	b.ReportMetric(median(bundled).Seconds()*1e3, "ms/bundle")
	b.ReportMetric(median(stored).Seconds()*1e3, "ms/store")
	b.ReportMetric(float64(median(bundled))/float64(median(stored)), "bundle-ratio")
	b.ReportMetric(float64(median(ofMany))/float64(median(stored)), "of-hundred-ratio")
	b.ReportMetric(median(together).Seconds()*1e3, "ms/hundred")
	b.ReportMetric(float64(median(together))/float64(median(alone)), "hundred-ratio")
	b.ReportMetric(0, "ns/op")
}

// longLock writes a lock file of 1,000 lines, with a spec among them.
func longLock(b *testing.B, spec *load.Spec) string {
	b.Helper()
	var f lockfile.File
	set := func(e lockfile.Entry) {
		for _, m := range spec.BuildList {
			e.Needs = append(e.Needs, lockfile.Module(m))
		}
		require.NoError(b, f.Set(e))
	}
	set(lockfile.Entry{Name: spec.Name, Version: spec.Version, Origin: "goproxy", Module: spec.Module})
	for i := range 999 / (1 + len(spec.BuildList)) {
		set(lockfile.Entry{Name: fmt.Sprintf("example.com/m%d", i), Version: "v1.0.0", Origin: "goproxy", Module: "example.com/m"})
	}
	path := filepath.Join(b.TempDir(), lockfile.Name)
	require.NoError(b, f.Write(path))
	return path
}

// BenchmarkInstallWarm measures a new loader that installs what is installed and compiled already.
func BenchmarkInstallWarm(b *testing.B) {
	s := newSystem(b)
	l, _ := s.loader(b, b.TempDir())
	_, err := l.Install(b.Context(), "example.com/hello")
	require.NoError(b, err)
	requests := s.proxy.Count("")
	for b.Loop() {
		l, e := s.loader(b, ".")
		_, err := l.Install(b.Context(), "example.com/hello")
		require.NoError(b, err)
		require.Zero(b, len(loadtest.EventsOf[event.Compiled](e)))
	}
	b.ReportMetric(b.Elapsed().Seconds()*1e3/float64(b.N), "ms/install")
	b.ReportMetric(b.Elapsed().Seconds()*1e3/float64(b.N)/5, "ratio-to-5ms")
	b.ReportMetric(0, "ns/op")
	assert.Zero(b, s.proxy.Count("")-requests)
}

// resident is what memory reports, in bytes.
type resident struct{ Child, ChildShare, Host float64 }

// memory loads its arguments, one by one: the first to have everything in place, the others to
// measure the resident memory of a child and what each adds to the host.
func (h *host) memory(args []string) error {
	l, err := standard.New(load.Config{})
	if err != nil {
		return err
	}
	var r resident
	before := 0.0
	for i, name := range args {
		m, err := l.Load(context.Background(), name)
		if err != nil {
			return err
		}
		pid, err := m.Call(context.Background(), "Pid")
		if err != nil {
			return err
		}
		rss, share, err := residentOf(pid[0].(int))
		if err != nil {
			return err
		}
		r.Child, r.ChildShare = max(r.Child, rss), max(r.ChildShare, share)
		if i > 0 && i < len(args)-1 {
			continue
		}
		runtime.GC()
		debug.FreeOSMemory()
		total, _, err := residentOf(os.Getpid())
		if err != nil {
			return err
		}
		r.Host = (total - before) / float64(max(1, len(args)-1))
		before = total
	}
	return errors.Join(h.out.Encode(r), l.Close(context.Background()))
}

// residentOf returns a process's resident memory, and its proportional share of it.
func residentOf(pid int) (rss, share float64, err error) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	for line := range bytes.Lines(data) {
		if fields := strings.Fields(string(line)); len(fields) == 3 {
			n, _ := strconv.ParseFloat(fields[1], 64)
			switch fields[0] {
			case "Rss:":
				rss = n * 1024
			case "Pss:":
				share = n * 1024
			}
		}
	}
	return rss, share, err
}

// BenchmarkMemory measures the resident memory of a small module's process, and by how much that of
// the host grows with each of 16 further modules.
func BenchmarkMemory(b *testing.B) {
	if runtime.GOOS != "linux" {
		b.Skip("reads /proc")
	}
	s := newSystem(b)
	work := b.TempDir()
	var dirs []string
	for i := range 17 {
		dir := filepath.Join(work, fmt.Sprintf("m%d", i))
		dirs = append(dirs, dir)
		require.NoError(b, os.Mkdir(dir, 0o755))
		text := fmt.Sprintf("package m%d\n\nimport \"os\"\n\nfunc Pid() int { return os.Getpid() }\n\nfunc Greet(name string) string { return \"hello, \" + name }\n", i)
		require.NoError(b, os.WriteFile(filepath.Join(dir, "m.go"), []byte(text), 0o600))
	}
	measure := func() (r resident) {
		out, err := command(b, s.store, append(s.proxy.Env(), "GOPROXY=off"), "memory", dirs...).Output()
		require.NoError(b, err)
		require.NoError(b, json.Unmarshal(out, &r))
		return r
	}
	measure() // compiles
	var child, share, growth []float64
	for b.Loop() {
		for range 3 {
			r := measure()
			child, share, growth = append(child, r.Child), append(share, r.ChildShare), append(growth, r.Host)
		}
	}
	const mebibyte = 1 << 20
	b.ReportMetric(median(child)/mebibyte, "MiB/child")
	b.ReportMetric(median(share)/mebibyte, "MiB/child-share")
	b.ReportMetric(median(growth)/mebibyte, "MiB/host-growth")
	b.ReportMetric(0, "ns/op")
}
