package stub_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/loadgo/load"
	"github.com/loadgo/load/internal/ratio"
	"github.com/loadgo/load/standard"
	"github.com/loadgo/load/stub"
)

func loader(b *testing.B) *load.Loader {
	b.Helper()
	l, err := standard.New(load.Config{})
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, l.Close(context.Background())) })
	return l
}

const name = "a/b/0123456789abcdef"

// BenchmarkCall compares a call of a stub's function with one of the function that load.Func
// returns: path.Base of the standard library.
func BenchmarkCall(b *testing.B) {
	l := loader(b)
	m, err := l.Load(b.Context(), "path")
	require.NoError(b, err)
	bound, err := load.Func[func(string) string](m, "Base")
	require.NoError(b, err)
	module := stub.Module{Name: "path"}
	module.Use(l)
	base := stub.Func[func(string) string]{Package: &stub.Package{Module: &module}, Symbol: "Base"}
	direct := func() { ratio.Want(b, "0123456789abcdef", bound(name)) }
	through := func() { ratio.Want(b, "0123456789abcdef", base.Get()(name)) }
	through()
	more := testing.AllocsPerRun(1000, through) - testing.AllocsPerRun(1000, direct)
	ratio.Compare(b, 200, direct, through)
	b.ReportMetric(more, "more-allocs")
}

// BenchmarkGeneric is what finding the instance of a generic function costs a call.
func BenchmarkGeneric(b *testing.B) {
	l := loader(b)
	module := stub.Module{Name: "slices"}
	module.Use(l)
	self := &stub.Package{Module: &module}
	contains := func() func([]int, int) bool {
		return stub.Generic[func([]int, int) bool, func([]int, int)](self, "Contains")
	}
	require.True(b, contains()([]int{1, 2}, 2))
	b.ReportAllocs()
	for b.Loop() {
		contains()
	}
}

// BenchmarkFirstUse compares the first call of a stub with a load and the first call of a function
// bound by load.Func.
func BenchmarkFirstUse(b *testing.B) {
	_, err := loader(b).Load(b.Context(), "path") // compiled
	require.NoError(b, err)
	var direct, through []time.Duration
	for range b.N {
		l := loader(b)
		start := time.Now()
		m, err := l.Load(b.Context(), "path")
		ratio.Must(b, err)
		bound, err := load.Func[func(string) string](m, "Base")
		ratio.Must(b, err)
		bound(name)
		direct = append(direct, time.Since(start))

		module := stub.Module{Name: "path"}
		module.Use(loader(b))
		base := stub.Func[func(string) string]{Package: &stub.Package{Module: &module}, Symbol: "Base"}
		start = time.Now()
		base.Get()(name)
		through = append(through, time.Since(start))
	}
	slices.Sort(direct)
	slices.Sort(through)
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(through[len(through)/2].Microseconds()), "µs")
	b.ReportMetric(float64((through[len(through)/2] - direct[len(direct)/2]).Microseconds()), "µs-more")
}
