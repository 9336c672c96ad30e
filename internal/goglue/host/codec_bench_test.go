package host

import (
	"context"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"github.com/loadgo/load/find"
	"github.com/loadgo/load/internal/goglue/api"
	"github.com/loadgo/load/internal/goglue/build"
	"github.com/loadgo/load/internal/goglue/host/inflight"
	"github.com/loadgo/load/internal/ratio"
	"github.com/loadgo/load/internal/toolchain"
	"github.com/loadgo/load/internal/wire"
	"github.com/stretchr/testify/require"
)

// measureSource takes the place of the module's transport: it answers the same call over and over,
// and does the same work with the yardstick.
const measureSource = `package main

import (
	"encoding/hex"
	"fmt"
	"os"
	"time"

	"github.com/fxamacker/cbor/v2"

	"loadglue/guest"
	sample "loadglue/module/sample_"
	"loadglue/wire"
)

func measure(table guest.Table) {
	body, err := hex.DecodeString(os.Args[1])
	if err != nil {
		panic(err)
	}
	m := guest.NewModule(table, nil)
	in := sample.Mixed{ID: 7, Name: "seven", Score: 7.7, Tags: []string{"a", "b"}, Live: true, Extra: map[string]int{"x": 1}}
	text, err := cbor.Marshal(in)
	if err != nil {
		panic(err)
	}
	const rounds = 20000
	best := [2]time.Duration{time.Hour, time.Hour}
	var out wire.Encoder
	for range 10 {
		start := time.Now()
		for range rounds {
			m.Run(wire.NewDecoder(body), &out)
			out.Truncate(0)
		}
		best[0] = min(best[0], time.Since(start))
		start = time.Now()
		for range rounds {
			var v sample.Mixed
			if err := cbor.Unmarshal(text, &v); err != nil {
				panic(err)
			}
			if _, err := cbor.Marshal(sample.Struct(v)); err != nil {
				panic(err)
			}
		}
		best[1] = min(best[1], time.Since(start))
	}
	fmt.Println(best[0].Nanoseconds()/rounds, best[1].Nanoseconds()/rounds)
}
`

// capture keeps the last message and answers with it, as the module's function does.
type capture struct{ body []byte }

func (c *capture) Call(_ context.Context, _ string, function int, mode uint64, message *wire.Encoder) (Reply, error) {
	var e wire.Encoder
	e.Uint(1)
	e.Uint(uint64(function))
	e.Uint(mode)
	e.Uint(0)
	arguments := message.Buf[Headroom:]
	c.body = append(e.Buf, arguments...)
	var answer []byte
	if mode&wire.ModeShare != 0 {
		answer = []byte{1, 0, 0} // the first and last update, without changes
	}
	return Reply{Body: append(answer, arguments...)}, nil
}
func (*capture) Release(uint64) {}
func (*capture) Given()         {}

// BenchmarkCodec compares what a struct of six mixed fields costs there and back, without a
// transport, on the host and in the module, with fxamacker/cbor. It needs a registry for the
// yardstick.
func BenchmarkCodec(b *testing.B) {
	if os.Getenv("LOAD_LIVE") == "" {
		b.Skip("it gets its yardstick from the registry; set LOAD_LIVE=1 to run it")
	}
	tc, err := toolchain.Find()
	require.NoError(b, err)
	dir := filepath.Join(b.TempDir(), "sample")
	work := filepath.Join(b.TempDir(), "work")
	for _, d := range []string{dir, work} {
		require.NoError(b, os.MkdirAll(d, 0o700))
	}
	require.NoError(b, os.WriteFile(filepath.Join(dir, "sample.go"), []byte(ratio.Sample), 0o600))
	builder := build.Builder{Toolchain: tc, GOOS: runtime.GOOS, GOARCH: runtime.GOARCH}
	encoded, err := builder.Glue(b.Context(), find.Source{Kind: find.KindGo, FS: os.DirFS(dir), Dir: dir, Go: &find.GoSource{GoMod: []byte("go 1.24\n")}}, work)
	require.NoError(b, err)
	described, err := api.DecodeAPI(encoded)
	require.NoError(b, err)
	transport := &capture{}
	bound, err := NewInstance("sample", described, transport, inflight.Limits{}).Bind("Struct", reflect.TypeFor[func(ratio.Mixed) (ratio.Mixed, error)]())
	require.NoError(b, err)
	call := bound.Interface().(func(ratio.Mixed) (ratio.Mixed, error))
	in := ratio.SixFields
	out, err := call(in)
	require.NoError(b, err)
	require.Equal(b, in, out)

	main, err := os.ReadFile(filepath.Join(work, "main.go"))
	require.NoError(b, err)
	for name, text := range map[string]string{
		"main.go":    strings.Replace(string(main), "guest.Serve(guest.Table{", "measure(guest.Table{", 1),
		"measure.go": measureSource,
	} {
		require.NoError(b, os.WriteFile(filepath.Join(work, name), []byte(text), 0o600))
	}
	var guest, theirs int
	for _, args := range [][]string{{"get", "github.com/fxamacker/cbor/v2@v2.9.6"}, {"run", ".", hex.EncodeToString(transport.body)}} {
		cmd := exec.CommandContext(b.Context(), tc.GoCommand, args...)
		cmd.Dir, cmd.Env = work, append(os.Environ(), "GOFLAGS=-mod=mod", "GOWORK=off")
		cmd.Stderr = os.Stderr
		out, err := cmd.Output()
		require.NoErrorf(b, err, "%v", args)
		if args[0] == "run" {
			_, err := fmt.Sscan(string(out), &guest, &theirs)
			require.NoError(b, err)
		}
	}
	for b.Loop() {
		_, err := call(in)
		ratio.Must(b, err)
	}
	host := float64(b.Elapsed().Nanoseconds()) / float64(b.N)
	b.ReportMetric(host, "ns/host")
	b.ReportMetric(float64(guest), "ns/module")
	b.ReportMetric(float64(theirs), "ns/cbor")
	b.ReportMetric(host/float64(theirs), "host-ratio")
	b.ReportMetric(float64(guest)/float64(theirs), "module-ratio")
	b.ReportMetric(0, "ns/op")
}
