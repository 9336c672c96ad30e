package valuetest

import (
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/loadgo/load"
	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/loadtest/internal/gosuite"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// same calls a bound function of one parameter and compares its result.
func same[A, R any](t testing.TB, m engine.Instance, symbol string, arg A, want R) {
	t.Helper()
	got, err := gosuite.Bound[func(A) (R, error)](t, m, symbol)(arg)
	assert.NoErrorf(t, err, "%v %v", symbol, arg)
	assert.Equalf(t, want, got, "%v %v", symbol, arg)
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
	got, err := gosuite.Bound[func(*int) (*int, error)](t, m, "Pointer")(&seven)
	assert.NoError(t, err)
	assert.Same(t, &seven, got)
	a, b := gosuite.Bound[func(int, int) (int, int)](t, m, "Two")(1, 2)
	assert.Equal(t, 2, a)
	assert.Equal(t, 1, b)
	gosuite.Bound[func()](t, m, "None")()
	sum := gosuite.Bound[func(int, ...int) int](t, m, "Sum")
	assert.Equal(t, 7, sum(1, 2, 3)+sum(1))
	if got := gosuite.Bound[func(int) int](t, m, "Sum")(5); got != 5 {
		t.Errorf("Sum without its variadic part: %d", got)
	}
	if got := gosuite.Call(t, m, "Sum", 1, engine.Spread{Slice: []int{2, 3}}); got != 6 {
		t.Errorf("Sum with a slice: %v", got)
	}
	zone := time.FixedZone("here", 7200)
	now := time.Date(2026, 11, 21, 3, 4, 5, 6, zone)
	later := gosuite.Bound[func(time.Time, time.Duration) time.Time](t, m, "Later")(now, time.Hour)
	assert.Truef(t, later.Equal(now.Add(time.Hour)), "Later: %v", later)
	assert.Equalf(t, "2026-11-21T04:04:05.000000006+02:00", later.Format(time.RFC3339Nano), "Later: %v", later)
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
	require.NoError(t, err)
	assert.Equal(t, Options{Name: "x", Count: 1}, *made)
	held := gosuite.Call(t, m, "NewOptions", "y").(*engine.Object)
	_, err = held.Call(t.Context(), "Grow", 4)
	assert.NoError(t, err)
	assert.Equal(t, "y×5", gosuite.Call(t, m, "DescribePointer", held))
	assert.Equal(t, "y×5", gosuite.Call(t, m, "Describe", held))
	got, err := held.Field(t.Context(), "Count")
	assert.NoError(t, err)
	assert.Equal(t, 5, got)
	same(t, m, "Double", 2.5, 5.0)
	assert.Equal(t, "0.0°C", fmt.Sprint(gosuite.Call(t, m, "Freezing")))
}

func (s suite) testObjects(t *testing.T) {
	m := s.values(t)
	ada := gosuite.Call(t, m, "Open", "Ada").(*engine.Object)
	deposit, err := load.Method[func(int) error](ada, "Deposit")
	require.NoError(t, err)
	require.NoError(t, deposit(40))
	var failed *engine.ModuleError
	err = deposit(-1)
	require.ErrorAsf(t, err, &failed, "Deposit(-1): %#v", err)
	assert.Equalf(t, "bad amount -1", failed.Message, "Deposit(-1): %#v", err)
	assert.Falsef(t, failed.Type != "*values.AmountError" && failed.Type != "*sample_.AmountError", "Deposit(-1): %#v", err)
	merge := gosuite.Bound[func(a, b *engine.Object) (int, error)](t, m, "Merge")
	n, err := merge(ada, ada)
	assert.Equal(t, 80, n)
	assert.NoError(t, err)
	assert.Nil(t, gosuite.Call(t, m, "NoAccount"))
	owner, err := ada.Field(t.Context(), "Owner")
	assert.Equal(t, "Ada", owner)
	assert.NoError(t, err)
	hooks, err := ada.Call(t.Context(), "Hooks")
	require.NoError(t, err)
	hook := hooks[0].([]*engine.Object)[0]
	out, err := hook.Call(t.Context(), "", 2)
	require.NoError(t, err)
	assert.Equal(t, 42, out[0])
	all := gosuite.Call(t, m, "Accounts", "a", "b").([]*engine.Object)
	require.Len(t, all, 2)
	assert.Equal(t, ada.TypeName(), all[1].TypeName())
	h := gosuite.Call(t, m, "Hidden", 9).(*engine.Object)
	out, err = h.Call(t.Context(), "N")
	require.NoError(t, err)
	assert.Equal(t, 9, out[0])
	option := gosuite.Call(t, m, "WithOwner", "Bob")
	got, err := gosuite.Call(t, m, "OpenWith", option).(*engine.Object).Field(t.Context(), "Owner")
	assert.Equal(t, "Bob", got)
	assert.NoError(t, err)
	got, err = gosuite.Call(t, m, "OpenWith").(*engine.Object).Field(t.Context(), "Owner")
	assert.Equal(t, "nobody", got)
	assert.NoError(t, err)
	r := gosuite.Call(t, m, "Reader", "text").(*engine.Object)
	assert.Equal(t, "text", gosuite.Call(t, m, "ReadAll", r))
	other := s.values(t)
	_, err = other.Call(t.Context(), "Merge", []any{ada, ada})
	assert.ErrorContains(t, err, "the object "+ada.TypeName()+" belongs to another module")
	data, err := ada.MarshalJSON()
	assert.NoError(t, err)
	assert.Equal(t, `{"Owner":"Ada"}`, string(data))
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
		assert.Equal(t, v, gosuite.Call(t, m, "Any", v))
	}
	assert.Equal(t, "struct { A int \"yaml:\\\"a\\\"\" }", gosuite.Call(t, m, "TypeOf", inner{1}))
	got := gosuite.Call(t, m, "Print", map[string]any{"k": &inner{3}})
	assert.Truef(t, strings.HasPrefix(got.(string), "map[k:0x"), "Print: %v", got)
	assert.Equal(t, 3, gosuite.Call(t, m, "Anys", 1, "a", nil))
	ada := gosuite.Call(t, m, "Open", "Ada")
	assert.Equal(t, ada.(*engine.Object).TypeName(), gosuite.Call(t, m, "Any", ada).(*engine.Object).TypeName())
	for _, symbol := range []string{"NewMixed", "AnyMixed", "AnyMixedValue"} {
		assert.Equal(t, 3, gosuite.Call(t, m, "SumMixed", gosuite.Call(t, m, symbol)))
	}
	_, err := m.Call(t.Context(), "Any", []any{make(chan int)})
	assert.Error(t, err, "a channel of the host crossed")
	type loop struct{ Next any }
	l := &loop{}
	l.Next = l
	out, err := m.Call(t.Context(), "Any", []any{l})
	require.NoErrorf(t, err, "a cyclic value: %v, %v", out, err)
	assert.Falsef(t, out[0] != any(l), "a cyclic value: %v, %v", out, err)
}
