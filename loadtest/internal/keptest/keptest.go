// Package keptest holds the rules about what a module keeps of the host's variables while goroutines
// change it.
package keptest

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"weak"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/loadtest/internal/gosuite"
)

type leaf struct {
	N    int64
	Text string
}
type itemHost struct {
	Name string
	P    *leaf
}
type rowHost struct {
	Items []itemHost
	Next  *rowHost
}
type boardHost struct {
	Name  string
	Leaf  *leaf
	Lists []rowHost
	Marks map[string]int
}
type odd struct{ n int }

func (o *odd) MarshalText() ([]byte, error) { return []byte(strings.Repeat("x", o.n)), nil }
func (o *odd) UnmarshalText(b []byte) error { o.n = len(b); return nil }

// suite are the rules, as tests of one engine.
type suite struct{ gosuite.Suite }

// Tests lists the rules by the names of their tests.
func Tests(kit gosuite.Suite) map[string]func(*testing.T) {
	s := suite{kit}
	return map[string]func(*testing.T){
		"LastingAlone": s.testLastingAlone, "LastingOutside": s.testLastingOutside, "LastingReplaced": s.testLastingReplaced,
		"LastingOthers": s.testLastingOthers, "Beside": s.testBeside, "LastingAgain": s.testLastingAgain,
		"LastingReturned": s.testLastingReturned, "LastingLists": s.testLastingLists, "LastingGiven": s.testLastingGiven,
	}
}

// testLastingAlone checks what a module holds while goroutines of its own change it: nothing of the
// host's is lost, or half of a text, and nobody ends the module.
func (s suite) testLastingAlone(t *testing.T) {
	m := s.Testdata(t, "values", 0)
	setup := func(t *testing.T) (call func(string, ...any) []any, b *boardHost) {
		b = &boardHost{Name: "b", Leaf: &leaf{Text: "s"}, Marks: map[string]int{"a": 1}}
		gosuite.Bound[func(*boardHost)](t, m, "KeepBoard")(b)
		return func(name string, args ...any) []any {
			out, err := m.Call(t.Context(), name, args)
			require.NoError(t, err, name)
			return out
		}, b
	}
	t.Run("marks", func(t *testing.T) {
		call, _ := setup(t)
		call("RunBoard", true, false, false)
		for range 40 {
			call("Nothing")
		}
		call("StopBoard")
	})
	t.Run("texts", func(t *testing.T) {
		call, b := setup(t)
		call("RunBoard", false, true, false)
		long := strings.Repeat("l", 1000)
		for range 40 {
			call("Nothing")
			require.Contains(t, []string{"s", long}, b.Leaf.Text)
		}
		call("StopBoard")
	})
	t.Run("counts", func(t *testing.T) {
		call, b := setup(t)
		call("RunBoard", false, false, true)
		for i := range 40 {
			b.Name = fmt.Sprint("n", i)
			call("Nothing")
		}
		call("StopBoard")
		call("Nothing")
		assert.Equal(t, call("BoardTotal")[0], b.Leaf.N)
	})
	t.Run("rows", func(t *testing.T) {
		call := func(name string) {
			_, err := m.Call(t.Context(), name, nil)
			require.NoError(t, err, name)
		}
		keep := gosuite.Bound[func(a, b *rowHost)](t, m, "KeepRows")
		room := make([]itemHost, 3)
		a, b := &rowHost{Items: room[:1]}, &rowHost{Items: []itemHost{{Name: "b"}}}
		keep(a, b)
		call("GrowRows")
		assert.Equal(t, "changed", b.Items[0].Name)
		assert.Len(t, a.Items, 2)
		gosuite.Bound[func([]itemHost)](t, m, "GrowRows2")(room)
		assert.Equal(t, "changed2", b.Items[0].Name)
		assert.Len(t, a.Items, 2)
		call("ShrinkGrow")
		assert.Equal(t, "changed3", b.Items[0].Name)
		call("RoomRows")
		call("GrowRows")
		assert.Len(t, a.Items, 2)
		assert.Equal(t, "changed", b.Items[0].Name, "the list of another struct, where an array became longer")
		for range 5 {
			call("GrowRows")
		}
		b.Items[0].Name = "host"
		a.Items = room[:3]
		a.Items[2].Name = "third"
		call("ShrinkGrow")
		assert.Equal(t, "changed3", b.Items[0].Name)
		assert.Equal(t, "third", a.Items[2].Name)
	})
	t.Run("odd", func(t *testing.T) {
		o := &odd{n: 2}
		gosuite.Bound[func(*odd)](t, m, "KeepOdd")(o)
		call := func(name string, args ...any) {
			_, err := m.Call(t.Context(), name, args)
			require.NoError(t, err, name)
		}
		call("OddBump")
		assert.Equal(t, 3, o.n)
		gosuite.Bound[func(func() string)](t, m, "OddHook")(func() string { return "y" })
		call("OddBump")
		gosuite.Bound[func(func() string)](t, m, "OddHook")(nothingOf(t, m))
		call("OddBump")
		assert.Equal(t, 5, o.n-len("z"), "the host's function has called the module while it was asked for a text")
		gosuite.Bound[func(func() string)](t, m, "OddHook")(nil)
		call("OddPanics", true)
		call("OddBump")
		call("OddPanics", false)
		assert.Equal(t, 6, o.n, "what had no text has one again")
	})
	t.Run("globals", func(t *testing.T) {
		l := gosuite.Bound[func() *leaf](t, m, "GlobalLeaf")()
		second := gosuite.Bound[func() *leaf](t, m, "SecondLeaf")()
		gb := gosuite.Bound[func() *boardHost](t, m, "GlobalBoard")()
		gosuite.Bound[func() *struct{}](t, m, "EmptyKept")()
		bump := gosuite.Bound[func()](t, m, "BumpGlobals")
		for i := range 5 {
			bump()
			assert.Equal(t, int64(4+i), l.N)
			assert.Equal(t, int64(3+i), second.N)
			assert.Equal(t, "gb"+strings.Repeat("!", i+1), gb.Name)
			assert.Equal(t, l.N, gb.Leaf.N)
			assert.Equal(t, 2+i, gb.Marks["a"])
		}
	})
	t.Run("memory", func(t *testing.T) {
		keep := gosuite.Bound[func(*boardHost)](t, m, "KeepBoard")
		var given []weak.Pointer[boardHost]
		for range 100 {
			b := &boardHost{Leaf: &leaf{}}
			keep(b)
			given = append(given, weak.Make(b))
		}
		keep(nil)
		nothing := gosuite.Bound[func()](t, m, "Nothing")
		assert.Eventually(t, func() bool {
			nothing()
			runtime.GC()
			return !slices.ContainsFunc(given, func(p weak.Pointer[boardHost]) bool { return p.Value() != nil })
		}, 20*time.Second, time.Millisecond, "the host keeps what the module has let go")
	})
	t.Run("goroutines", func(t *testing.T) {
		keep := gosuite.Bound[func(*boardHost)](t, m, "KeepBoard")
		nothing := gosuite.Bound[func()](t, m, "Nothing")
		for range 50 {
			b := &boardHost{Leaf: &leaf{}, Marks: map[string]int{"a": 1}}
			var wg sync.WaitGroup
			wg.Go(func() { keep(b) })
			wg.Wait()
			for range 5 {
				wg.Go(nothing)
			}
			for range 100 {
				b.Name += "x"
				b.Leaf.Text += "x"
				b.Marks[b.Name] = 1
			}
			wg.Wait()
		}
	})
}

// nothingOf is a function that calls the module.
func nothingOf(t *testing.T, m engine.Instance) func() string {
	nothing := gosuite.Bound[func()](t, m, "Nothing")
	return func() string { nothing(); return "z" }
}
