package standard_test

import (
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/loadgo/load"
	"github.com/loadgo/load/loadtest"
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

// TestCompanions: objects of one package are arguments of another one's functions, and a second loader on the same
// store needs neither a network nor a compiler.
func TestCompanions(t *testing.T) {
	t.Parallel()
	s := &system{loadtest.Proxy(t, library), openStore(t)}
	before := 0
	for _, compiled := range []int{1, 0} {
		l, events := s.loader(t, t.TempDir())
		m, err := l.Load(t.Context(), "example.com/stack", load.Along("example.com/stack/item", "bytes", "io"))
		if err != nil {
			t.Fatal(err)
		}
		newItem, err := load.Func[func(string) *load.Object](m, "item.New")
		if err != nil {
			t.Fatal(err)
		}
		newStack, err := load.Func[func(...*load.Object) *load.Object](m, "New")
		if err != nil {
			t.Fatal(err)
		}
		stack := newStack(newItem("a"), newItem("b"))
		if n, err := stack.Call(t.Context(), "Len"); err != nil || n[0] != 2 {
			t.Errorf("Len: %v, %v", n, err)
		}
		if out, err := m.Call(t.Context(), "bytes.ToUpper", []byte("a")); err != nil || string(out[0].([]byte)) != "A" {
			t.Errorf("bytes.ToUpper: %v, %v", out, err)
		}
		checkSentinels(t, m)
		if got := events.count("Compiled"); got != compiled {
			t.Errorf("%d compiles, want %d", got, compiled)
		}
		if requests := s.proxy.Count("/"); compiled == 0 && requests != before {
			t.Errorf("%d requests, want none", requests-before)
		}
		before = s.proxy.Count("/")
	}
}

// checkSentinels: sentinel errors of companions are found by errors.Is, and those of standard ones are the host's own.
func checkSentinels(t *testing.T, m *load.Module) {
	t.Helper()
	gone, err := load.Value[error](m, "item.ErrGone")
	if err != nil {
		t.Fatal(err)
	}
	_, err = m.Call(t.Context(), "item.Get", "x")
	if !errors.Is(err, gone) {
		t.Errorf("%#v is not %#v", err, gone)
	}
	if out, err := m.Call(t.Context(), "item.IsGone", err); err != nil || out[0] != true {
		t.Errorf("back in the module it is another error: %v, %v", out, err)
	}
	if eof, err := load.Value[error](m, "io.EOF"); err != nil || !errors.Is(eof, io.EOF) {
		t.Errorf("io.EOF is %#v, %v", eof, err)
	}
	if _, err := m.Call(t.Context(), "End"); !errors.Is(err, io.EOF) {
		t.Errorf("%#v is not io.EOF", err)
	}
}

// TestInstantiate: instantiations that a module is built with share its variables; those made on demand have
// variables of their own, are made once, and are kept.
func TestInstantiate(t *testing.T) {
	t.Parallel()
	s := &system{loadtest.Proxy(t, library), openStore(t)}
	type point struct{ X, Y int }
	for _, compiled := range []int{2, 0} { // the sibling is what the second load made
		l, events := s.loader(t, t.TempDir())
		plain, err := l.Load(t.Context(), "example.com/stack")
		if err != nil {
			t.Fatal(err)
		}
		with, err := l.Load(t.Context(), "example.com/stack", load.Instantiate("Uniq[Point]"))
		if err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for range 8 {
			for _, m := range []*load.Module{plain, with} {
				wg.Go(func() {
					uniq, err := load.Func[func([]point) []point](m, "Uniq[Point]")
					if err != nil {
						t.Error(err)
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
			if n, err := m.Call(t.Context(), "Counted"); err != nil || n[0] != want {
				t.Errorf("counted %v, %v; want %d", n, err, want)
			}
		}
		if got := events.count("Compiled"); got != compiled {
			t.Errorf("%d compiles, want %d", got, compiled)
		}
	}
}

// TestInstantiateWithFunc: the host's function is an argument of an instantiation.
func TestInstantiateWithFunc(t *testing.T) {
	t.Parallel()
	s := &system{loadtest.Proxy(t, library), openStore(t)}
	l, _ := s.loader(t, t.TempDir())
	m, err := l.Load(t.Context(), "example.com/stack")
	if err != nil {
		t.Fatal(err)
	}
	lengths, err := load.Func[func([]string, func(string) int) []int](m, "Map[string, int]")
	if err != nil {
		t.Fatal(err)
	}
	if got := lengths([]string{"a", "bcd"}, func(s string) int { return len(s) }); !slices.Equal(got, []int{1, 3}) {
		t.Errorf("got %v", got)
	}
}

func TestInstantiateErrors(t *testing.T) {
	t.Parallel()
	s := &system{loadtest.Proxy(t, library), openStore(t)}
	l, _ := s.loader(t, t.TempDir())
	m, err := l.Load(t.Context(), "example.com/stack")
	if err != nil {
		t.Fatal(err)
	}
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
		if err == nil || err.Error() != want {
			t.Errorf("%s:\ngot  %v\nwant %s", symbol, err, want)
		}
		var compile *load.CompileError
		var unknown *load.SymbolError
		if errors.As(err, &compile) == errors.As(err, &unknown) {
			t.Errorf("%s: %T", symbol, err)
		}
	}
	if _, err := load.Func[func([]int) []int](m, "Uniq"); err == nil || !strings.Contains(err.Error(), "it is generic: name the type arguments, as in Uniq[int]\n") {
		t.Errorf("without type arguments: %v", err)
	}
}
