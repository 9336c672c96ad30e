package standard_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/loadgo/load"
	"github.com/loadgo/load/event"
	"github.com/stretchr/testify/require"
)

// BenchmarkReload measures the reload of a local Go package of a thousand lines after a change of
// one, and which share of it the compiler takes.
func BenchmarkReload(b *testing.B) {
	var mu sync.Mutex
	var compile time.Duration
	l := gardenLoader(b, load.Config{Events: func(e load.Event) {
		if compiled, ok := e.(event.Compiled); ok {
			mu.Lock()
			compile = compiled.Took
			mu.Unlock()
		}
	}})
	dir := b.TempDir()
	source := func(n int) string {
		var text strings.Builder
		fmt.Fprintf(&text, "package long\n\nfunc N() int { return %d }\n", n)
		for i := range 200 {
			fmt.Fprintf(&text, "\nfunc F%d(a, b int) int {\n\tfor range a { b += %d }\n\treturn b\n}\n", i, i)
		}
		return text.String()
	}
	file := filepath.Join(dir, "long.go")
	replace(b, file, source(0))
	_, err := l.Load(b.Context(), dir)
	require.NoError(b, err)
	var took, share []float64
	for n := 1; b.Loop(); n++ {
		replace(b, file, source(n))
		start := time.Now()
		_, err := l.Reload(b.Context(), dir)
		require.NoError(b, err)
		all := time.Since(start)
		mu.Lock()
		took, share = append(took, all.Seconds()), append(share, compile.Seconds()/all.Seconds())
		mu.Unlock()
	}
	slices.Sort(took)
	slices.Sort(share)
	b.ReportMetric(took[len(took)/2]*1e3, "ms/reload")
	b.ReportMetric(100*share[len(share)/2], "%compiler")
	b.ReportMetric(0, "ns/op")
}
