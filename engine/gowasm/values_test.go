package gowasm_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/loadgo/load"
	"github.com/loadgo/load/engine/gowasm"
)

// values returns the package that the tests of values use.
func values(t testing.TB) map[string]string {
	t.Helper()
	text, err := os.ReadFile("../goprocess/testdata/values/values.go")
	if err != nil {
		t.Fatal(err)
	}
	return map[string]string{"values.go": string(text)}
}

func openValues(t testing.TB) load.Instance {
	t.Helper()
	return openFiles(t.Context(), t, gowasm.Config{}, values(t))
}

// same calls a bound function of one parameter and compares its result.
func same[A, R any](t *testing.T, m load.Instance, symbol string, arg A, want R) {
	t.Helper()
	got, err := bound[func(A) (R, error)](t, m, symbol)(arg)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%s(%v) = %#v, %v; want %#v", symbol, arg, got, err, want)
	}
	// The same by name, where the host's types are those that a call by name uses.
	out, err := m.Call(t.Context(), symbol, []any{arg})
	if err != nil || len(out) != 1 {
		t.Errorf("%s(%v) by name: %v, %v", symbol, arg, out, err)
	} else if reflect.TypeOf(out[0]) == reflect.TypeFor[R]() && !reflect.DeepEqual(out[0], any(want)) {
		t.Errorf("%s(%v) by name = %#v; want %#v", symbol, arg, out[0], want)
	}
}

func TestPlainValues(t *testing.T) {
	t.Parallel()
	m := openValues(t)
	same(t, m, "Bool", true, false)
	same(t, m, "Int", 7, -7)
	same(t, m, "Int", math.MaxInt, -math.MaxInt)
	same(t, m, "Int8", int8(7), int8(-7))
	same(t, m, "Int16", int16(math.MinInt16+1), int16(math.MaxInt16))
	same(t, m, "Int32", int32(7), int32(-7))
	same(t, m, "Int64", int64(math.MinInt64+1), int64(math.MaxInt64))
	same(t, m, "Uint", uint(7), uint(8))
	same(t, m, "Uint8", uint8(254), uint8(255))
	same(t, m, "Uint16", uint16(7), uint16(8))
	same(t, m, "Uint32", uint32(7), uint32(8))
	same(t, m, "Uint64", uint64(math.MaxUint64-1), uint64(math.MaxUint64))
	same(t, m, "Float32", float32(3), float32(1.5))
	same(t, m, "Float64", math.Inf(1), math.Inf(1))
	same(t, m, "Complex", complex(0, 2), complex(-4, 0))
	same(t, m, "String", "Wörld\x00", "Wörld\x00!")
	same(t, m, "Bytes", []byte(nil), []byte(nil))
	same(t, m, "Bytes", []byte{}, []byte{})
	same(t, m, "Bytes", []byte{1, 0, 255}, []byte{1, 0, 255})
	same(t, m, "Array", [3]int{1, 2, 3}, [3]int{3, 2, 1})
	same(t, m, "Slice", []string(nil), []string(nil))
	same(t, m, "Slice", []string{"a", ""}, []string{"a", ""})
	same(t, m, "Map", map[string][]int{"x": {1, 2}}, map[string]int{"total": 2})
	same(t, m, "Pointer", (*int)(nil), (*int)(nil))
	same(t, m, "Empty", struct{}{}, struct{}{})
	same(t, m, "Anonymous", struct{ X, Y int }{3, 4}, struct{ Sum int }{7})
	same(t, m, "Nested", map[int][]map[string]*[2]bool{1: {nil, {"a": {true, false}}}}, 1)
	seven := 7
	if got, err := bound[func(*int) (*int, error)](t, m, "Pointer")(&seven); err != nil || *got != 7 || got == &seven {
		t.Errorf("Pointer: %v %v", got, err)
	}
	if a, b := bound[func(int, int) (int, int)](t, m, "Two")(1, 2); a != 2 || b != 1 {
		t.Errorf("Two: %d %d", a, b)
	}
	bound[func()](t, m, "None")()
	sum := bound[func(int, ...int) int](t, m, "Sum")
	if got := sum(1, 2, 3) + sum(1); got != 7 {
		t.Errorf("Sum: %d", got)
	}
	if got := bound[func(int) int](t, m, "Sum")(5); got != 5 {
		t.Errorf("Sum without its variadic part: %d", got)
	}
	if got := call(t, m, "Sum", 1, load.Spread{Slice: []int{2, 3}}); got != 6 {
		t.Errorf("Sum with a slice: %v", got)
	}
	zone := time.FixedZone("here", 7200)
	now := time.Date(2026, 11, 21, 3, 4, 5, 6, zone)
	later := bound[func(time.Time, time.Duration) time.Time](t, m, "Later")(now, time.Hour)
	if !later.Equal(now.Add(time.Hour)) || later.Format(time.RFC3339Nano) != "2026-11-21T04:04:05.000000006+02:00" {
		t.Errorf("Later: %v", later)
	}
	large := strings.Repeat("x", 3<<20)
	same(t, m, "String", large, large+"!")
}

func TestStructs(t *testing.T) {
	t.Parallel()
	m := openValues(t)
	type Point struct{ X, Y int }
	same(t, m, "Swap", Point{1, 2}, Point{2, 1})
	same(t, m, "SwapPointer", &Point{1, 2}, &Point{2, 1})
	same(t, m, "SwapPointer", (*Point)(nil), (*Point)(nil))
	same(t, m, "Points", []Point{{1, 2}, {3, 4}}, map[string]Point{"first": {1, 2}})
	// A host's struct may have fewer fields: they are zero in the module, and dropped on the way back.
	type OnlyX struct{ X int }
	same(t, m, "Swap", OnlyX{5}, OnlyX{0})

	// With methods: by value where the host has a type, held where it has not.
	type Options struct {
		Name  string
		Count int
		Inner *Options
	}
	same(t, m, "Describe", Options{Name: "a", Count: 2, Inner: &Options{Name: "b"}}, "a×2")
	same(t, m, "DescribePointer", &Options{Name: "a"}, "a×0")
	made, err := bound[func(string) (*Options, error)](t, m, "NewOptions")("x")
	if err != nil || *made != (Options{Name: "x", Count: 1}) {
		t.Errorf("NewOptions: %v %v", made, err)
	}
	held := call(t, m, "NewOptions", "y").(*load.Object)
	if _, err := held.Call(t.Context(), "Grow", 4); err != nil {
		t.Error(err)
	}
	if got := call(t, m, "DescribePointer", held); got != "y×5" {
		t.Errorf("DescribePointer(held): %v", got)
	}
	if got := call(t, m, "Describe", held); got != "y×5" {
		t.Errorf("Describe(held): %v", got)
	}
	if got, err := held.Field(t.Context(), "Count"); err != nil || got != 5 {
		t.Errorf("Count: %v %v", got, err)
	}
	same(t, m, "Double", 2.5, 5.0)
	if got := fmt.Sprint(call(t, m, "Freezing")); got != "0.0°C" {
		t.Errorf("Freezing: %s", got)
	}
}

func TestObjects(t *testing.T) {
	t.Parallel()
	m := openValues(t)
	ada := call(t, m, "Open", "Ada").(*load.Object)
	deposit, err := load.Method[func(int) error](ada, "Deposit")
	if err != nil {
		t.Fatal(err)
	}
	if err := deposit(40); err != nil {
		t.Fatal(err)
	}
	var failed *load.ModuleError
	if err := deposit(-1); !errors.As(err, &failed) || failed.Message != "bad amount -1" || failed.Type != "*values.AmountError" && failed.Type != "*sample_.AmountError" {
		t.Errorf("Deposit(-1): %#v", err)
	}
	merge := bound[func(a, b *load.Object) (int, error)](t, m, "Merge")
	if n, err := merge(ada, ada); n != 80 || err != nil {
		t.Errorf("Merge: %d %v", n, err)
	}
	if got := call(t, m, "NoAccount"); got != nil {
		t.Errorf("NoAccount: %v", got)
	}
	if owner, err := ada.Field(t.Context(), "Owner"); owner != "Ada" || err != nil {
		t.Errorf("Owner: %v %v", owner, err)
	}
	hooks, err := ada.Call(t.Context(), "Hooks")
	if err != nil {
		t.Fatal(err)
	}
	hook := hooks[0].([]*load.Object)[0]
	if out, err := hook.Call(t.Context(), "", 2); err != nil || out[0] != 42 {
		t.Errorf("hook(2): %v %v", out, err)
	}
	all := call(t, m, "Accounts", "a", "b").([]*load.Object)
	if len(all) != 2 || all[1].TypeName() != ada.TypeName() {
		t.Errorf("Accounts: %v", all)
	}
	h := call(t, m, "Hidden", 9).(*load.Object)
	if out, err := h.Call(t.Context(), "N"); err != nil || out[0] != 9 {
		t.Errorf("Hidden(9).N(): %v %v", out, err)
	}
	option := call(t, m, "WithOwner", "Bob")
	if got, err := call(t, m, "OpenWith", option).(*load.Object).Field(t.Context(), "Owner"); got != "Bob" || err != nil {
		t.Errorf("OpenWith: %v %v", got, err)
	}
	if got, err := call(t, m, "OpenWith").(*load.Object).Field(t.Context(), "Owner"); got != "nobody" || err != nil {
		t.Errorf("OpenWith(): %v %v", got, err)
	}
	r := call(t, m, "Reader", "text").(*load.Object)
	if got := call(t, m, "ReadAll", r); got != "text" {
		t.Errorf("ReadAll: %v", got)
	}
	other := openValues(t)
	_, err = other.Call(t.Context(), "Merge", []any{ada, ada})
	if err == nil || !strings.Contains(err.Error(), "the object "+ada.TypeName()+" belongs to another module") {
		t.Errorf("a foreign object: %v", err)
	}
	data, err := ada.MarshalJSON()
	if err != nil || string(data) != `{"Owner":"Ada"}` {
		t.Errorf("JSON: %s %v", data, err)
	}
}

func TestAny(t *testing.T) {
	t.Parallel()
	m := openValues(t)
	type inner struct {
		A int `yaml:"a"`
	}
	now := time.Now().UTC().Round(0)
	for _, v := range []any{
		nil, true, 1, int8(-1), uint64(1 << 60), 1.5, float32(2), complex(1, 2), "text", []byte("b"),
		[]any{1, "a", nil},
		map[string]any{"a": []int{1, 2}, "b": nil},
		[2]string{"x", "y"},
		map[int]bool{1: true},
		now, time.Minute,
	} {
		if got := call(t, m, "Any", v); !reflect.DeepEqual(got, v) {
			t.Errorf("Any(%#v) = %#v", v, got)
		}
	}
	if got := call(t, m, "TypeOf", inner{1}); got != "struct { A int \"yaml:\\\"a\\\"\" }" {
		t.Errorf("TypeOf: %v", got)
	}
	if got := call(t, m, "Print", map[string]any{"k": &inner{3}}); !strings.HasPrefix(got.(string), "map[k:0x") {
		t.Errorf("Print: %v", got)
	}
	if got := call(t, m, "Anys", 1, "a", nil); got != 3 {
		t.Errorf("Anys: %v", got)
	}
	ada := call(t, m, "Open", "Ada")
	if got := call(t, m, "Any", ada).(*load.Object); got.TypeName() != ada.(*load.Object).TypeName() {
		t.Errorf("Any(object): %v", got.TypeName())
	}
	for _, symbol := range []string{"NewMixed", "AnyMixed", "AnyMixedValue"} {
		if got := call(t, m, "SumMixed", call(t, m, symbol)); got != 3 {
			t.Errorf("SumMixed(%s()): %v", symbol, got)
		}
	}
	if _, err := m.Call(t.Context(), "Any", []any{make(chan int)}); err == nil {
		t.Error("a channel of the host crossed")
	}
	type loop struct{ Next any }
	l := &loop{}
	l.Next = l
	if _, err := m.Call(t.Context(), "Any", []any{l}); err == nil || !strings.Contains(err.Error(), "value is cyclic or nested too deep") {
		t.Errorf("a cyclic value: %v", err)
	}
}

func TestVariablesAndConstants(t *testing.T) {
	t.Parallel()
	m := openValues(t)
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
	if got := call(t, m, "Call", 5); got != 25 {
		t.Errorf("Call: %v", got)
	}
}

func TestErrorsOfBinding(t *testing.T) {
	t.Parallel()
	m := openValues(t)
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
		{"Generic", func(int) int { return 0 }, "sample: Generic does not fit: it is generic, and generic functions cannot be called yet\n\twant: func(int) int\n\thave: func Generic[T any](v T) T"},
		{"TakeHidden", func(*load.Object) int { return 0 }, "sample: TakeHidden does not fit: its parameter h has the type values.hidden, which other packages cannot name\n\twant: func(*load.Object) int\n\thave: func TakeHidden(h hidden) int"},
		{"Point", func() {}, "sample: Point does not fit: it is a type, not a value\n\twant: func()\n\thave: type Point struct{X int; Y int}"},
	} {
		_, err := m.Bind(c.symbol, reflect.TypeOf(c.want))
		if err == nil || err.Error() != c.text {
			t.Errorf("%s:\n got %v\nwant %s", c.symbol, err, c.text)
		}
		var symbol *load.SymbolError
		if !errors.As(err, &symbol) {
			t.Errorf("%s: %T", c.symbol, err)
		}
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
	// Numbers fit where their value does.
	if got := call(t, m, "Float64", 3); got != 1.5 {
		t.Errorf("Float64(3): %v", got)
	}
	if got := call(t, m, "Int8", 100.0); got != int8(-100) {
		t.Errorf("Int8(100.0): %v", got)
	}
}

func TestErrorValues(t *testing.T) {
	t.Parallel()
	m := openValues(t)
	fail := bound[func(string) (int, error)](t, m, "Fail")
	if n, err := fail(""); n != 1 || err != nil {
		t.Errorf("Fail(\"\"): %d %v", n, err)
	}
	if _, err := fail("boom"); err == nil || err.Error() != "boom" {
		t.Errorf("Fail(boom): %v", err)
	}
	message := bound[func(error) string](t, m, "Message")
	if got := message(nil) + "; " + message(errors.New("mine")); got != "no error; mine" {
		t.Errorf("Message: %s", got)
	}
	var panicked *load.PanicError
	if err := bound[func(string) error](t, m, "Panic")("boom"); !errors.As(err, &panicked) || panicked.Value != "boom" || !strings.Contains(panicked.Stack, "Panic") {
		t.Errorf("Panic: %v", err)
	}
	if _, err := bound[func() (int, error)](t, m, "PanicNil")(); err == nil || err.Error() != "sample: PanicNil panicked: runtime error: invalid memory address or nil pointer dereference" {
		t.Errorf("PanicNil: %v", err)
	}
	if got := call(t, m, "Int", 1); got != -1 {
		t.Errorf("after panics: %v", got)
	}
	func() {
		defer func() {
			if err, ok := recover().(error); !ok || !errors.As(err, &panicked) {
				t.Errorf("without an error result: %v", err)
			}
		}()
		bound[func(string)](t, m, "Panic")("boom")
	}()
}

func TestContext(t *testing.T) {
	t.Parallel()
	m := openValues(t)
	wait := bound[func(context.Context, int) (int, error)](t, m, "Wait")
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

func TestRecursiveValues(t *testing.T) {
	t.Parallel()
	m := openValues(t)
	type Node struct {
		Value int
		Next  *Node
	}
	length := bound[func(*Node) (int, error)](t, m, "Length")
	if n, err := length(&Node{Next: &Node{Next: &Node{}}}); n != 3 || err != nil {
		t.Errorf("Length: %d %v", n, err)
	}
	cyclic := &Node{}
	cyclic.Next = cyclic
	if _, err := length(cyclic); err == nil || err.Error() != "argument 1: value is cyclic or nested too deep" {
		t.Errorf("Length of a cycle: %v", err)
	}
	if _, err := bound[func() (*Node, error)](t, m, "Cycle")(); err == nil || err.Error() != "a result cannot be returned: value is cyclic or nested too deep" {
		t.Errorf("Cycle: %v", err)
	}
	if got := call(t, m, "Length", call(t, m, "NilNode")); got != 0 {
		t.Errorf("Length(nil): %v", got)
	}
}

// TestObjectsAreReleased makes many objects and sees that the module forgets them.
func TestObjectsAreReleased(t *testing.T) {
	t.Parallel()
	m := openValues(t)
	open := bound[func(string) (*load.Object, error)](t, m, "Open")
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
