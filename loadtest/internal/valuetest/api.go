package valuetest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/loadtest/internal/gosuite"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func (s suite) testVariablesAndConstants(t *testing.T) {
	m := s.values(t)
	value := func(symbol string, t reflect.Type) any {
		v, err := m.Bind(symbol, t)
		if err != nil {
			return err
		}
		return v.Interface()
	}
	for _, c := range []struct {
		symbol string
		want   any
	}{
		{"Answer", 42},
		{"Answer", int8(42)},
		{"Answer", 42.0},
		{"Huge", uint64(1 << 63)},
		{"Pi", 3.14159},
		{"Name", "values"},
		{"Letter", 'x'},
		{"Typed", int64(7)},
		{"Counter", 3},
		{"Origin", struct{ X, Y int }{1, 2}},
		{"Boiling", 100.0},
	} {
		assert.Equal(t, c.want, value(c.symbol, reflect.TypeOf(c.want)))
		got := value(c.symbol, reflect.TypeFor[any]())
		assert.Falsef(t, c.symbol == "Boiling" && fmt.Sprint(got) != "100.0°C", "%s as any: %v", c.symbol, got)
	}
	assert.Equal(t, "sample: Huge does not fit: the constant 9223372036854775808 does not fit int\n\twant: int\n\thave: const Huge untyped int", fmt.Sprint(value("Huge", reflect.TypeFor[int]())))
	assert.Equal(t, 25, gosuite.Call(t, m, "Call", 5))
}

func (s suite) testErrorsOfBinding(t *testing.T) {
	m := s.values(t)
	for _, c := range []struct {
		symbol string
		want   any
		text   string
	}{
		{"Strin", func(string) string { return "" }, "sample has no symbol Strin; did you mean String?"},
		{"String", func(int) string { return "" }, "sample: String does not fit: parameter 1: int does not fit string\n\twant: func(int) string\n\thave: func String(v string) string"},
		{"String", func(string) int { return 0 }, "sample: String does not fit: result 1: int does not fit string\n\twant: func(string) int\n\thave: func String(v string) string"},
		{"String", func() string { return "" }, "sample: String does not fit: it has 1 parameters, not 0\n\twant: func() string\n\thave: func String(v string) string"},
		{"Open", func(string) string { return "" }, "sample: Open does not fit: result 1: *values.Account stays in the module: use *load.Object, not string\n\twant: func(string) string\n\thave: func Open(owner string) *Account"},
		{"Swap", func(struct{ Z int }) any { return nil }, "sample: Swap does not fit: parameter 1: values.Point has no field Z\n\twant: func(struct { Z int }) interface {}\n\thave: func Swap(p Point) Point"},
		{"Generic", func(int) int { return 0 }, "sample: Generic does not fit: it is generic: name the type arguments, as in Generic[int]\n\twant: func(int) int\n\thave: func Generic[T any](v T) T"},
		{"TakeHidden", func(int) int { return 0 }, "sample: TakeHidden does not fit: parameter 1: values.hidden stays in the module: use *load.Object, not int\n\twant: func(int) int\n\thave: func TakeHidden(h hidden) int"},
		{"Endless", func() context.Context { return nil }, "sample: Endless does not fit: result 1: a context is given as a parameter of its own only, and one of the module stays there: use *load.Object for a result, not context.Context\n\twant: func() context.Context\n\thave: func Endless() context.Context"},
		{"Contexts", func() ([]context.Context, error) { return nil, nil }, "sample: Contexts does not fit: result 1: a context is given as a parameter of its own only, and one of the module stays there: use *load.Object for a result, not context.Context\n\twant: func() ([]context.Context, error)\n\thave: func Contexts() ([]context.Context, error)"},
		{"FromHost", func(func() context.Context) bool { return true }, "sample: FromHost does not fit: parameter 1: result 1 of the function: a context is given as a parameter of its own only, and one of the module stays there: use *load.Object for a result, not context.Context\n\twant: func(func() context.Context) bool\n\thave: func FromHost(f func() context.Context) bool"},
		{"Alive", func([]*engine.Object) bool { return true }, "sample: Alive does not fit: its parameter o has the type []context.Context, and a context is given as a parameter of its own only\n\twant: func([]*engine.Object) bool\n\thave: func Alive(c context.Context, o []context.Context) bool"},
		{"Point", 1, "sample: Point does not fit: it is a type, not a value\n\twant: int\n\thave: type Point struct{X int; Y int}"},
	} {
		_, err := m.Bind(c.symbol, reflect.TypeOf(c.want))
		assert.EqualError(t, err, c.text, c.symbol)
		var symbol *engine.SymbolError
		assert.ErrorAs(t, err, &symbol, c.symbol)
	}
	alive, _ := engine.FindSymbol(m.Symbols(), "Alive")
	assert.Equal(t, "its parameter o has the type []context.Context, and a context is given as a parameter of its own only", alive.Limit)
	_, err := m.Bind("Endless", reflect.TypeFor[func() *engine.Object]())
	assert.NoError(t, err)
	for _, c := range []struct {
		symbol string
		args   []any
		text   string
	}{
		{"Sum", nil, "sample: Sum does not fit: not enough arguments\n\twant: ()\n\thave: func(base int, more ...int) int"},
		{"Int", []any{1, 2}, "sample: Int does not fit: too many arguments\n\twant: (int, int)\n\thave: func(v int) int"},
		{"Int", []any{"1"}, "sample: Int does not fit: argument 1: string does not fit int\n\twant: (string)\n\thave: func(v int) int"},
		{"Int8", []any{300}, "sample: Int8 does not fit: argument 1: 300 (int) does not fit int8\n\twant: (int)\n\thave: func(v int8) int8"},
		{"Int", []any{1.5}, "sample: Int does not fit: argument 1: 1.5 (float64) does not fit int\n\twant: (float64)\n\thave: func(v int) int"},
		{"Int", []any{nil}, "sample: Int does not fit: argument 1: nil does not fit int\n\twant: (nil)\n\thave: func(v int) int"},
	} {
		_, err := m.Call(t.Context(), c.symbol, c.args)
		assert.EqualErrorf(t, err, c.text, "%v %v", c.symbol, c.args)
	}
	for _, c := range []struct {
		symbol string
		value  any
	}{
		{"Float64", int64(1<<53 + 1)},
		{"Float64", int64(math.MaxInt64)},
		{"Float64", uint64(math.MaxUint64)},
		{"Float32", 1<<24 + 1},
		{"Complex", int64(-(1<<53 + 1))},
	} {
		_, err := m.Call(t.Context(), c.symbol, []any{c.value})
		gosuite.WantError(t, err, "does not fit")
	}
	assert.Equal(t, -float64(1<<62), gosuite.Call(t, m, "Float64", int64(math.MinInt64)))
	// Numbers fit where their value does.
	assert.Equal(t, 1.5, gosuite.Call(t, m, "Float64", 3))
	assert.Equal(t, int8(-100), gosuite.Call(t, m, "Int8", 100.0))
}

func (s suite) testErrorValues(t *testing.T) {
	m := s.values(t)
	fail := gosuite.Bound[func(string) (int, error)](t, m, "Fail")
	n, err := fail("")
	assert.Equal(t, 1, n)
	assert.NoError(t, err)
	_, err = fail("boom")
	assert.EqualError(t, err, "boom")
	message := gosuite.Bound[func(error) string](t, m, "Message")
	assert.Equal(t, "no error; mine", message(nil)+"; "+message(errors.New("mine")))
	var panicked *engine.PanicError
	err = gosuite.Bound[func(string) error](t, m, "Panic")("boom")
	require.ErrorAs(t, err, &panicked)
	assert.Equal(t, "boom", panicked.Value)
	assert.Contains(t, panicked.Stack, "Panic")
	_, err = gosuite.Bound[func() (int, error)](t, m, "PanicNil")()
	assert.EqualError(t, err, "sample: PanicNil panicked: runtime error: invalid memory address or nil pointer dereference")
	assert.Equal(t, -1, gosuite.Call(t, m, "Int", 1))
	func() {
		defer func() {
			err, ok := recover().(error)
			assert.Truef(t, ok, "without an error result: %v", err)
			assert.ErrorAsf(t, err, &panicked, "without an error result: %v", err)
		}()
		gosuite.Bound[func(string)](t, m, "Panic")("boom")
	}()
}

func (s suite) testContext(t *testing.T) {
	m := s.values(t)
	wait := gosuite.Bound[func(context.Context, int) (int, error)](t, m, "Wait")
	n, err := wait(t.Context(), 1)
	assert.Equal(t, 1, n)
	assert.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	_, err = wait(ctx, 60_000)
	assert.ErrorIs(t, err, context.DeadlineExceeded)
	out, err := m.Call(t.Context(), "Wait", []any{2})
	require.NoError(t, err)
	assert.Equal(t, 2, out[0])
}

func (s suite) testRecursiveValues(t *testing.T) {
	m := s.values(t)
	type tree struct {
		Name string
		Kids []*tree
		Odd  map[string]tree
	}
	grown, err := gosuite.Bound[func(string) (tree, error)](t, m, "Grow")("root")
	require.NoError(t, err)
	require.Len(t, grown.Kids, 1)
	assert.Equal(t, "kid", grown.Kids[0].Name)
	n, err := gosuite.Bound[func(tree) (int, error)](t, m, "CountTree")(tree{Kids: []*tree{{}, {Kids: []*tree{{}}}}})
	assert.Equal(t, 4, n)
	assert.NoError(t, err)
	type nest []nest
	n, err = gosuite.Bound[func(struct{ Inner nest }) (int, error)](t, m, "Depth")(struct{ Inner nest }{nest{nest{nest{}}}})
	assert.Equal(t, 2, n)
	assert.NoError(t, err)
	assert.Equal(t, 2, gosuite.Call(t, m, "CountTree", gosuite.Call(t, m, "Grow", "x")))
	type Node struct {
		Value int
		Next  *Node
	}
	length := gosuite.Bound[func(*Node) (int, error)](t, m, "Length")
	n, err = length(&Node{Next: &Node{Next: &Node{}}})
	assert.Equal(t, 3, n)
	assert.NoError(t, err)
	cyclic := &Node{}
	cyclic.Next = cyclic
	if same, err := gosuite.Bound[func(*Node) (bool, error)](t, m, "IsCycle")(cyclic); !same || err != nil {
		t.Errorf("a cycle: %v, %v", same, err)
	}
	made, err := gosuite.Bound[func() (*Node, error)](t, m, "Cycle")()
	require.NoError(t, err)
	require.NotNil(t, made.Next)
	assert.Same(t, made, made.Next.Next, "a cycle that the module has made")
	assert.Equal(t, 0, gosuite.Call(t, m, "Length", gosuite.Call(t, m, "NilNode")))
}

// TestObjectsAreReleased makes many objects and sees that the module forgets them.
func (s suite) testObjectsAreReleased(t *testing.T) {
	m := s.values(t)
	open := gosuite.Bound[func(string) (*engine.Object, error)](t, m, "Open")
	for range 2000 {
		_, err := open("x")
		require.NoError(t, err)
	}
	first, err := open("last")
	require.NoError(t, err)
	runtime.GC()
	deadline := time.Now().Add(20 * time.Second)
	for {
		n, err := m.Call(t.Context(), "Collected", nil)
		require.NoError(t, err)
		if n[0].(int) >= 1900 {
			break
		}
		require.Falsef(t, time.Now().After(deadline), "the module collected %v of 2000 objects", n)
		runtime.GC()
	}
	owner, err := first.Field(t.Context(), "Owner")
	assert.Equal(t, "last", owner)
	assert.NoError(t, err)
}

// testLimits: what is larger than the limit is refused on the side that has it, and the module goes
// on.
func (s suite) testLimits(t *testing.T) {
	m := s.Testdata(t, "values", 1<<20)
	text := strings.Repeat("x", 1<<20+2000)
	echo := gosuite.Bound[func(string) (string, error)](t, m, "String")
	_, err := echo(text)
	assert.EqualError(t, err, "String: argument 1: the arguments are larger than 1MiB")
	_, err = gosuite.Bound[func(string, int) (string, error)](t, m, "Repeat")("x", len(text))
	assert.EqualError(t, err, "the results are larger than 1MiB")
	call := gosuite.Bound[func(func() string) (int, error)](t, m, "LengthOf")
	var panicked *engine.PanicError
	_, err = call(func() string { return text })
	require.ErrorAs(t, err, &panicked, "a large result of the host")
	assert.Equal(t, "the results of the host's function are larger than 1MiB", panicked.Value, "a large result of the host")
	got, err := echo("small")
	assert.Equal(t, "small!", got)
	assert.NoError(t, err)
}
