package standard_test

import (
	"errors"
	"io"
	"sync"
	"testing"

	"github.com/loadgo/load"
	"github.com/loadgo/load/event"
	"github.com/loadgo/load/loadtest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const library = `
-- example.com/stack@v1.0.0/go.mod --
module example.com/stack

go 1.24
-- example.com/stack@v1.0.0/stack.go --
package stack

import (
	"io"

	"example.com/stack/item"
)

// Count counts the calls of Uniq.
var Count int

func Uniq[T comparable](list []T) []T {
	Count++
	seen := map[T]bool{}
	var out []T
	for _, v := range list {
		if !seen[v] {
			seen[v] = true
			out = append(out, v)
		}
	}
	return out
}

func Map[T, R any](list []T, f func(T) R) []R {
	out := make([]R, len(list))
	for i, v := range list {
		out[i] = f(v)
	}
	return out
}

func Counted() int { return Count }

type Stack struct{ items []*item.Item }

func New(items ...*item.Item) *Stack { return &Stack{items} }

func (s *Stack) Len() int { return len(s.items) }

func End() error { return io.EOF }

type Point struct{ X, Y int }
-- example.com/stack@v1.0.0/item/item.go --
package item

import "errors"

var ErrGone = errors.New("gone")

func Get(name string) (*Item, error) { return nil, ErrGone }

func IsGone(err error) bool { return err == ErrGone }

type Item struct{ name string }

func New(name string) *Item { return &Item{name} }

func (i *Item) Name() string { return i.name }
`

// TestCompanions: objects of one package are arguments of another one's functions, and a second
// loader on the same store needs neither a network nor a compiler.
func TestCompanions(t *testing.T) {
	t.Parallel()
	s := &system{loadtest.Proxy(t, library), loadtest.OpenStore(t)}
	before := 0
	for _, compiled := range []int{1, 0} {
		l, events := s.loader(t, t.TempDir())
		m, err := l.Load(t.Context(), "example.com/stack", load.Along("example.com/stack/item", "bytes", "io"))
		require.NoError(t, err)
		newItem, err := load.Func[func(string) *load.Object](m, "item.New")
		require.NoError(t, err)
		newStack, err := load.Func[func(...*load.Object) *load.Object](m, "New")
		require.NoError(t, err)
		stack := newStack(newItem("a"), newItem("b"))
		n, err := stack.Call(t.Context(), "Len")
		require.NoError(t, err)
		assert.Equal(t, 2, n[0])
		out, err := m.Call(t.Context(), "bytes.ToUpper", []byte("a"))
		require.NoError(t, err)
		assert.Equal(t, "A", string(out[0].([]byte)))
		checkSentinels(t, m)
		assert.Equal(t, compiled, len(loadtest.EventsOf[event.Compiled](events)))
		requests := s.proxy.Count("/")
		assert.Falsef(t, compiled == 0 && requests != before, "%d requests, want none", requests-before)
		before = s.proxy.Count("/")
	}
}

// checkSentinels: sentinel errors of companions are found by errors.Is, and those of standard ones
// are the host's own.
func checkSentinels(t *testing.T, m *load.Module) {
	t.Helper()
	gone, err := load.Value[error](m, "item.ErrGone")
	require.NoError(t, err)
	_, err = m.Call(t.Context(), "item.Get", "x")
	assert.ErrorIs(t, err, gone)
	out, err := m.Call(t.Context(), "item.IsGone", err)
	require.NoError(t, err, "back in the module it is another error")
	assert.Equal(t, true, out[0], "back in the module it is another error")
	eof, err := load.Value[error](m, "io.EOF")
	assert.NoError(t, err)
	assert.ErrorIs(t, eof, io.EOF)
	_, err = m.Call(t.Context(), "End")
	assert.ErrorIs(t, err, io.EOF)
}

// TestInstantiate: instantiations that a module is built with share its variables; those made on
// demand have variables of their own, are made once, and are kept.
func TestInstantiate(t *testing.T) {
	t.Parallel()
	s := &system{loadtest.Proxy(t, library), loadtest.OpenStore(t)}
	type point struct{ X, Y int }
	for _, compiled := range []int{2, 0} { // the sibling is what the second load made
		l, events := s.loader(t, t.TempDir())
		plain, err := l.Load(t.Context(), "example.com/stack")
		require.NoError(t, err)
		with, err := l.Load(t.Context(), "example.com/stack", load.Instantiate("Uniq[Point]"))
		require.NoError(t, err)
		var wg sync.WaitGroup
		for range 8 {
			for _, m := range []*load.Module{plain, with} {
				wg.Go(func() {
					uniq, err := load.Func[func([]point) []point](m, "Uniq[Point]")
					if !assert.NoError(t, err) {
						return
					}
					if got := uniq([]point{{1, 2}, {1, 2}, {3, 4}}); len(got) != 2 || got[1] != (point{3, 4}) {
						t.Errorf("got %v", got)
					}
				})
			}
		}
		wg.Wait()
		for m, want := range map[*load.Module]int{plain: 0, with: 8} {
			n, err := m.Call(t.Context(), "Counted")
			require.NoErrorf(t, err, "counted %v, %v; want %d", n, err, want)
			assert.Falsef(t, n[0] != want, "counted %v, %v; want %d", n, err, want)
		}
		assert.Equal(t, compiled, len(loadtest.EventsOf[event.Compiled](events)))
	}
}

// TestInstantiateWithFunc: the host's function is an argument of an instantiation.
func TestInstantiateWithFunc(t *testing.T) {
	t.Parallel()
	s := &system{loadtest.Proxy(t, library), loadtest.OpenStore(t)}
	l, _ := s.loader(t, t.TempDir())
	m, err := l.Load(t.Context(), "example.com/stack")
	require.NoError(t, err)
	lengths, err := load.Func[func([]string, func(string) int) []int](m, "Map[string, int]")
	require.NoError(t, err)
	assert.Equal(t, []int{1, 3}, lengths([]string{"a", "bcd"}, func(s string) int { return len(s) }))
}

func TestInstantiateErrors(t *testing.T) {
	t.Parallel()
	s := &system{loadtest.Proxy(t, library), loadtest.OpenStore(t)}
	l, _ := s.loader(t, t.TempDir())
	m, err := l.Load(t.Context(), "example.com/stack")
	require.NoError(t, err)
	for symbol, want := range map[string]string{
		"Uniq[func()]":        "load example.com/stack: Uniq[func()] does not compile\n\tfunc() does not satisfy comparable",
		"Uniq[int, int]":      "load example.com/stack: Uniq[int, int] does not compile\n\tgot 2 type arguments but want 1",
		"Uniq[Pint]":          "example.com/stack has no symbol Pint; did you mean Point?",
		"Unic[int]":           "example.com/stack has no symbol Unic; did you mean Uniq?",
		"Uniq[time.Durtion]":  "example.com/stack has no symbol time.Durtion; did you mean time.Duration?",
		"New[int]":            "load example.com/stack: New[int] does not compile\n\tcannot index New (value of type func(items ...*item.Item) *stack.Stack)",
		"Uniq[template.HTML]": "load example.com/stack: Uniq[template.HTML] does not compile: template may be html/template or text/template\n\tname the import path that you mean by load.Along, or by -with in the command",
	} {
		_, err := load.Func[func([]int) []int](m, symbol)
		assert.EqualError(t, err, want, symbol)
		var compile *load.CompileError
		var unknown *load.SymbolError
		assert.NotEqual(t, errors.As(err, &unknown), errors.As(err, &compile), symbol)
	}
	_, err = load.Func[func([]int) []int](m, "Uniq")
	assert.ErrorContains(t, err, "it is generic: name the type arguments, as in Uniq[int]\n", "without type arguments")
}
