package native_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/loadgo/load"
	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/engine/native"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/find/builtin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func newLoader(t testing.TB) *load.Loader {
	t.Helper()
	l, err := load.New(load.Config{Path: find.Path{builtin.New()}, Engines: []engine.Engine{native.New()}})
	require.NoError(t, err)
	t.Cleanup(func() {
		assert.NoError(t, l.Close(context.Background()))
	})
	return l
}

// module registers a value and loads it.
func module(t testing.TB, value any) *load.Module {
	t.Helper()
	l := newLoader(t)
	require.NoError(t, l.Register("m", value))
	m, err := l.Load(t.Context(), "m")
	require.NoError(t, err)
	return m
}

type person struct {
	Name string
	age  int
}

func (p *person) Greet(greeting string) string { return greeting + ", " + p.Name }

func (p *person) Age() int { return p.age }

type shape struct{ Width, Height int }

type celsius float64

var values = map[string]any{
	"greet":   func(name string) (string, error) { return "hello, " + name, nil },
	"fail":    func() error { return errBroken },
	"burst":   func() int { panic("boom") },
	"sum":     func(ns ...int) (total int) { return total + len(ns) },
	"wait":    func(ctx context.Context, n int) (int, error) { return n, ctx.Err() },
	"person":  func(name string, age int) *person { return &person{name, age} },
	"oldest":  func(ps []*person) *person { return slices.MaxFunc(ps, func(a, b *person) int { return a.age - b.age }) },
	"area":    func(s shape) int { return s.Width * s.Height },
	"heat":    func(c celsius) celsius { return c + 1 },
	"twice":   func(f func(int) int, n int) int { return f(f(n)) },
	"adder":   func(n int) func(int) int { return func(m int) int { return n + m } },
	"Limit":   7,
	"home":    shape{2, 3},
	"founder": &person{"Ada", 36},
}

var errBroken = errors.New("it is broken")

// A function that is bound with its own type is the function itself.
func TestFuncIsTheFunction(t *testing.T) {
	t.Parallel()
	m := module(t, values)
	greet, err := load.Func[func(string) (string, error)](m, "greet")
	require.NoError(t, err)
	assert.Equal(t, reflect.ValueOf(values["greet"]).Pointer(), reflect.ValueOf(greet).Pointer())
	text, err := greet("you")
	assert.Equal(t, "hello, you", text)
	assert.NoError(t, err)
}

func TestBind(t *testing.T) {
	t.Parallel()
	m := module(t, values)
	type size struct{ Width, Height int }
	type text string
	type people []*person
	var api struct {
		Greet func(context.Context, text) (text, error)      `load:"greet"`
		Sum   func(...int) int                               `load:"sum"`
		Zero  func() (int, error)                            `load:"sum"`
		Wait  func(int) (int, error)                         `load:"wait"`
		Area  func(size) int                                 `load:"area"`
		Heat  func(float64) (float64, error)                 `load:"heat"`
		Make  func(string, int) *engine.Object               `load:"person"`
		Old   func(people) *engine.Object                    `load:"oldest"`
		Oldo  func([]*engine.Object) (*engine.Object, error) `load:"oldest"`
		Burst func() (int, error)                            `load:"burst"`
		Limit int
		Home  size    `load:"home"`
		Ada   *person `load:"founder"`
	}
	require.NoError(t, m.Bind(&api))
	ada, bob := api.Make("Ada", 36), api.Make("Bob", 40)
	oldest, err := api.Oldo([]*engine.Object{ada, bob})
	require.NoError(t, err)
	var panicked *engine.PanicError
	_, err = api.Burst()
	require.ErrorAs(t, err, &panicked)
	assert.Equal(t, "boom", panicked.Value)
	assert.Equal(t, "m", panicked.Module)
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = api.Greet(cancelled, "you")
	assert.ErrorIs(t, err, context.Canceled)
	greeting, _ := api.Greet(t.Context(), "you")
	zero, _ := api.Zero()
	waited, _ := api.Wait(3)
	heat, _ := api.Heat(20.5)
	got := fmt.Sprint(greeting, api.Sum(1, 2), zero, waited, api.Area(size{2, 5}), heat, oldest, api.Limit, api.Home, api.Ada == values["founder"])
	assert.Equal(t, "hello, you2 0 3 10 21.5 &{Bob 40} 7 {2 3} true", got)
}

func TestMisfits(t *testing.T) {
	t.Parallel()
	m := module(t, values)
	bind := func(_ any, err error) error { return err }
	for want, err := range map[string]error{
		"m has no symbol greeet; did you mean greet?": bind(load.Func[func()](m, "greeet")),
		"m: greet does not fit: it has 1 parameters, not 2\n\twant: func(string, string) string\n\thave: func(string) (string, error)":         bind(load.Func[func(string, string) string](m, "greet")),
		"m: greet does not fit: it has 2 results, not 1\n\twant: func(string) string\n\thave: func(string) (string, error)":                    bind(load.Func[func(string) string](m, "greet")),
		"m: greet does not fit: parameter 1: int does not fit string\n\twant: func(int) (string, error)\n\thave: func(string) (string, error)": bind(load.Func[func(int) (string, error)](m, "greet")),
		"m: Limit does not fit: int does not fit string\n\twant: string\n\thave: int":                                                          bind(load.Value[string](m, "Limit")),
		"m: greet does not fit: it is a function\n\twant: int\n\thave: func(string) (string, error)":                                           bind(load.Value[int](m, "greet")),
	} {
		assert.EqualError(t, err, want)
	}
}

func TestCallByName(t *testing.T) {
	t.Parallel()
	m := module(t, values)
	call := func(symbol string, args ...any) []any {
		t.Helper()
		results, err := m.Call(t.Context(), symbol, args...)
		assert.NoError(t, err, symbol)
		return results
	}
	bob := call("person", "Bob", 40.0)[0].(*engine.Object)
	add := call("adder", 3)[0].(*engine.Object)
	added, err := add.Call(t.Context(), "", 4)
	assert.NoError(t, err)
	for _, test := range []struct {
		got  []any
		want string
	}{
		{call("greet", "you"), "[hello, you]"},
		{call("sum", 1, int8(2), uint(3)), "[3]"},
		{call("sum", engine.Spread{Slice: []int{1, 2}}), "[2]"},
		{call("sum"), "[0]"},
		{call("wait", 5), "[5]"},
		{call("wait", t.Context(), 5), "[5]"},
		{call("area", map[string]any{"width": 2, "Height": 4}), "[8]"},
		{call("oldest", []any{bob}), "[&{Bob 40}]"},
		{call("twice", add, 1), "[7]"},
		{call("twice", func(n int64) int64 { return n * 3 }, 1), "[9]"},
		{added, "[7]"},
	} {
		assert.Equal(t, test.want, fmt.Sprint(test.got))
	}
	_, err = m.Call(t.Context(), "fail")
	assert.ErrorIs(t, err, errBroken)
	var panicked *engine.PanicError
	_, err = m.Call(t.Context(), "burst")
	require.ErrorAs(t, err, &panicked)
	assert.Equal(t, "m: burst panicked: boom", panicked.Error())
	_, err = m.Call(t.Context(), "sum", 1.5)
	assert.EqualError(t, err, "m: sum does not fit: argument 1: 1.5 does not fit int\n\twant: (float64)\n\thave: func(...int) int")
	_, err = m.Call(t.Context(), "greet")
	assert.EqualError(t, err, "m: greet does not fit: not enough arguments\n\twant: ()\n\thave: func(string) (string, error)")
	_, err = m.Call(t.Context(), "Limit")
	assert.EqualError(t, err, "m: Limit does not fit: it is not a function\n\thave: int")
	_, err = m.Call(t.Context(), "area", map[string]any{"depth": 1})
	assert.EqualError(t, err, "m: area does not fit: argument 1: native_test.shape has no field depth\n\twant: (map[string]interface {})\n\thave: func(native_test.shape) int")
}

func TestObject(t *testing.T) {
	t.Parallel()
	m := module(t, values)
	results, err := m.Call(t.Context(), "person", "Ada", 36)
	require.NoError(t, err)
	o := results[0].(*engine.Object)
	greet, err := load.Method[func(string) string](o, "Greet")
	assert.NoError(t, err)
	assert.Equal(t, "hi, Ada", greet("hi"))
	age, err := o.Call(t.Context(), "Age")
	require.NoError(t, err)
	assert.Equal(t, 36, age[0])
	name, err := o.Field(t.Context(), "Name")
	assert.NoError(t, err)
	assert.Equal(t, "Ada", name)
	_, err = o.Field(t.Context(), "age")
	assert.Error(t, err, "an unexported field can be read")
	_, err = o.Call(t.Context(), "Great")
	assert.EqualError(t, err, "m has no symbol *native_test.person.Great; did you mean *native_test.person.Greet?")
	json, err := o.MarshalJSON()
	assert.Equal(t, "*native_test.person", o.TypeName())
	assert.Equal(t, "&{Ada 36}", o.String())
	assert.Equal(t, `{"Name":"Ada"}`, string(json))
	assert.NoError(t, err)
	var signatures []string
	for _, s := range o.Methods() {
		signatures = append(signatures, s.Signature)
	}
	assert.Equal(t, "func (*native_test.person) Age() int; func (*native_test.person) Greet(string) string", strings.Join(signatures, "; "))
	own, ok := native.Unwrap(o)
	require.True(t, ok, own)
	assert.Equal(t, "Ada", own.(*person).Name, own)
	o.Close()
	_, err = o.Call(t.Context(), "Age")
	assert.Error(t, err, "a closed object answers")
}

// service is registered by its fields and methods.
type service struct {
	Prefix string
	Hidden int                 `load:"-"`
	Log    func(string) string `load:"log"`
}

func (s *service) Say(text string) string { return s.Prefix + text }

func TestStruct(t *testing.T) {
	t.Parallel()
	s := &service{Prefix: "> ", Log: strings.ToUpper}
	m := module(t, s)
	var signatures []string
	for _, symbol := range m.Symbols() {
		signatures = append(signatures, symbol.Signature)
	}
	got, want := strings.Join(signatures, "; "), "var Prefix string; func Say(string) string; func log(string) string"
	assert.Equal(t, want, got)
	s.Prefix = "# " // a variable has its present value
	say, err := load.Func[func(string) string](m, "Say")
	assert.NoError(t, err)
	assert.Equal(t, "# x", say("x"))
	prefix, err := load.Value[string](m, "Prefix")
	assert.NoError(t, err)
	assert.Equal(t, "# ", prefix)
}
