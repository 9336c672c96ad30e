package native_test

import (
	"context"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/loadgo/load"
	"github.com/loadgo/load/engine"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestRegister(t *testing.T) {
	t.Parallel()
	l := newLoader(t)
	var none *service
	for _, test := range []struct {
		name  string
		value any
		want  string
	}{
		{"m", values, ""},
		{"m", values, `register "m": invalid module name: a built-in module has that name already`},
		{"n", 42, `register "n": value: a module is made of a map with string keys, a struct, a pointer to one, or a func(context.Context) (any, error), not of int`},
		{"n", nil, `register "n": value: a module is made of a map with string keys, a struct, a pointer to one, or a func(context.Context) (any, error), not of <nil>`},
		{"n", none, `register "n": value: it is a nil *native_test.service`},
		{"n@v1.0.0", values, `register "n@v1.0.0": invalid module name: a built-in module has a plain name, without alias and version`},
		{"./n", values, `register "./n": invalid module name: a built-in module has a plain name, without alias and version`},
		{"a b", values, `register "a b": invalid module name: it holds a space`},
	} {
		err := l.Register(test.name, test.value)
		if test.want == "" && err == nil {
			continue
		}
		assert.EqualError(t, err, test.want)
	}
	_, err := l.Load(t.Context(), "m")
	assert.NoError(t, err)
	assert.EqualError(t, l.Register("m", values), `register "m": invalid module name: a module of that name runs already`)
	assert.NoError(t, l.Register("greeting", values))
	_, err = l.Load(t.Context(), "greetin")
	assert.EqualError(t, err, "load greetin: not found\n\tbuilt-in: none of that name is registered\n\tdid you mean greeting?\n\tset Config.Installers to one that installs such names")
	bare, err := load.New(load.Config{})
	require.NoError(t, err)
	assert.EqualError(t, bare.Register("m", values), `register "m": Config.Path: it has no finder of built-in modules; add builtin.New()`)
}

// A factory runs at the first load; one that fails leaves nothing behind.
func TestFactory(t *testing.T) {
	t.Parallel()
	l := newLoader(t)
	var runs atomic.Int32
	register := func(name string, create func(context.Context) (any, error)) {
		t.Helper()
		require.NoError(t, l.Register(name, create))
	}
	register("flaky", func(context.Context) (any, error) {
		switch runs.Add(1) {
		case 1:
			panic("boom")
		case 2:
			return nil, errBroken
		}
		return values, nil
	})
	assert.Zero(t, runs.Load(), "the factory ran before the load")
	_, err := l.Load(t.Context(), "flaky")
	var panicked *engine.PanicError
	var initial *engine.InitError
	require.ErrorAs(t, err, &panicked)
	require.ErrorAs(t, err, &initial)
	assert.Contains(t, panicked.Stack, "TestFactory")
	assert.EqualError(t, err, "load flaky: its factory panicked: boom")
	assert.Empty(t, slices.Collect(l.Modules()), "a module runs whose factory panicked")
	_, err = l.Load(t.Context(), "flaky")
	assert.EqualError(t, err, "load flaky: its factory failed: it is broken")
	assert.ErrorIs(t, err, errBroken)
	for range 2 {
		_, err := l.Load(t.Context(), "flaky")
		assert.NoError(t, err)
	}
	n := runs.Load()
	assert.Equalf(t, int32(3), n, "the factory ran %d times", n)
	for name, test := range map[string]struct {
		value any
		want  string
	}{
		"number": {42, "its factory returned int: a module is made of a map with string keys, a struct or a pointer to one"},
		"spaced": {map[string]any{"a b": 1}, `the symbol "a b" is not an identifier`},
		"empty":  {map[string]any{"a": nil}, "the symbol a is nil"},
	} {
		register(name, func(context.Context) (any, error) { return test.value, nil })
		_, err := l.Load(t.Context(), name)
		assert.EqualError(t, err, "load "+name+": "+test.want)
	}
}

func TestUnload(t *testing.T) {
	t.Parallel()
	l := newLoader(t)
	require.NoError(t, l.Register("m", values))
	m, err := l.Load(t.Context(), "m")
	require.NoError(t, err)
	type text string
	greet, err := load.Func[func(text) (text, error)](m, "greet")
	require.NoError(t, err)
	_, err = l.Unload(t.Context(), "m")
	require.NoError(t, err)
	_, err = greet("you")
	assert.ErrorIs(t, err, engine.ErrUnloaded)
	_, err = m.Call(t.Context(), "greet", "you")
	assert.ErrorIs(t, err, engine.ErrUnloaded)
	_, err = l.Load(t.Context(), "m")
	assert.NoError(t, err, "it cannot be loaded again")
}
