package starlark_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	sky "go.starlark.net/starlark"
	"go.starlark.net/syntax"

	"github.com/loadgo/load"
	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/engine/starlark"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/find/dir"
	"github.com/loadgo/load/internal/ratio"
	"github.com/loadgo/load/store"
	"github.com/stretchr/testify/require"
)

const small = `
RATES = {"eu": 19, "us": 7, "jp": 10}

def price(n, region = "eu", *, rounded = False):
    """Price with tax."""
    p = n + n * RATES[region] / 100
    return int(p) if rounded else p

def total(orders):
    """Total of all orders."""
    return sum([price(o["n"], o["region"]) for o in orders])

def sum(xs):
    t = 0
    for x in xs: t += x
    return t
`

// scene is a small file whose artifact is in a store, and a compiled program of the same text in a
// file.
type scene struct{ root string }

func newScene(b *testing.B) scene {
	s := scene{b.TempDir()}
	file := filepath.Join(s.root, "m.star")
	_, program, err := sky.SourceProgramOptions(&syntax.FileOptions{}, file, small, sky.StringDict{}.Has)
	require.NoError(b, err)
	var data bytes.Buffer
	err = errors.Join(program.Write(&data), os.WriteFile(file, []byte(small), 0o644), os.WriteFile(filepath.Join(s.root, "m.bin"), data.Bytes(), 0o644))
	if err == nil {
		_, err = s.load()
	}
	require.NoError(b, err)
	return s
}

// load loads the module with a loader that has not seen it, and tells how long that took.
func (s scene) load() (took time.Duration, err error) {
	start := time.Now()
	st, err := store.Open(filepath.Join(s.root, "store"))
	if err != nil {
		return 0, err
	}
	l, err := load.New(load.Config{Path: find.Path{dir.New(s.root)}, Engines: []engine.Engine{starlark.New(starlark.Config{})}, Store: st})
	if err != nil {
		return 0, err
	}
	_, err = l.Load(context.Background(), "m")
	return time.Since(start), errors.Join(err, l.Close(context.Background()))
}

// alone reads, decodes and runs the compiled program.
func (s scene) alone() error {
	f, err := os.Open(filepath.Join(s.root, "m.bin"))
	if err != nil {
		return err
	}
	defer f.Close()
	program, err := sky.CompiledProgram(f)
	if err != nil {
		return err
	}
	globals, err := program.Init(new(sky.Thread), nil)
	globals.Freeze()
	return err
}

// BenchmarkOpen compares what the engine does with an artifact that the store has found, which is
// to read and verify it, to decode it and to run it, with the use of a compiled program.
func BenchmarkOpen(b *testing.B) {
	s := newScene(b)
	st, err := store.Open(filepath.Join(s.root, "store"))
	require.NoError(b, err)
	name, err := find.ParseName("m")
	require.NoError(b, err)
	spec, err := dir.New(s.root).Find(b.Context(), name)
	require.NoError(b, err)
	eng := starlark.New(starlark.Config{})
	files, err := st.Lookup(store.Key(spec.Source.Hash, eng.Name(), eng.Fingerprint()))
	require.NoError(b, err)
	compare(b, "open", timed(func() error {
		_, err := eng.Open(context.Background(), engine.Artifact{Spec: spec, Files: files}, nil)
		return err
	}), timed(s.alone))
}

// BenchmarkLoadWarm compares a whole load, from the name on, with the use of a compiled program.
func BenchmarkLoadWarm(b *testing.B) {
	s := newScene(b)
	compare(b, "load", s.load, timed(s.alone))
}

// timed tells how long a function takes.
func timed(f func() error) func() (time.Duration, error) {
	return func() (time.Duration, error) {
		start := time.Now()
		err := f()
		return time.Since(start), err
	}
}

// compare runs two functions by turns.
func compare(b *testing.B, what string, our, their func() (time.Duration, error)) {
	var ours, theirs time.Duration
	for b.Loop() {
		mine, err1 := our()
		yours, err2 := their()
		ratio.Must(b, errors.Join(err1, err2))
		ours, theirs = ours+mine, theirs+yours
	}
	report(b, what, ours, theirs)
}

func report(b *testing.B, what string, ours, theirs time.Duration) {
	b.ReportMetric(float64(ours.Nanoseconds())/float64(b.N), what+"-ns/op")
	b.ReportMetric(float64(theirs.Nanoseconds())/float64(b.N), "alone-ns/op")
	b.ReportMetric(float64(ours)/float64(theirs), "ratio")
}

// The environment of a process that measures: what it does, and in which directory.
const (
	jobEnv   = "STARLARK_BENCH_JOB"
	sceneEnv = "STARLARK_BENCH_SCENE"
)

// TestMain lets the test binary be a process that measures one load.
func TestMain(m *testing.M) {
	s := scene{os.Getenv(sceneEnv)}
	job := map[string]func() (time.Duration, error){"load": s.load, "alone": timed(s.alone)}[os.Getenv(jobEnv)]
	if job == nil {
		os.Exit(m.Run())
	}
	took, err := job()
	fmt.Println(took.Nanoseconds(), err)
}

// BenchmarkLoadWarmProcess makes the same comparison in processes that have done nothing else, as a
// command that runs a script is one. It takes the median of its rounds.
func BenchmarkLoadWarmProcess(b *testing.B) {
	s := newScene(b)
	measure := func(job string) time.Duration {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), jobEnv+"="+job, sceneEnv+"="+s.root)
		out, err := cmd.Output()
		require.NoError(b, err)
		ns, failure, _ := strings.Cut(strings.TrimSpace(string(out)), " ")
		require.Equal(b, "<nil>", failure)
		n, err := strconv.ParseInt(ns, 10, 64)
		require.NoError(b, err)
		return time.Duration(n)
	}
	var ours, theirs []time.Duration
	for b.Loop() {
		ours, theirs = append(ours, measure("load")), append(theirs, measure("alone"))
	}
	slices.Sort(ours)
	slices.Sort(theirs)
	n := time.Duration(b.N)
	report(b, "load", n*ours[len(ours)/2], n*theirs[len(theirs)/2])
}

// BenchmarkCall compares a typed call with a call of the interpreter's.
func BenchmarkCall(b *testing.B) {
	f, err := load.Func[func(int, string) (float64, error)](module(b, small), "price")
	require.NoError(b, err)
	thread := new(sky.Thread)
	globals, err := sky.ExecFileOptions(&syntax.FileOptions{}, thread, "m.star", small, nil)
	require.NoError(b, err)
	price := globals["price"]
	compare(b, "bound", timed(func() error {
		_, err := f(100, "us")
		return err
	}), timed(func() error {
		_, err := sky.Call(thread, price, sky.Tuple{sky.MakeInt(100), sky.String("us")}, nil)
		return err
	}))
}
