package starlark_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	sky "go.starlark.net/starlark"
	"go.starlark.net/syntax"

	"github.com/loadgo/load"
	"github.com/loadgo/load/engine/starlark"
	"github.com/loadgo/load/find/dir"
	"github.com/loadgo/load/store"
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

// BenchmarkLoadWarm loads a small file whose artifact is in the store, with a loader that has not seen it,
// and compares that with reading, decoding and running the compiled program, and with opening the artifact.
func BenchmarkLoadWarm(b *testing.B) {
	root := b.TempDir()
	file := filepath.Join(root, "m.star")
	compiled := filepath.Join(root, "m.bin")
	if err := os.WriteFile(file, []byte(small), 0o644); err != nil {
		b.Fatal(err)
	}
	_, program, err := sky.SourceProgramOptions(&syntax.FileOptions{}, file, small, sky.StringDict{}.Has)
	if err != nil {
		b.Fatal(err)
	}
	var data bytes.Buffer
	if err := program.Write(&data); err != nil {
		b.Fatal(err)
	}
	if err := os.WriteFile(compiled, data.Bytes(), 0o644); err != nil {
		b.Fatal(err)
	}
	st, err := store.Open(filepath.Join(root, "store"))
	if err != nil {
		b.Fatal(err)
	}
	ctx := context.Background()
	engine := starlark.New(starlark.Config{})
	path := load.Path{dir.New(root)}
	loadIt := func() {
		l, err := load.New(load.Config{Path: path, Engines: []load.Engine{engine}, Store: st})
		if err != nil {
			b.Fatal(err)
		}
		if _, err := l.Load(ctx, "m"); err != nil {
			b.Fatal(err)
		}
	}
	alone := func() {
		f, err := os.Open(compiled)
		if err != nil {
			b.Fatal(err)
		}
		defer f.Close()
		program, err := sky.CompiledProgram(f)
		if err != nil {
			b.Fatal(err)
		}
		globals, err := program.Init(new(sky.Thread), nil)
		if err != nil {
			b.Fatal(err)
		}
		globals.Freeze()
	}
	loadIt()
	name, err := load.ParseName("m")
	if err != nil {
		b.Fatal(err)
	}
	spec, err := path.Find(ctx, name)
	if err != nil {
		b.Fatal(err)
	}
	open := func() {
		files, err := st.Lookup(store.Key(spec.Source.Hash, engine.Name(), engine.Fingerprint()))
		if err != nil {
			b.Fatal(err)
		}
		if _, err := engine.Open(ctx, load.Artifact{Spec: spec, Files: files}, nil); err != nil {
			b.Fatal(err)
		}
	}
	var times [3]time.Duration
	for b.Loop() {
		for i, run := range []func(){loadIt, alone, open} {
			start := time.Now()
			run()
			times[i] += time.Since(start)
		}
	}
	for i, name := range []string{"load", "alone", "open"} {
		b.ReportMetric(float64(times[i].Nanoseconds())/float64(b.N), name+"-ns/op")
	}
	b.ReportMetric(float64(times[0])/float64(times[1]), "ratio")
	b.ReportMetric(float64(times[2])/float64(times[1]), "open-ratio")
}

// BenchmarkCall compares a typed call with a call of the interpreter's.
func BenchmarkCall(b *testing.B) {
	f, err := load.Func[func(int, string) (float64, error)](module(b, small), "price")
	if err != nil {
		b.Fatal(err)
	}
	thread := new(sky.Thread)
	globals, err := sky.ExecFileOptions(&syntax.FileOptions{}, thread, "m.star", small, nil)
	if err != nil {
		b.Fatal(err)
	}
	price := globals["price"]
	var ours, theirs time.Duration
	for b.Loop() {
		start := time.Now()
		if _, err := f(100, "us"); err != nil {
			b.Fatal(err)
		}
		middle := time.Now()
		if _, err := sky.Call(thread, price, sky.Tuple{sky.MakeInt(100), sky.String("us")}, nil); err != nil {
			b.Fatal(err)
		}
		ours += middle.Sub(start)
		theirs += time.Since(middle)
	}
	b.ReportMetric(float64(ours.Nanoseconds())/float64(b.N), "bound-ns/op")
	b.ReportMetric(float64(theirs.Nanoseconds())/float64(b.N), "interpreter-ns/op")
	b.ReportMetric(float64(ours)/float64(theirs), "ratio")
}
