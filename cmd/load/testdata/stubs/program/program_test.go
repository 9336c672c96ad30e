package program

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sort"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/app/stubs/example.com/app/clash"
	"example.com/app/stubs/example.com/app/shapes"
)

// The tests pass with stubs and, by the tag load_linked, with the package itself.

func TestData(t *testing.T) {
	kind, err := shapes.Parse("round")
	require.NoError(t, err)
	assert.Equal(t, shapes.Round, kind)
	assert.Equal(t, "round angular", fmt.Sprintf("%v %s", kind, shapes.Angular))

	p := shapes.Point{X: 1, Y: 2, Next: &shapes.Point{X: 5}}
	assert.Equal(t, 3, p.Sum())
	assert.Same(t, &p, p.Move(10, 20))
	assert.Equal(t, shapes.Point{X: 11, Y: 22, Tags: []string{"moved"}, Next: &shapes.Point{X: 5}}, p)
	text, err := json.Marshal(shapes.Options{Size: 3})
	require.NoError(t, err)
	assert.JSONEq(t, `{"Size":3}`, string(text))

	names := shapes.Names{"a": 1}
	names.Add("a")
	names.Add("b")
	assert.Equal(t, shapes.Names{"a": 2, "b": 1}, names)
	words := shapes.Words{"c", "a", "b"}
	sort.Sort(words)
	assert.Equal(t, shapes.Words{"a", "b", "c"}, words)

	var old shapes.Old = p
	assert.Equal(t, 33, old.Sum())
	var plain shapes.Text = "x"
	assert.Equal(t, "x", plain)
}

func TestNames(t *testing.T) {
	assert.Equal(t, "a2", clash.Use_("a", 2))
	assert.Equal(t, 1, clash.Preload_())
	assert.Equal(t, 4, clash.Module_{N: 4}.N)
	assert.Equal(t, 3, clash.Stub_)
	assert.InDelta(t, 3.0, clash.Größe(1.5), 0)
	assert.Equal(t, "ü", clash.Überschrift{Länge: 1}.String())
	assert.Equal(t, "abcdef", clash.Params("a", "b", "c", "d", "e", "f", 7))
	assert.Equal(t, 5, clash.Shared().N())
}

func TestTextForms(t *testing.T) {
	id := shapes.NewID(0xab)
	assert.Equal(t, "abababab", id.String())
	assert.True(t, id == shapes.NewID(0xab))
	text, err := json.Marshal(map[string]any{"id": id, "n": shapes.NewCounter(4)})
	require.NoError(t, err)
	assert.JSONEq(t, `{"id":"abababab","n":"4"}`, string(text))
	text, err = json.Marshal(map[string]any{"a": shapes.NewMixed(3), "b": *shapes.NewMixed(4)})
	require.NoError(t, err)
	assert.JSONEq(t, `{"a":{"Shown":3},"b":{"Shown":4}}`, string(text))
	var c struct{ N shapes.Counter }
	require.NoError(t, json.Unmarshal([]byte(`{"N":"12"}`), &c))
	assert.Equal(t, 12, c.N.N())
	require.NoError(t, id.Scan("wxyz"))
	assert.Equal(t, shapes.ID([]byte("wxyz")), id)
}

func TestErrors(t *testing.T) {
	_, err := shapes.Parse("")
	assert.True(t, err == shapes.ErrEmpty)
	_, err = shapes.Parse("x")
	assert.ErrorIs(t, err, shapes.ErrUnknown)
	assert.NotErrorIs(t, err, shapes.ErrEmpty)
	assert.EqualError(t, err, `shapes: "x": shapes: unknown kind`)
	var parse *shapes.ParseError
	require.ErrorAs(t, err, &parse)
	assert.Equal(t, "x", parse.Text)
	assert.Equal(t, shapes.ErrUnknown, parse.Err)
	is, as := shapes.IsUnknown(err)
	assert.True(t, is && as)
	is, as = shapes.IsUnknown(fmt.Errorf("mine: %w", shapes.ErrUnknown))
	assert.True(t, is && !as)
	is, _ = shapes.IsUnknown(errors.New("mine"))
	assert.False(t, is)
	var path *fs.PathError
	_, err = os.Open(filepath.Join(t.TempDir(), "missing"))
	require.True(t, shapes.Find(fmt.Errorf("mine: %w", err), &path))
	assert.Equal(t, "open", path.Op)
	path = nil
	assert.False(t, shapes.Find(errors.New("mine"), &path))
	assert.Nil(t, path)
	var late interface{ Timeout() bool }
	require.True(t, shapes.Find(fmt.Errorf("mine: %w", &fs.PathError{Err: os.ErrDeadlineExceeded}), &late))
	assert.True(t, late.Timeout())
	var mistyped *shapes.TypeError
	require.ErrorAs(t, shapes.Mistype("x"), &mistyped)
	assert.Equal(t, "x", mistyped.Value)
	assert.EqualError(t, mistyped, "x is no shapes.Kind")
}

// TestErrorBesideChanges: an error that is understood by asking the module for more does not
// disturb what the same call changed of what an earlier one was given.
func TestErrorBesideChanges(t *testing.T) {
	var to struct {
		Name    string
		Numbers []int
	}
	require.NoError(t, shapes.Fill([]byte(`{"Name": "first", "Numbers": [3, 4]}`), &to))
	for _, name := range []string{"second", "third"} {
		err := shapes.Fill([]byte(`{"Name": "`+name+`", "Numbers": "x"}`), &to)
		var parse *shapes.ParseError
		require.ErrorAs(t, err, &parse)
		assert.Equal(t, name, to.Name)
		assert.Equal(t, []int{3, 4}, to.Numbers)
	}
	require.NoError(t, shapes.Fill([]byte(`{"Numbers": [5]}`), &to))
	assert.Equal(t, []int{5}, to.Numbers)
}

// TestAs has the module's errors.As fill variables of each kind of type.
func TestAs(t *testing.T) {
	_, err := shapes.Parse("x")
	var parse *shapes.ParseError
	require.True(t, shapes.Find(err, &parse))
	assert.Equal(t, "x", parse.Text)
	assert.Equal(t, shapes.ErrUnknown, parse.Err)
	parse = nil
	require.True(t, shapes.Find(fmt.Errorf("mine: %w", err), &parse))
	assert.Equal(t, "x", parse.Text)
	own := &shapes.ParseError{Text: "own"}
	require.True(t, shapes.Find(fmt.Errorf("mine: %w", own), &parse))
	assert.Equal(t, "own", parse.Text)
	require.True(t, shapes.Find(err, &parse), "the variable holds one")
	assert.Equal(t, "x", parse.Text)
	assert.False(t, shapes.Find(errors.New("mine"), &parse))
	assert.Equal(t, "x", parse.Text)

	err = shapes.Fail()
	var code shapes.CodeError
	require.True(t, shapes.Find(err, &code))
	assert.Equal(t, 7, code.Code)
	var held *shapes.HeldError
	require.True(t, shapes.Find(err, &held))
	assert.Equal(t, 3, held.Depth())
	assert.EqualError(t, held, "depth 3")
	assert.False(t, shapes.Find(errors.New("mine"), &held))
	assert.Equal(t, 3, held.Depth())
	var deep shapes.Deep
	require.True(t, shapes.Find(err, &deep))
	assert.Equal(t, 3, deep.Depth())
	var any error
	require.True(t, shapes.Find(err, &any))
	assert.Equal(t, err.Error(), any.Error())

	var kind shapes.KindError
	require.True(t, shapes.Find(shapes.KindError(3), &kind))
	assert.Equal(t, shapes.KindError(3), kind)
}

// TestSame compares what the module gives twice.
func TestSame(t *testing.T) {
	assert.True(t, shapes.Hid() == shapes.Hid(), "an error that is not exported")
	assert.True(t, shapes.Typed() == shapes.Typed(), "an error of a type that is data")
	assert.True(t, shapes.Hold() == shapes.Hold(), "an error of a held type")
	assert.True(t, shapes.Nearest(1) == shapes.Nearest(1), "an interface with a value that is comparable")
	assert.False(t, shapes.Nearest(1) == shapes.Nearest(2))
	assert.True(t, shapes.AnyNearest(1) == shapes.AnyNearest(1), "the same in an any")
	assert.ErrorIs(t, shapes.Hid(), shapes.Hid())
	assert.ErrorIs(t, fmt.Errorf("x: %w", shapes.Hid()), shapes.Hid())
	m := map[shapes.Orderer]int{shapes.Nearest(1): 1}
	assert.Equal(t, 1, m[shapes.Nearest(1)])
}

func TestHeld(t *testing.T) {
	var c shapes.Counter
	assert.Equal(t, 0, c.N())
	assert.Same(t, &c, c.Add(2).Add(3))
	assert.Equal(t, 5, c.N())
	assert.Equal(t, "counter 5", c.String())
	assert.Equal(t, "counter 5", fmt.Sprint(&c))

	copied := c
	assert.Equal(t, 5, copied.N())
	copied.Add(1)
	assert.Equal(t, []int{5, 6}, []int{c.N(), copied.N()})
	again := copied
	again.Add(1)
	copied.Add(10)
	assert.Equal(t, []int{5, 16, 7}, []int{c.N(), copied.N(), again.N()})

	p := shapes.NewCounter(7)
	value := *p
	value.Add(1)
	assert.Equal(t, []int{7, 8}, []int{p.N(), value.N()})
	*p = value
	assert.Equal(t, 8, p.N())

	var none *shapes.Counter
	assert.Equal(t, "none", none.String())
	byValue := shapes.Value(3)
	byValue.Add(1)
	assert.Equal(t, 4, byValue.N())
	list := []*shapes.Counter{p, &c}
	sum := shapes.Total(list, map[string]shapes.Counter{"x": byValue}, func(c *shapes.Counter) int {
		if !slices.Contains(list, c) {
			t.Error("it is another pointer")
		}
		return c.N()
	})
	assert.Equal(t, 8+5+4, sum)
	pair := shapes.MakePair(p)
	assert.Same(t, p, pair.First)
	assert.Equal(t, 9, pair.Second.N())
	assert.Equal(t, 17, pair.Sum())
}

func TestHeldAtOnce(t *testing.T) {
	var c shapes.Counter
	var wg sync.WaitGroup
	var mu sync.Mutex
	for range 8 {
		wg.Go(func() {
			_ = c.String()
			mu.Lock()
			defer mu.Unlock()
			c.Add(1)
		})
	}
	wg.Wait()
	assert.Equal(t, 8, c.N())
	kept := shapes.NewCounter(1)
	for range 100 {
		shapes.NewCounter(2).Add(1)
	}
	runtime.GC()
	assert.Equal(t, 1, kept.N())
}

type triangle struct{ a int }

func (t triangle) Area() int    { return t.a }
func (t triangle) Name() string { return "triangle" }

func TestInterfaces(t *testing.T) {
	s := shapes.Square(4)
	assert.Equal(t, []any{16, "square"}, []any{s.Area(), s.Name()})
	assert.True(t, shapes.Unit() == shapes.Unit())
	mine := triangle{20}
	largest := shapes.Largest(s, mine, shapes.Circle{R: 1})
	assert.Equal(t, mine, largest)
	largest = shapes.Largest(s, shapes.Circle{R: 3})
	assert.Equal(t, shapes.Circle{R: 3}, largest)
	assert.True(t, shapes.Largest(s, shapes.Circle{R: 1}) == s)
	assert.True(t, shapes.IsCircle(shapes.Circle{}))
	assert.False(t, shapes.IsCircle(mine))
	assert.Nil(t, shapes.Largest([]shapes.Shape{nil}...))
}

// TestInterfaceWithoutMethod uses an interface one of whose methods the stub has not.
func TestInterfaceWithoutMethod(t *testing.T) {
	plain := shapes.NewPlain("a")
	described := shapes.Describes(plain)
	assert.Equal(t, "described a", described.Name())
	assert.Equal(t, "described described a", shapes.Describes(described).Name())
	described = plain
	assert.Equal(t, "a", described.Name())
}

func TestAny(t *testing.T) {
	assert.Equal(t, "ID 07070707", shapes.Describe(shapes.NewID(7)))
	assert.Equal(t, "kind round", shapes.Describe(shapes.Round))
	assert.Equal(t, "counter 9", shapes.Describe(shapes.NewCounter(9)))
	assert.Equal(t, "value 8", shapes.Describe(shapes.Value(8)))
	p := shapes.Point{X: 1}
	assert.Equal(t, "point", shapes.Describe(&p))
	assert.Equal(t, 2, p.X)
	assert.Equal(t, "nil", shapes.Describe(nil))
	assert.Equal(t, "colors [red none]", shapes.Describe([]shapes.Color{shapes.Red, {}}))
	kinds := []shapes.Kind{shapes.Round}
	assert.Equal(t, "kinds [angular]", shapes.Describe(kinds))
	assert.Equal(t, shapes.Angular, kinds[0])
	assert.Equal(t, shapes.Circle{R: 2}, shapes.Any("circle"))
	assert.Equal(t, shapes.Angular, shapes.Any("kind"))
	assert.Equal(t, shapes.NewID(7), shapes.Any("id"))
	assert.Equal(t, &shapes.Point{X: 1}, shapes.Any("point"))
	assert.Equal(t, "x", shapes.Any("text"))
	counter, ok := shapes.Any("counter").(*shapes.Counter)
	require.True(t, ok)
	assert.Equal(t, 3, counter.N())
}

// TestPartsInAny: what is generated has its methods where it is a part of what is decoded.
func TestPartsInAny(t *testing.T) {
	var to struct {
		Raw   shapes.Raw
		Also  *shapes.Raw
		List  []shapes.Raw
		Named map[string]shapes.Raw
		Kind  shapes.Kind
	}
	require.NoError(t, shapes.Fill([]byte(`{"Raw": [1], "Also": 2, "List": [3, "4"], "Named": {"a": 5}, "Kind": 2}`), &to))
	assert.Equal(t, shapes.Raw("raw [1]"), to.Raw)
	assert.Equal(t, shapes.Raw("raw 2"), *to.Also)
	assert.Equal(t, []shapes.Raw{shapes.Raw("raw 3"), shapes.Raw(`raw "4"`)}, to.List)
	assert.Equal(t, map[string]shapes.Raw{"a": shapes.Raw("raw 5")}, to.Named)
	assert.Equal(t, shapes.Angular, to.Kind)
	text, err := shapes.Write(to)
	require.NoError(t, err)
	assert.Contains(t, text, `{"Raw":"raw [1]!","Also":"raw 2!","List":["raw 3!","raw \"4\"!"],"Named":{"a":"raw 5!"},"Kind":2`)
}

// TestErrorsInAny: an error whose type has no name here is the error that it is.
func TestErrorsInAny(t *testing.T) {
	mixed := shapes.LostOnes()
	require.Len(t, mixed, 4)
	assert.EqualError(t, mixed[0].(error), "lost a")
	assert.EqualError(t, mixed[1].(error), "lost b")
	assert.ErrorIs(t, mixed[1].(error), shapes.ErrUnknown)
	assert.True(t, mixed[2] == shapes.ErrEmpty)
	assert.EqualError(t, mixed[3].(map[string]any)["c"].(error), "lost c")
	assert.Equal(t, "lost b", shapes.TellLost(mixed[1]))
}

// TestCircles: data that leads to itself does so here, too.
func TestCircles(t *testing.T) {
	var broken *shapes.LinkError
	require.ErrorAs(t, shapes.Break(), &broken)
	assert.Equal(t, "a", broken.At.Name)
	assert.Same(t, broken.At, broken.At.Next.Prev)
	links := shapes.Links()
	require.Len(t, links, 2)
	assert.Same(t, links[1], links[0].Next)
	assert.Same(t, links[0], links[1].Prev)
	assert.Same(t, links[0], links[0].Next.Prev)
	first := shapes.First()
	assert.Same(t, first, first.Next.Prev)
}

// TestNilPointers: a nil pointer in an interface has its type.
func TestNilPointers(t *testing.T) {
	var counter *shapes.Counter
	var held *shapes.HeldError
	var parse *shapes.ParseError
	assert.Equal(t, "*shapes.Counter", shapes.Nil(counter))
	assert.Equal(t, "*shapes.Point", shapes.Nil((*shapes.Point)(nil)))
	assert.Equal(t, "*shapes.ParseError", shapes.Nil(parse))
	assert.Equal(t, "*shapes.Counter *shapes.HeldError", shapes.NilIn([]any{counter}, map[string]any{"a": held}))
	assert.Equal(t, "*shapes.HeldError", shapes.NilDeep(held))
	assert.Equal(t, "<nil> is not nil", shapes.NilDeep(nil))
	assert.Equal(t, "*shapes.HeldError", shapes.NilError(held))
	assert.Equal(t, "*shapes.ParseError", shapes.NilError(parse))
	assert.Equal(t, "*shapes.Counter *shapes.HeldError", shapes.NilFrom(func() (any, error) { return counter, held }))
}

// grade and pupil say what they are.
type grade int

func (g grade) MarshalSelf() (string, error) { return strings.Repeat("*", int(g)), nil }

type pupil struct {
	Name  string
	Grade grade `json:",omitempty"`
}

func (p *pupil) MarshalSelf() (string, error) { return p.Name, errors.New("no grade") }

func TestMethodsInAny(t *testing.T) {
	assert.Equal(t, "***<nil>", shapes.Tell(grade(3)))
	assert.Equal(t, "[*<nil> **<nil>]", shapes.Tell([]grade{1, 2}))
	assert.Equal(t, "[*<nil> 7 Annno grade]", shapes.Tell([]any{grade(1), 7, &pupil{Name: "Ann"}}))
	assert.Equal(t, "[Name=Ann Grade=**<nil>]", shapes.Tell(pupil{"Ann", 2}))
	assert.Equal(t, "[Name=Ann]", shapes.Tell(pupil{Name: "Ann"}))
}

func TestVariables(t *testing.T) {
	assert.Equal(t, 3, shapes.Level())
	shapes.SetLevel(4)
	assert.Equal(t, 4, shapes.Current())
	shapes.SetLevel(3)
	assert.Equal(t, "X", shapes.Upper("x"))
	copied := *shapes.Default
	copied.Add(5)
	shapes.Default.Add(1)
	assert.Equal(t, []int{105, 101, 101}, []int{copied.N(), shapes.Default.N(), shapes.Total([]*shapes.Counter{shapes.Standard()}, nil, (*shapes.Counter).Count)})
	assert.Same(t, shapes.Default, shapes.Standard())
	shapes.Default.Add(-1)
	assert.Equal(t, "red", shapes.Red.String())
	red := shapes.Red
	assert.Equal(t, []string{"red", "none"}, []string{red.String(), shapes.Color{}.String()})
	assert.Equal(t, 0, shapes.Changing().N())
	shapes.Change(4)
	assert.Equal(t, 4, shapes.Changing().N())
}

type person struct {
	Name string
	age  int
}

func (p person) String() string { return fmt.Sprint(p.Name, p.age) }

func TestGenericMethods(t *testing.T) {
	ann := person{"Ann", 7}
	assert.Equal(t, []string{"Ann7", "Bob1"}, shapes.Strings(ann, []person{{"Bob", 1}}))
	assert.Equal(t, []string{"Ann7", "Ann7"}, shapes.Strings(&ann, []*person{&ann}))
	assert.Equal(t, []string{"round", "angular"}, shapes.Strings(shapes.Round, []shapes.Kind{shapes.Angular}))
	assert.Equal(t, []string{"round", "1m0s"}, shapes.Strings[fmt.Stringer](shapes.Round, []fmt.Stringer{time.Minute}))
}

func TestGenerics(t *testing.T) {
	assert.Equal(t, []string{"1.0", "2.1"}, shapes.Map([]int{1, 2}, func(n, i int) string { return fmt.Sprintf("%d.%d", n, i) }))
	ann := person{"Ann", 7}
	assert.Equal(t, []person{ann, {"Bob", 1}}, shapes.Map([]person{ann, {"Bob", 0}}, func(p person, i int) person {
		if i > 0 {
			p.age++
		}
		return p
	}))
	assert.Equal(t, []string{"a", "b"}, shapes.Keys(map[string]person{"b": ann, "a": ann}))
}

func TestCalls(t *testing.T) {
	assert.Equal(t, []int{0, 1, 2}, slices.Collect(shapes.Count(3)))
	for n := range shapes.Count(100) {
		if n > 1 {
			break
		}
	}
	var out bytes.Buffer
	n, err := shapes.Copy(t.Context(), &out, strings.NewReader("hello"), time.Second)
	assert.Equal(t, []any{int64(5), nil, "hello"}, []any{n, err, out.String()})
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = shapes.Copy(ended, &out, strings.NewReader("hello"), 0)
	assert.ErrorIs(t, err, context.Canceled)
	assert.Equal(t, "x", shapes.Use_(1, "x"))
	mine := func(o *shapes.Options) { o.Size *= 2 }
	assert.Equal(t, shapes.Options{Size: 8}, shapes.Apply(shapes.Sized(4), mine))
	recorder := httptest.NewRecorder()
	var handler http.Handler = shapes.NewServer("here")
	handler.ServeHTTP(recorder, httptest.NewRequest("GET", "/x", nil))
	assert.Equal(t, "here/x", recorder.Body.String())
	assert.Equal(t, uintptr(3), shapes.Address(2))
	var none shapes.Setting
	assert.Equal(t, "a b", shapes.Configure(none, shapes.With("a"), shapes.Rule("b")))
	assert.Equal(t, "x", shapes.Configure(shapes.WithX, none, nil))
}

func TestPrints(t *testing.T) {
	before := os.Stdout
	defer func() { os.Stdout = before }()
	read, write, err := os.Pipe()
	require.NoError(t, err)
	os.Stdout = write
	shapes.Print("1", func() { fmt.Print("2") }, "3")
	fmt.Print("4")
	shapes.Print("5", func() {}, "6")
	require.NoError(t, write.Close())
	text, err := io.ReadAll(read)
	require.NoError(t, err)
	assert.Equal(t, "123456", string(text))
}

func TestTypesWithoutName(t *testing.T) {
	assert.Equal(t, []int{6, 4, 15, 8}, []int{shapes.Up.Next(5), shapes.Down.Next(5), shapes.Straight.Next(5), shapes.Ordered(3).Next(5)})
	assert.Equal(t, []int{7, 3, 25}, []int{shapes.Twice(shapes.Up, 5), shapes.Twice(shapes.Down, 5), shapes.Twice(shapes.Straight, 5)})
	double := shapes.Ruler(func(n int) int { return 2 * n })
	assert.Equal(t, []int{1010, 3020}, []int{double.Next(5), shapes.Twice(double, 5)})
	h := shapes.Sum()
	_, err := io.WriteString(h, "hello")
	require.NoError(t, err)
	assert.Equal(t, "aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d", hex.EncodeToString(h.Sum(nil)))
	assert.Equal(t, 20, h.Size())
	assert.True(t, shapes.ErrGone == fs.ErrNotExist)
}

func TestFields(t *testing.T) {
	a := &shapes.Node{Name: "a", Value: 1}
	b := a.Add(&shapes.Node{Name: "b", Common: shapes.Common{Labels: []string{"x"}}})
	b.Value = "two"
	assert.Equal(t, "a[]1 b[x]two ", a.Text())
	b.Name, b.Labels[0], a.Value = "B", "y", nil
	b.Hook = func(n *shapes.Node) string { return n.Name + "?" }
	assert.Equal(t, "a[]<nil> B[y]two B? ", a.Text())
	b.Hook = func(n *shapes.Node) string { n.Value = 3; return n.Name + "." }
	assert.Equal(t, "a[]<nil> B[y]two B. ", a.Text())
	assert.Equal(t, 3, b.Value)
	a.Other = b
	assert.Same(t, b, a.Next())
	assert.Same(t, b, a.Other)

	seen := ""
	a.Rename(func(n *shapes.Node) {
		seen += n.Name + " "
		n.Name += "+"
	})
	assert.Equal(t, "a' B' ", seen)
	assert.Equal(t, []string{"a'+!", "B'+!"}, []string{a.Name, b.Name})
	assert.Equal(t, []string{"renamed"}, a.Labels)
	assert.Equal(t, []any{slog.LevelWarn, shapes.Angular}, []any{a.Level, b.Kind})
	assert.Equal(t, []string{"y", "renamed"}, b.Labels)

	last := a.Last()
	assert.Equal(t, "B'+!", last.Name)
	last.Name, last.Hook = "last", nil
	assert.Equal(t, "last[y renamed]3 ", last.Text())
	copied := *b
	copied.Name, copied.Hook = "copy", nil
	assert.Equal(t, "copy[y renamed]3 ", copied.Text())
	assert.Equal(t, "B'+!", a.Next().Name)
	assert.Equal(t, "copy", copied.Last().Name)

	text, err := json.Marshal(last)
	require.NoError(t, err)
	assert.JSONEq(t, `{"Labels":["y","renamed"],"name":"last","value":3}`, string(text))
	var read shapes.Node
	require.NoError(t, json.Unmarshal(text, &read))
	assert.Equal(t, "last[y renamed]3 ", read.Text())
}

func TestFieldsAtOnce(t *testing.T) {
	var wg sync.WaitGroup
	for n := range 4 {
		wg.Go(func() {
			node := &shapes.Node{}
			for m := range 50 {
				node.Value = n*100 + m
				if want := fmt.Sprintf("[]%d ", n*100+m); node.Text() != want {
					t.Error(node.Text(), want)
				}
			}
		})
	}
	wg.Wait()
}

// TestPointersAreThemselves: a variable that is a pointer to a struct with methods is that pointer
// in the module.
func TestPointersAreThemselves(t *testing.T) {
	assert.Equal(t, "loudly loud:A", shapes.SignBy(shapes.Loud, "a"))
	assert.Equal(t, "soft:a", shapes.Soft.Sign("a"))
}

// TestFeed: an interface without a method that programs can call has values all the same.
func TestFeed(t *testing.T) {
	assert.Equal(t, "aaaabbbb", strings.Join(shapes.Drain(shapes.Doubled(shapes.Doubled(shapes.Fills{"a", "b"}))), ""))
	named := shapes.NewFeed("c", shapes.Fills{"d"})
	assert.Equal(t, "c", named.Name())
	assert.Equal(t, []string{"d", "d"}, shapes.Drain(shapes.Doubled(named)))
}

// TestInstances: instances of generic types that have a name are types like others.
func TestInstances(t *testing.T) {
	var first *shapes.OtherCell = shapes.NewCell("a")
	first.Value += "b"
	second := first.Behind("c")
	assert.Equal(t, "c", second.Value)
	assert.True(t, second.Next() == first)
	assert.Equal(t, "ab", second.Next().Value)
	assert.Nil(t, first.Next())
	assert.Equal(t, shapes.KindPair{First: shapes.Angular, Second: shapes.Round}, shapes.KindPair{First: shapes.Round, Second: shapes.Angular}.Swapped())
}

// TestUnexportedInterface: what the package takes without a name for it, its types are.
func TestUnexportedInterface(t *testing.T) {
	both := shapes.Joined(shapes.NewRod(1), shapes.Joined(shapes.NewRod(2), shapes.NewRod(3)))
	assert.False(t, shapes.NewRod(6).Shorter(both))
	assert.True(t, shapes.NewRod(5).Shorter(both))
	own, ok := both.(*shapes.Rod)
	assert.True(t, ok && !own.Shorter(shapes.NewRod(6)))
}
