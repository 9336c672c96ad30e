package valuetest

import (
	"errors"
	"io"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadgo/load"
	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/loadtest/internal/gosuite"
)

// Types of the host that the module knows nothing of.
type (
	plainItem struct {
		Name string
		N    int
	}
	twinItem struct {
		Name string
		N    int
	}
	hiddenItem struct {
		Name string
		n    int
	}
	closedItem struct{ n int }
	nodeItem   struct {
		N    int
		Next *nodeItem
		Tags []string
		note string
	}
	labelMap map[string]int
	idList   []int
	tagged   struct {
		plainItem
		At   time.Time
		Any  any
		Func func() int
	}
)

func (c closedItem) String() string { return "closed " + strings.Repeat("I", c.n) }

// testHostValues: a value of the host that the module stores comes home as itself.
func (s suite) testHostValues(t *testing.T) {
	m := s.values(t)
	store := gosuite.Bound[func(key, value any) error](t, m, "StoreAny")
	fetch := gosuite.Bound[func(key any) (any, error)](t, m, "LoadAny")
	n := 5
	note := &nodeItem{N: 1, Tags: []string{"a"}, note: "kept"}
	note.Next = note
	mutex := new(sync.Mutex)
	failure := errors.New("own")
	for _, v := range []any{
		plainItem{"a", 1},
		twinItem{"a", 1},
		hiddenItem{"a", 2},
		closedItem{3},
		&plainItem{"b", 1}, &hiddenItem{"b", 2}, &closedItem{3}, note, mutex, &n, &note,
		failure, io.EOF, time.Unix(5, 0).UTC(), &time.Time{},
		[2]plainItem{{"x", 1}, {"y", 2}},
	} {
		require.NoError(t, store("key", v), "%T", v)
		got, err := fetch("key")
		require.NoError(t, err, "%T", v)
		assert.True(t, got == v, "%T: %#v became %#v", v, v, got)
	}
	for _, v := range []any{
		labelMap{"a": 1}, idList{1, 2}, []plainItem{{"a", 1}}, map[string]*nodeItem{"x": note}, []any{note, "x"},
	} {
		require.NoError(t, store("key", v))
		got, err := fetch("key")
		require.NoError(t, err)
		assert.IsType(t, v, got)
		assert.Equal(t, v, got)
	}
	labels := labelMap{"a": 1}
	require.NoError(t, store("key", labels))
	labels["b"] = 2
	got, err := fetch("key")
	require.NoError(t, err)
	assert.Equal(t, labels, got, "it is the same map")
	type holder struct {
		Name   string
		Object *engine.Object
		List   []*engine.Object
	}
	require.NoError(t, store("key", holder{Name: "none", List: []*engine.Object{nil}}))
	got, err = fetch("key")
	require.NoError(t, err)
	assert.Equal(t, holder{Name: "none", List: []*engine.Object{nil}}, got, "no object")
	own := call0[*engine.Object](t, m, "NewShelf")
	require.NoError(t, store("key", holder{"some", own, []*engine.Object{own}}))
	got, err = fetch("key")
	require.NoError(t, err)
	for _, o := range []*engine.Object{got.(holder).Object, got.(holder).List[0]} {
		equal, err := o.Equal(t.Context(), own)
		require.NoError(t, err)
		assert.True(t, equal)
	}
	call := 0
	require.NoError(t, store("key", func() int { call++; return call }))
	f, err := fetch("key")
	require.NoError(t, err)
	assert.Equal(t, 1, f.(func() int)())

	shelf := call0[*engine.Object](t, m, "NewShelf")
	push, err := load.Method[func(any) error](shelf, "Push")
	require.NoError(t, err)
	pop, err := load.Method[func() (any, error)](shelf, "Pop")
	require.NoError(t, err)
	a, b := &plainItem{"a", 1}, tagged{plainItem{"b", 2}, time.Unix(7, 0).UTC(), note, nil}
	require.NoError(t, push(a))
	require.NoError(t, push(b))
	a.N = 7 // the list has the pointer, not what it pointed to
	got, err = pop()
	require.NoError(t, err)
	assert.Same(t, a, got)
	assert.Equal(t, 7, a.N)
	got, err = pop()
	require.NoError(t, err)
	assert.Equal(t, b, got)
	assert.Same(t, note, got.(tagged).Any)
}

// testHostChanges: what the module changes of a pointer that it kept is changed in the host's own.
func (s suite) testHostChanges(t *testing.T) {
	m := s.values(t)
	set := gosuite.Bound[func(v any, name string, to int) error](t, m, "SetAnyField")
	p := &hiddenItem{"p", 1}
	type counter struct {
		N, M   int
		hidden string
	}
	c := &counter{1, 2, "kept"}
	require.NoError(t, set(c, "N", 5))
	assert.Equal(t, counter{5, 2, "kept"}, *c)
	shelf := call0[*engine.Object](t, m, "NewShelf")
	push, err := load.Method[func(any) error](shelf, "Push")
	require.NoError(t, err)
	pop, err := load.Method[func() (any, error)](shelf, "Pop")
	require.NoError(t, err)
	require.NoError(t, push(c))
	require.NoError(t, push(p))
	c.M = 9
	require.NoError(t, set(c, "N", 6))
	got, err := pop()
	require.NoError(t, err)
	assert.Same(t, c, got)
	assert.Equal(t, counter{6, 9, "kept"}, *c)
	first := gosuite.Bound[func([]any) (any, error)](t, m, "FirstAny")
	got, err = first([]any{p})
	require.NoError(t, err)
	assert.Same(t, p, got)
}

// testHostTogether: several goroutines pass the same values, as they may where they only read.
func (s suite) testHostTogether(t *testing.T) {
	m := s.values(t)
	print := gosuite.Bound[func(any) (string, error)](t, m, "Marshal")
	equal := gosuite.Bound[func(a, b any) (bool, error)](t, m, "EqualAny")
	data := map[string]any{"list": []string{"a", "b"}, "of": map[string]string{"x": "y"}, "n": 1}
	p := &plainItem{"a", 1}
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 50 {
				text, err := print(data)
				assert.NoError(t, err)
				assert.Equal(t, `{"list":["a","b"],"n":1,"of":{"x":"y"}}`, text)
				text, err = print(p)
				assert.NoError(t, err)
				assert.Equal(t, `{"Name":"a","N":1}`, text)
				same, err := equal(p, p)
				assert.NoError(t, err)
				assert.True(t, same)
			}
		})
	}
	group.Wait()
}

// testHostEquality: the same value of the host is the same in the module.
func (s suite) testHostEquality(t *testing.T) {
	m := s.values(t)
	equal := gosuite.Bound[func(a, b any) (bool, error)](t, m, "EqualAny")
	count := gosuite.Bound[func(...any) (int, error)](t, m, "CountAny")
	p, q := &plainItem{"a", 1}, &plainItem{"a", 1}
	for _, c := range []struct {
		a, b any
		want bool
	}{
		{p, p, true},
		{p, q, false},
		{*p, *q, true},
		{*p, twinItem{"a", 1}, false},
		{hiddenItem{"a", 1}, hiddenItem{"a", 1}, true},
		{hiddenItem{"a", 1}, hiddenItem{"a", 2}, false},
		{closedItem{1}, closedItem{1}, true},
		{closedItem{1}, closedItem{2}, false},
		{io.EOF, io.EOF, true},
		{errors.ErrUnsupported, io.EOF, false},
		{1, 1, true},
		{"a", "b", false},
	} {
		got, err := equal(c.a, c.b)
		require.NoError(t, err)
		assert.Equal(t, c.want, got, "%#v == %#v", c.a, c.b)
	}
	n, err := count(p, q, p, *p, *q, hiddenItem{"a", 1}, hiddenItem{"a", 1}, closedItem{1}, closedItem{1})
	require.NoError(t, err)
	assert.Equal(t, 5, n)

	store := gosuite.Bound[func(key, value any) error](t, m, "StoreAny")
	fetch := gosuite.Bound[func(key any) (any, error)](t, m, "LoadAny")
	for _, key := range []any{p, q, plainItem{"k", 1}, hiddenItem{"k", 2}, closedItem{4}, io.EOF} {
		require.NoError(t, store(key, key))
	}
	runtime.GC()
	for _, key := range []any{p, q, plainItem{"k", 1}, hiddenItem{"k", 2}, closedItem{4}, io.EOF} {
		got, err := fetch(key)
		require.NoError(t, err)
		assert.True(t, got == key, "%#v: %#v", key, got)
	}
	text, err := gosuite.Bound[func(any) (string, error)](t, m, "Describe2")(closedItem{3})
	require.NoError(t, err)
	assert.Equal(t, "closed III", text)
}

// testHostCallbacks: values of the host pass through functions as themselves.
func (s suite) testHostCallbacks(t *testing.T) {
	m := s.values(t)
	p := &nodeItem{N: 1}
	flight := gosuite.Bound[func(func() (any, error)) (any, error)](t, m, "Flight")
	for _, v := range []any{p, hiddenItem{"a", 2}, closedItem{3}, plainItem{"b", 1}, idList{1}} {
		got, err := flight(func() (any, error) { return v, nil })
		require.NoError(t, err)
		assert.Equal(t, v, got)
	}
	got, err := flight(func() (any, error) { return p, nil })
	require.NoError(t, err)
	assert.Same(t, p, got)
	var seen []any
	all := []any{p, closedItem{1}, plainItem{"x", 1}, "text", nil}
	require.NoError(t, gosuite.Bound[func([]any, func(any) bool) error](t, m, "EachAny")(all, func(v any) bool { seen = append(seen, v); return true }))
	assert.Equal(t, all, seen)
	assert.Same(t, p, seen[0])
}

type lesser interface{ Less(than lesser) bool }

type rank int

func (r rank) Less(than lesser) bool { return r < than.(rank) }

type player struct {
	name string
	rank int
}

func (p *player) Less(than lesser) bool { return p.rank < than.(*player).rank }

// testHostInterfaces: a value of the host that implements an interface is one value in the module,
// and is the host's own wherever it comes home.
func (s suite) testHostInterfaces(t *testing.T) {
	m := s.values(t)
	least := gosuite.Bound[func(a, b lesser) (lesser, error)](t, m, "MinOf")
	got, err := least(rank(3), rank(2))
	require.NoError(t, err)
	assert.Equal(t, rank(2), got)
	ann, bob := &player{"ann", 2}, &player{"bob", 1}
	got, err = least(ann, bob)
	require.NoError(t, err)
	assert.Same(t, bob, got)

	same := gosuite.Bound[func(a, b lesser) (bool, error)](t, m, "SameLesser")
	for _, c := range []struct {
		a, b lesser
		want bool
	}{{ann, ann, true}, {ann, bob, false}, {rank(1), rank(1), true}, {rank(1), rank(2), false}, {nil, nil, true}, {ann, rank(1), false}} {
		got, err := same(c.a, c.b)
		require.NoError(t, err)
		assert.Equal(t, c.want, got, "%v == %v", c.a, c.b)
	}
	n, err := gosuite.Bound[func(...lesser) (int, error)](t, m, "CountLessers")(ann, bob, ann, rank(1), rank(1))
	require.NoError(t, err)
	assert.Equal(t, 3, n)

	ordered := call0[*engine.Object](t, m, "NewOrdered")
	insert, err := load.Method[func(lesser) error](ordered, "Insert")
	require.NoError(t, err)
	for _, p := range []*player{ann, bob, {"cid", 3}} {
		require.NoError(t, insert(p))
	}
	runtime.GC()
	first, err := load.Method[func() (lesser, error)](ordered, "Min")
	require.NoError(t, err)
	got, err = first()
	require.NoError(t, err)
	assert.Same(t, bob, got)
	all, err := load.Method[func() ([]lesser, error)](ordered, "All")
	require.NoError(t, err)
	list, err := all()
	require.NoError(t, err)
	require.Len(t, list, 3)
	assert.Same(t, ann, list[1])
	ascend, err := load.Method[func(func(lesser) bool) error](ordered, "Ascend")
	require.NoError(t, err)
	var names string
	require.NoError(t, ascend(func(l lesser) bool { names += l.(*player).name; return true }))
	assert.Equal(t, "bobanncid", names)

	keep := gosuite.Bound[func(lesser) (lesser, error)](t, m, "KeepLesser")
	_, err = keep(ann)
	require.NoError(t, err)
	got, err = keep(nil)
	require.NoError(t, err)
	assert.Same(t, ann, got)

	own := call0[*engine.Object](t, m, "NewNumber", 5)
	_, err = m.Call(t.Context(), "MinOf", []any{own, ann})
	gosuite.WantError(t, err, "stays in the module")
	failure := errors.New("own")
	isSame, err := gosuite.Bound[func(a, b error) (bool, error)](t, m, "SameError")(failure, failure)
	require.NoError(t, err)
	assert.True(t, isSame)
	wraps, err := gosuite.Bound[func(error) (bool, error)](t, m, "WrapsError")(failure)
	require.NoError(t, err)
	assert.True(t, wraps)
}

// call0 calls by name and returns the one result.
func call0[R any](t *testing.T, m engine.Instance, symbol string, args ...any) R {
	t.Helper()
	r, ok := gosuite.Call(t, m, symbol, args...).(R)
	require.True(t, ok)
	return r
}
