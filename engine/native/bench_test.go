package native_test

import (
	"testing"
	"time"

	"github.com/loadgo/load"
	"github.com/stretchr/testify/require"
)

//go:noinline
func add(a, b int) int { return a + b }

// BenchmarkCall compares a call through load.Func with one of the function itself. Both go through
// a function value, as any function that is chosen at run time does.
func BenchmarkCall(b *testing.B) {
	bound, err := load.Func[func(int, int) int](module(b, map[string]any{"add": add}), "add")
	require.NoError(b, err)
	direct := add
	total := 0
	run := func(f func(int, int) int) time.Duration {
		start := time.Now()
		for i := range 1000 {
			total += f(i, 1)
		}
		return time.Since(start)
	}
	var ours, theirs time.Duration
	for b.Loop() {
		ours += run(bound)
		theirs += run(direct)
	}
	b.ReportMetric(float64(ours.Nanoseconds())/float64(b.N)/1000, "bound-ns/call")
	b.ReportMetric(float64(theirs.Nanoseconds())/float64(b.N)/1000, "direct-ns/call")
	b.ReportMetric(float64(ours)/float64(theirs), "ratio")
	_ = total
}
