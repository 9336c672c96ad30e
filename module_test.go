package load_test

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"runtime"
	"sync/atomic"
	"testing"

	"github.com/loadgo/load"
	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/find"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// plain is an engine whose modules are Go values of the test, bound as they are.
type plain map[string]any

func (p plain) Name() string { return "plain" }

func (p plain) Accepts(find.Source) bool { return true }

func (p plain) Open(context.Context, engine.Artifact, engine.Importer) (engine.Instance, error) {
	return &plainInstance{values: maps.Clone(p)}, nil
}

type plainInstance struct {
	instance
	values map[string]any
}

func (in *plainInstance) Bind(symbol string, t reflect.Type) (reflect.Value, error) {
	v := reflect.ValueOf(in.values[symbol])
	switch {
	case !v.IsValid():
		return v, &load.SymbolError{Module: "m", Symbol: symbol, NearMiss: []string{"Make"}}
	case v.Type() != t:
		return v, &load.SymbolError{Module: "m", Symbol: symbol, Want: t.String(), Have: v.Type().String()}
	}
	return v, nil
}

func plainModule(t *testing.T, values plain) *load.Module {
	w := &world{modules: map[string]fake{"m": {}}}
	return mustLoad(t, newLoader(t, w, func(c *load.Config) { c.Engines = []engine.Engine{values} }), "m")
}

func TestFuncAndValue(t *testing.T) {
	t.Parallel()
	m := plainModule(t, plain{"Make": func(s string) string { return s + "!" }, "Max": 7})
	make, err := load.Func[func(string) string](m, "Make")
	assert.NoError(t, err)
	assert.Equal(t, "x!", make("x"))
	n, err := load.Value[int](m, "Max")
	assert.NoError(t, err)
	assert.Equal(t, 7, n)
	_, err = load.Func[func(int) string](m, "Make")
	assert.EqualError(t, err, "m: Make does not fit\n\twant: func(int) string\n\thave: func(string) string")
	_, err = load.Func[func()](m, "Mak")
	assert.EqualError(t, err, "m has no symbol Mak; did you mean Make?")
	_, err = load.Func[int](m, "Max")
	assert.EqualError(t, err, "m: Max does not fit: load.Func takes a function type; use load.Value for int\n\twant: int\n\thave: func")
}

func TestBind(t *testing.T) {
	t.Parallel()
	m := plainModule(t, plain{"Make": func(s string) string { return s + "!" }, "Max": 7})
	var api struct {
		Make    func(string) string
		Limit   int `load:"Max"`
		Skipped int `load:"-"`
		hidden  int
	}
	err := m.Bind(&api)
	assert.NoError(t, err)
	assert.Equal(t, "x!", api.Make("x"))
	assert.Equal(t, 7, api.Limit)
	assert.Zero(t, api.hidden)
	var wrong struct {
		Make func(string) string
		Max  string
		Gone func()
	}
	assert.EqualError(t, m.Bind(&wrong), "field Max: m: Max does not fit\n\twant: string\n\thave: int\nfield Gone: m has no symbol Gone; did you mean Make?")
	assert.False(t, wrong.Make != nil, "a failed Bind changed the struct")
	assert.EqualError(t, m.Bind(api), "m: * does not fit: Bind wants a pointer to a struct that is not nil, so that it can fill its fields\n\twant: "+fmt.Sprintf("%T", api)+"\n\thave: a pointer to a struct")
}

// ref is a reference to a value of the test.
type ref struct {
	engine.ObjectRef
	released atomic.Int32
}

func (r *ref) TypeName() string { return "*semver.Version" }

func (r *ref) Release() { r.released.Add(1) }

func (r *ref) Text(context.Context) (string, error) { return "", load.ErrCrashed }

func (r *ref) Bind(_ string, t reflect.Type) (reflect.Value, error) {
	return reflect.ValueOf(func(a string, more ...int) string { return fmt.Sprint(a, more, r.released.Load()) }), nil
}

func TestObject(t *testing.T) {
	t.Parallel()
	r := &ref{}
	o := engine.NewObject(r)
	assert.Equal(t, "<*semver.Version: module crashed>", o.String())
	f, err := load.Method[func(string, ...int) string](o, "M")
	assert.NoError(t, err)
	assert.Equal(t, "a[1 2] 0", f("a", 1, 2))
	o.Close()
	assert.Equal(t, int32(1), r.released.Load())
}

// A bound method keeps its object; a dropped object is released by the garbage collector.
func TestObjectIsReleased(t *testing.T) {
	t.Parallel()
	r := &ref{}
	f, err := load.Method[func(string, ...int) string](engine.NewObject(r), "M")
	require.NoError(t, err)
	for range 3 {
		runtime.GC()
	}
	text := f("a")
	assert.Equal(t, "a[] 0", text, "the method's object was released")
	f = nil
	for r.released.Load() == 0 { // the test's own deadline ends it
		runtime.GC()
		runtime.Gosched()
	}
}

func TestErrorsAreWhatTheySay(t *testing.T) {
	t.Parallel()
	crashed := &load.CrashError{Reason: "exit status 2", Stderr: "fatal error: x\n"}
	assert.ErrorIs(t, crashed, load.ErrCrashed)
	assert.EqualError(t, crashed, "module crashed: exit status 2\n\tfatal error: x")
	assert.EqualError(t, &load.LoadError{Chain: []string{"a", "my rules"}, Err: errBroken}, `load a → "my rules": it is broken`)
}
