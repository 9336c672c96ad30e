package valuetest

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/loadgo/load"
	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/loadtest/internal/gosuite"
)

// same calls a bound function of one parameter and compares its result.
func same[A, R any](t testing.TB, m engine.Instance, symbol string, arg A, want R) {
	t.Helper()
	got, err := gosuite.Bound[func(A) (R, error)](t, m, symbol)(arg)
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

func (s suite) testPlainValues(t *testing.T) {
	m := s.values(t)
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
	if got, err := gosuite.Bound[func(*int) (*int, error)](t, m, "Pointer")(&seven); err != nil || got != &seven {
		t.Errorf("Pointer: %v %v", got, err)
	}
	if a, b := gosuite.Bound[func(int, int) (int, int)](t, m, "Two")(1, 2); a != 2 || b != 1 {
		t.Errorf("Two: %d %d", a, b)
	}
	gosuite.Bound[func()](t, m, "None")()
	sum := gosuite.Bound[func(int, ...int) int](t, m, "Sum")
	if got := sum(1, 2, 3) + sum(1); got != 7 {
		t.Errorf("Sum: %d", got)
	}
	if got := gosuite.Bound[func(int) int](t, m, "Sum")(5); got != 5 {
		t.Errorf("Sum without its variadic part: %d", got)
	}
	if got := gosuite.Call(t, m, "Sum", 1, engine.Spread{Slice: []int{2, 3}}); got != 6 {
		t.Errorf("Sum with a slice: %v", got)
	}
	zone := time.FixedZone("here", 7200)
	now := time.Date(2026, 11, 21, 3, 4, 5, 6, zone)
	later := gosuite.Bound[func(time.Time, time.Duration) time.Time](t, m, "Later")(now, time.Hour)
	if !later.Equal(now.Add(time.Hour)) || later.Format(time.RFC3339Nano) != "2026-11-21T04:04:05.000000006+02:00" {
		t.Errorf("Later: %v", later)
	}
	large := strings.Repeat("x", 3<<20)
	same(t, m, "String", large, large+"!")
}

func (s suite) testStructs(t *testing.T) {
	m := s.values(t)
	type Point struct{ X, Y int }
	same(t, m, "Swap", Point{1, 2}, Point{2, 1})
	same(t, m, "SwapPointer", &Point{1, 2}, &Point{2, 1})
	same(t, m, "SwapPointer", (*Point)(nil), (*Point)(nil))
	same(t, m, "Points", []Point{{1, 2}, {3, 4}}, map[string]Point{"first": {1, 2}})
	// A host's struct may have fewer fields: they are zero in the module, and dropped on the way
	// back.
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
	made, err := gosuite.Bound[func(string) (*Options, error)](t, m, "NewOptions")("x")
	if err != nil || *made != (Options{Name: "x", Count: 1}) {
		t.Errorf("NewOptions: %v %v", made, err)
	}
	held := gosuite.Call(t, m, "NewOptions", "y").(*engine.Object)
	if _, err := held.Call(t.Context(), "Grow", 4); err != nil {
		t.Error(err)
	}
	if got := gosuite.Call(t, m, "DescribePointer", held); got != "y×5" {
		t.Errorf("DescribePointer(held): %v", got)
	}
	if got := gosuite.Call(t, m, "Describe", held); got != "y×5" {
		t.Errorf("Describe(held): %v", got)
	}
	if got, err := held.Field(t.Context(), "Count"); err != nil || got != 5 {
		t.Errorf("Count: %v %v", got, err)
	}
	same(t, m, "Double", 2.5, 5.0)
	if got := fmt.Sprint(gosuite.Call(t, m, "Freezing")); got != "0.0°C" {
		t.Errorf("Freezing: %s", got)
	}
}

func (s suite) testObjects(t *testing.T) {
	m := s.values(t)
	ada := gosuite.Call(t, m, "Open", "Ada").(*engine.Object)
	deposit, err := load.Method[func(int) error](ada, "Deposit")
	if err != nil {
		t.Fatal(err)
	}
	if err := deposit(40); err != nil {
		t.Fatal(err)
	}
	var failed *engine.ModuleError
	if err := deposit(-1); !errors.As(err, &failed) || failed.Message != "bad amount -1" || failed.Type != "*values.AmountError" && failed.Type != "*sample_.AmountError" {
		t.Errorf("Deposit(-1): %#v", err)
	}
	merge := gosuite.Bound[func(a, b *engine.Object) (int, error)](t, m, "Merge")
	if n, err := merge(ada, ada); n != 80 || err != nil {
		t.Errorf("Merge: %d %v", n, err)
	}
	if got := gosuite.Call(t, m, "NoAccount"); got != nil {
		t.Errorf("NoAccount: %v", got)
	}
	if owner, err := ada.Field(t.Context(), "Owner"); owner != "Ada" || err != nil {
		t.Errorf("Owner: %v %v", owner, err)
	}
	hooks, err := ada.Call(t.Context(), "Hooks")
	if err != nil {
		t.Fatal(err)
	}
	hook := hooks[0].([]*engine.Object)[0]
	if out, err := hook.Call(t.Context(), "", 2); err != nil || out[0] != 42 {
		t.Errorf("hook(2): %v %v", out, err)
	}
	all := gosuite.Call(t, m, "Accounts", "a", "b").([]*engine.Object)
	if len(all) != 2 || all[1].TypeName() != ada.TypeName() {
		t.Errorf("Accounts: %v", all)
	}
	h := gosuite.Call(t, m, "Hidden", 9).(*engine.Object)
	if out, err := h.Call(t.Context(), "N"); err != nil || out[0] != 9 {
		t.Errorf("Hidden(9).N(): %v %v", out, err)
	}
	option := gosuite.Call(t, m, "WithOwner", "Bob")
	if got, err := gosuite.Call(t, m, "OpenWith", option).(*engine.Object).Field(t.Context(), "Owner"); got != "Bob" || err != nil {
		t.Errorf("OpenWith: %v %v", got, err)
	}
	if got, err := gosuite.Call(t, m, "OpenWith").(*engine.Object).Field(t.Context(), "Owner"); got != "nobody" || err != nil {
		t.Errorf("OpenWith(): %v %v", got, err)
	}
	r := gosuite.Call(t, m, "Reader", "text").(*engine.Object)
	if got := gosuite.Call(t, m, "ReadAll", r); got != "text" {
		t.Errorf("ReadAll: %v", got)
	}
	other := s.values(t)
	_, err = other.Call(t.Context(), "Merge", []any{ada, ada})
	if err == nil || !strings.Contains(err.Error(), "the object "+ada.TypeName()+" belongs to another module") {
		t.Errorf("a foreign object: %v", err)
	}
	data, err := ada.MarshalJSON()
	if err != nil || string(data) != `{"Owner":"Ada"}` {
		t.Errorf("JSON: %s %v", data, err)
	}
}

func (s suite) testAny(t *testing.T) {
	m := s.values(t)
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
		if got := gosuite.Call(t, m, "Any", v); !reflect.DeepEqual(got, v) {
			t.Errorf("Any(%#v) = %#v", v, got)
		}
	}
	if got := gosuite.Call(t, m, "TypeOf", inner{1}); got != "struct { A int \"yaml:\\\"a\\\"\" }" {
		t.Errorf("TypeOf: %v", got)
	}
	if got := gosuite.Call(t, m, "Print", map[string]any{"k": &inner{3}}); !strings.HasPrefix(got.(string), "map[k:0x") {
		t.Errorf("Print: %v", got)
	}
	if got := gosuite.Call(t, m, "Anys", 1, "a", nil); got != 3 {
		t.Errorf("Anys: %v", got)
	}
	ada := gosuite.Call(t, m, "Open", "Ada")
	if got := gosuite.Call(t, m, "Any", ada).(*engine.Object); got.TypeName() != ada.(*engine.Object).TypeName() {
		t.Errorf("Any(object): %v", got.TypeName())
	}
	for _, symbol := range []string{"NewMixed", "AnyMixed", "AnyMixedValue"} {
		if got := gosuite.Call(t, m, "SumMixed", gosuite.Call(t, m, symbol)); got != 3 {
			t.Errorf("SumMixed(%s()): %v", symbol, got)
		}
	}
	if _, err := m.Call(t.Context(), "Any", []any{make(chan int)}); err == nil {
		t.Error("a channel of the host crossed")
	}
	type loop struct{ Next any }
	l := &loop{}
	l.Next = l
	if out, err := m.Call(t.Context(), "Any", []any{l}); err != nil || out[0] != any(l) {
		t.Errorf("a cyclic value: %v, %v", out, err)
	}
}
