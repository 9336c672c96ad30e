package starlark_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/loadgo/load"
	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/engine/native"
	"github.com/loadgo/load/engine/starlark"
	"github.com/loadgo/load/event"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/find/builtin"
	"github.com/loadgo/load/find/dir"
	"github.com/loadgo/load/store"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// world is a directory of scripts and a loader that finds them by name.
type world struct {
	*load.Loader
	dir    string
	store  *store.Store
	events chan event.Event
}

func newWorld(t testing.TB, config starlark.Config, files map[string]string) *world {
	t.Helper()
	root, err := filepath.EvalSymlinks(t.TempDir())
	require.NoError(t, err)
	w := &world{dir: root, events: make(chan event.Event, 1000)}
	for name, text := range files {
		w.write(t, name, text)
	}
	w.store, err = store.Open(filepath.Join(t.TempDir(), "store"))
	require.NoError(t, err)
	w.Loader, err = load.New(load.Config{
		Path:    find.Path{builtin.New(), dir.New(root), dir.New(".")},
		Engines: []engine.Engine{starlark.New(config), native.New()},
		Store:   w.store,
		Events:  func(e event.Event) { w.events <- e },
	})
	require.NoError(t, err)
	t.Cleanup(func() {
		assert.NoError(t, w.Close(context.Background()))
	})
	return w
}

func (w *world) write(t testing.TB, name, text string) {
	t.Helper()
	path := filepath.Join(w.dir, name)
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
}

func (w *world) load(t testing.TB, name string) *load.Module {
	t.Helper()
	m, err := w.Load(t.Context(), name)
	require.NoError(t, err)
	return m
}

// module loads a script of one file.
func module(t testing.TB, text string) *load.Module {
	t.Helper()
	return newWorld(t, starlark.Config{}, map[string]string{"m.star": text}).load(t, "m")
}

// wantError compares, with the scripts' directory as DIR.
func (w *world) wantError(t testing.TB, err error, want string) {
	t.Helper()
	require.Error(t, err)
	assert.Equal(t, want, strings.ReplaceAll(err.Error(), w.dir, "DIR"))
}

const rules = `
"""Prices."""
RATES = {"eu": 19, "us": 7}
_secret = 1

def price(n, region="eu", *, rounded=False):
    """Price with tax.

    In cents."""
    p = n + n * RATES[region] / 100
    return int(p) if rounded else p

def split(s): return s.partition(":")[0], len(s)

def many(*args, **kwargs): return len(args), sorted(kwargs)
`

func TestTypedFunctions(t *testing.T) {
	t.Parallel()
	m := module(t, rules)
	type options struct {
		Region  string `load:"region,omitempty"`
		Rounded bool   `load:"rounded"`
	}
	var api struct {
		Price  func(int) (float64, error)                     `load:"price"`
		Region func(context.Context, float64, string) float64 `load:"price"`
		Named  func(int, options) (any, error)                `load:"price"`
		Split  func(string) (string, int, error)              `load:"split"`
		Many   func(...string) (int, []string)                `load:"many"`
		Rates  map[string]int                                 `load:"RATES"`
	}
	require.NoError(t, m.Bind(&api))
	price, err := api.Price(200)
	assert.NoError(t, err)
	named, err := api.Named(201, options{Rounded: true})
	assert.NoError(t, err)
	us, err := api.Named(200, options{Region: "us"})
	assert.NoError(t, err)
	head, n, err := api.Split("a:b")
	assert.NoError(t, err)
	count, keys := api.Many("a", "b")
	got := fmt.Sprint(price, api.Region(t.Context(), 100, "us"), named, us, head, n, count, keys, api.Rates)
	assert.Equal(t, "238 107 239 214a3 2 [] map[eu:19 us:7]", got)
}

func TestCallByName(t *testing.T) {
	t.Parallel()
	m := module(t, rules+`
def shape(): return struct(width = 2, area = lambda h: 2 * h)
def nested(): return {"a": [1, 2.5, None, True], "b": b"x", "c": {1: (2, 3)}}
def big(): return 2 * 9223372036854775807
def echo(x): return x
def moment(): return time.from_timestamp(60)
`)
	call := func(symbol string, args ...any) any {
		t.Helper()
		results, err := m.Call(t.Context(), symbol, args...)
		if !assert.NoError(t, err, symbol) {
			return nil
		}
		return results
	}
	type point struct{ X, Y int }
	shape := call("shape").([]any)[0].(*engine.Object)
	area, err := shape.Call(t.Context(), "area", 5)
	assert.NoError(t, err)
	width, err := shape.Field(t.Context(), "width")
	assert.NoError(t, err)
	for _, test := range []struct {
		got  any
		want string
	}{
		{call("price", 200), "[238]"},
		{call("price", engine.Spread{Slice: []any{200, "us"}}), "[214]"},
		{call("split", "ab:c"), "[ab 4]"},
		{call("nested"), "[map[a:[1 2.5 <nil> true] b:[120] c:map[1:[2 3]]]]"},
		{call("big"), "[18446744073709551614]"},
		{call("echo", []byte("ab")), "[[97 98]]"},
		{call("echo", map[int]string{2: "b", 1: "a"}), "[map[1:a 2:b]]"},
		{call("echo", point{1, 2}), "[struct(X = 1, Y = 2)]"},
		{call("echo", nil), "[<nil>]"},
		{call("echo", time.Minute), "[1m0s]"},
		{call("moment").([]any)[0].(time.Time).Unix(), "60"},
		{area, "[10]"},
		{width, "2"},
	} {
		assert.Equal(t, test.want, fmt.Sprint(test.got))
	}
	json, _ := call("echo", point{1, 2}).([]any)[0].(*engine.Object).MarshalJSON()
	assert.Equal(t, `{"X":1,"Y":2}`, string(json))
}

func TestSymbols(t *testing.T) {
	t.Parallel()
	var lines []string
	for _, s := range module(t, rules).Symbols() {
		lines = append(lines, fmt.Sprint(s.Kind, " ", s.Signature, " ", s.Doc))
	}
	want := `const RATES: dict 
func def many(*args, **kwargs) 
func def price(n, region="eu", *, rounded=False) Price with tax.
func def split(s) `
	assert.Equal(t, want, strings.Join(lines, "\n"))
}

func TestMisfits(t *testing.T) {
	t.Parallel()
	w := newWorld(t, starlark.Config{}, map[string]string{"m.star": rules})
	m := w.load(t, "m")
	bind := func(_ any, err error) error { return err }
	type wrong struct {
		Regoin string `load:"regoin"`
	}
	for want, err := range map[string]error{
		"DIR/m.star has no symbol pryce; did you mean price?": bind(load.Func[func()](m, "pryce")),
		"DIR/m.star has no symbol _secret":                    bind(load.Value[int](m, "_secret")),
		"DIR/m.star: price does not fit: it needs n, too\n\twant: func()\n\thave: def price(n, region=\"eu\", *, rounded=False)":                                    bind(load.Func[func()](m, "price")),
		"DIR/m.star: price does not fit: it has 2 parameters, not 3\n\twant: func(int, string, bool)\n\thave: def price(n, region=\"eu\", *, rounded=False)":        bind(load.Func[func(int, string, bool)](m, "price")),
		"DIR/m.star: price does not fit: it has no parameter regoin\n\twant: func(int, starlark_test.wrong)\n\thave: def price(n, region=\"eu\", *, rounded=False)": bind(load.Func[func(int, wrong)](m, "price")),
		"DIR/m.star: split does not fit: it is not variadic\n\twant: func(...string)\n\thave: def split(s)":                                                         bind(load.Func[func(...string)](m, "split")),
		"DIR/m.star: split does not fit: it is a function\n\twant: int\n\thave: def split(s)":                                                                       bind(load.Value[int](m, "split")),
		"DIR/m.star: RATES does not fit: a value of type dict does not fit int\n\twant: int\n\thave: RATES: dict":                                                   bind(load.Value[int](m, "RATES")),
	} {
		w.wantError(t, err, want)
	}
	text, err := load.Func[func(int) (string, error)](m, "price")
	require.NoError(t, err)
	_, err = text(1)
	w.wantError(t, err, "DIR/m.star: price does not fit: result 1: a value of type float does not fit string\n\twant: func(int) (string, error)\n\thave: def price(n, region=\"eu\", *, rounded=False)")
	panics, err := load.Func[func(int) string](m, "price")
	require.NoError(t, err)
	defer func() {
		_, ok := recover().(*engine.SymbolError)
		assert.True(t, ok, "no typed panic")
	}()
	panics(1)
}
