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
		if got := value(c.symbol, reflect.TypeOf(c.want)); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s as %T: %v", c.symbol, c.want, got)
		}
		if got := value(c.symbol, reflect.TypeFor[any]()); c.symbol == "Boiling" && fmt.Sprint(got) != "100.0°C" {
			t.Errorf("%s as any: %v", c.symbol, got)
		}
	}
	if got := value("Huge", reflect.TypeFor[int]()); fmt.Sprint(got) != "sample: Huge does not fit: the constant 9223372036854775808 does not fit int\n\twant: int\n\thave: const Huge untyped int" {
		t.Errorf("Huge as int: %v", got)
	}
	if got := gosuite.Call(t, m, "Call", 5); got != 25 {
		t.Errorf("Call: %v", got)
	}
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
		if err == nil || err.Error() != c.text {
			t.Errorf("%s:\n got %v\nwant %s", c.symbol, err, c.text)
		}
		var symbol *engine.SymbolError
		if !errors.As(err, &symbol) {
			t.Errorf("%s: %T", c.symbol, err)
		}
	}
	alive, _ := engine.FindSymbol(m.Symbols(), "Alive")
	if alive.Limit != "its parameter o has the type []context.Context, and a context is given as a parameter of its own only" {
		t.Errorf("the limit of Alive: %q", alive.Limit)
	}
	if _, err := m.Bind("Endless", reflect.TypeFor[func() *engine.Object]()); err != nil {
		t.Error(err)
	}
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
		if err == nil || err.Error() != c.text {
			t.Errorf("%s%v:\n got %v\nwant %s", c.symbol, c.args, err, c.text)
		}
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
	if got := gosuite.Call(t, m, "Float64", int64(math.MinInt64)); got != -float64(1<<62) {
		t.Errorf("Float64(-1<<63): %v", got)
	}
	// Numbers fit where their value does.
	if got := gosuite.Call(t, m, "Float64", 3); got != 1.5 {
		t.Errorf("Float64(3): %v", got)
	}
	if got := gosuite.Call(t, m, "Int8", 100.0); got != int8(-100) {
		t.Errorf("Int8(100.0): %v", got)
	}
}

func (s suite) testErrorValues(t *testing.T) {
	m := s.values(t)
	fail := gosuite.Bound[func(string) (int, error)](t, m, "Fail")
	if n, err := fail(""); n != 1 || err != nil {
		t.Errorf("Fail(\"\"): %d %v", n, err)
	}
	if _, err := fail("boom"); err == nil || err.Error() != "boom" {
		t.Errorf("Fail(boom): %v", err)
	}
	message := gosuite.Bound[func(error) string](t, m, "Message")
	if got := message(nil) + "; " + message(errors.New("mine")); got != "no error; mine" {
		t.Errorf("Message: %s", got)
	}
	var panicked *engine.PanicError
	if err := gosuite.Bound[func(string) error](t, m, "Panic")("boom"); !errors.As(err, &panicked) || panicked.Value != "boom" || !strings.Contains(panicked.Stack, "Panic") {
		t.Errorf("Panic: %v", err)
	}
	if _, err := gosuite.Bound[func() (int, error)](t, m, "PanicNil")(); err == nil || err.Error() != "sample: PanicNil panicked: runtime error: invalid memory address or nil pointer dereference" {
		t.Errorf("PanicNil: %v", err)
	}
	if got := gosuite.Call(t, m, "Int", 1); got != -1 {
		t.Errorf("after panics: %v", got)
	}
	func() {
		defer func() {
			if err, ok := recover().(error); !ok || !errors.As(err, &panicked) {
				t.Errorf("without an error result: %v", err)
			}
		}()
		gosuite.Bound[func(string)](t, m, "Panic")("boom")
	}()
}

func (s suite) testContext(t *testing.T) {
	m := s.values(t)
	wait := gosuite.Bound[func(context.Context, int) (int, error)](t, m, "Wait")
	if n, err := wait(t.Context(), 1); n != 1 || err != nil {
		t.Errorf("Wait: %d %v", n, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := wait(ctx, 60_000); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Wait: %v", err)
	}
	if out, err := m.Call(t.Context(), "Wait", []any{2}); err != nil || out[0] != 2 {
		t.Errorf("by name: %v %v", out, err)
	}
}

func (s suite) testRecursiveValues(t *testing.T) {
	m := s.values(t)
	type tree struct {
		Name string
		Kids []*tree
		Odd  map[string]tree
	}
	grown, err := gosuite.Bound[func(string) (tree, error)](t, m, "Grow")("root")
	if err != nil || len(grown.Kids) != 1 || grown.Kids[0].Name != "kid" {
		t.Errorf("got %+v, %v", grown, err)
	}
	if n, err := gosuite.Bound[func(tree) (int, error)](t, m, "CountTree")(tree{Kids: []*tree{{}, {Kids: []*tree{{}}}}}); n != 4 || err != nil {
		t.Errorf("got %d, %v", n, err)
	}
	type nest []nest
	if n, err := gosuite.Bound[func(struct{ Inner nest }) (int, error)](t, m, "Depth")(struct{ Inner nest }{nest{nest{nest{}}}}); n != 2 || err != nil {
		t.Errorf("got %d, %v", n, err)
	}
	if n := gosuite.Call(t, m, "CountTree", gosuite.Call(t, m, "Grow", "x")); n != 2 {
		t.Errorf("by name: %v", n)
	}
	type Node struct {
		Value int
		Next  *Node
	}
	length := gosuite.Bound[func(*Node) (int, error)](t, m, "Length")
	if n, err := length(&Node{Next: &Node{Next: &Node{}}}); n != 3 || err != nil {
		t.Errorf("Length: %d %v", n, err)
	}
	cyclic := &Node{}
	cyclic.Next = cyclic
	if same, err := gosuite.Bound[func(*Node) (bool, error)](t, m, "IsCycle")(cyclic); !same || err != nil {
		t.Errorf("a cycle: %v, %v", same, err)
	}
	if _, err := gosuite.Bound[func() (*Node, error)](t, m, "Cycle")(); err == nil || err.Error() != "a result cannot be returned: value is cyclic or nested too deep" {
		t.Errorf("Cycle: %v", err)
	}
	if got := gosuite.Call(t, m, "Length", gosuite.Call(t, m, "NilNode")); got != 0 {
		t.Errorf("Length(nil): %v", got)
	}
}

// TestObjectsAreReleased makes many objects and sees that the module forgets them.
func (s suite) testObjectsAreReleased(t *testing.T) {
	m := s.values(t)
	open := gosuite.Bound[func(string) (*engine.Object, error)](t, m, "Open")
	for range 2000 {
		if _, err := open("x"); err != nil {
			t.Fatal(err)
		}
	}
	first, err := open("last")
	if err != nil {
		t.Fatal(err)
	}
	runtime.GC()
	deadline := time.Now().Add(20 * time.Second)
	for {
		n, err := m.Call(t.Context(), "Collected", nil)
		if err != nil {
			t.Fatal(err)
		}
		if n[0].(int) >= 1900 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("the module collected %v of 2000 objects", n)
		}
		runtime.GC()
	}
	if owner, err := first.Field(t.Context(), "Owner"); owner != "last" || err != nil {
		t.Errorf("an object in use: %v %v", owner, err)
	}
}

// testLimits: what is larger than the limit is refused on the side that has it, and the module goes
// on.
func (s suite) testLimits(t *testing.T) {
	m := s.Testdata(t, "values", 1<<20)
	text := strings.Repeat("x", 1<<20+2000)
	echo := gosuite.Bound[func(string) (string, error)](t, m, "String")
	if _, err := echo(text); err == nil || err.Error() != "argument 1: the arguments are larger than 1 MiB" {
		t.Errorf("a large argument: %.200v", err)
	}
	if _, err := gosuite.Bound[func(string, int) (string, error)](t, m, "Repeat")("x", len(text)); err == nil || err.Error() != "the results are larger than 1 MiB" {
		t.Errorf("a large result: %.200v", err)
	}
	call := gosuite.Bound[func(func() string) (int, error)](t, m, "LengthOf")
	var panicked *engine.PanicError
	if _, err := call(func() string { return text }); !errors.As(err, &panicked) || panicked.Value != "the results of the host's function are larger than 1 MiB" {
		t.Errorf("a large result of the host: %.200v", err)
	}
	if got, err := echo("small"); got != "small!" || err != nil {
		t.Errorf("afterwards: %q, %v", got, err)
	}
}
