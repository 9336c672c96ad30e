package load_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/loadgo/load"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAlias(t *testing.T) {
	t.Parallel()
	w := &world{modules: map[string]fake{
		"gopkg.in/yaml.v3": {version: "v3.0.1"}, "gopkg.in/yaml.v3@v3.0.0": {version: "v3.0.0"}, "app": {imports: []string{"yaml"}}, "other": {},
	}}
	l := newLoader(t, w, func(c *load.Config) {
		c.Aliases = map[string]string{"y": "yaml", "yaml": "gopkg.in/yaml.v3", "old": "yaml@v3.0.0"}
	})
	m := mustLoad(t, l, "y")
	assert.Equal(t, "gopkg.in/yaml.v3", m.Name())
	assert.Same(t, m, mustLoad(t, l, "yaml"))
	assert.Same(t, m, mustLoad(t, l, "gopkg.in/yaml.v3"))
	v := mustLoad(t, l, "y@v3.0.0")
	assert.Equal(t, "v3.0.0", v.Version())
	assert.Same(t, v, mustLoad(t, l, "old"))
	mustLoad(t, l, "app")
	_, err := l.Unload(t.Context(), "yaml")
	assert.EqualError(t, err, "unload yaml: it is imported by app\n\tunload what imports it first, or pass load.Force()")
	unload(t, l, "app")
	unload(t, l, "yaml")
	assert.NotSame(t, m, mustLoad(t, l, "y"), "the alias kept the module")
	spec, err := l.Find(t.Context(), "y")
	require.NoError(t, err)
	assert.Equal(t, "gopkg.in/yaml.v3", spec.Name)

	_, err = l.Load(t.Context(), "old@v3.0.1")
	assert.EqualError(t, err, "load old@v3.0.1: invalid module name: old is an alias of yaml@v3.0.0: it has no other versions")
	mustLoad(t, l, "other")
	for _, test := range []struct{ alias, name, want string }{
		{"gopkg.in/yaml.v3", "y", `alias "gopkg.in/yaml.v3": alias loop: gopkg.in/yaml.v3 → y → yaml → gopkg.in/yaml.v3`},
		{"a", "a@v1", `alias "a": alias loop: a → a`},
		{"y", "other", `alias "y": invalid module name: it is an alias of yaml already`},
		{"y", "yaml", ""},
		{"other", "app", `alias "other": invalid module name: a module of that name runs already`},
		{"x@v1", "app", `alias "x@v1": invalid module name: an alias is a plain name, without a version`},
		{"./x", "app", `alias "./x": invalid module name: an alias is a plain name, without a version`},
		{"x", "-", `alias "x": -: invalid module name: it starts with "-"`},
		{"x", "b=app", `alias "x": invalid module name: "b=app" has an alias before it`},
	} {
		err := l.Alias(test.alias, test.name)
		if test.want == "" && err == nil {
			continue
		}
		assert.EqualError(t, err, test.want)
	}
	_, err = load.New(load.Config{Aliases: map[string]string{"a": "b", "b": "a"}})
	var config *load.ConfigError
	assert.EqualError(t, err, `Config.Aliases["b"]: alias loop: b → a → b`)
	assert.ErrorAs(t, err, &config)
	var loop *load.AliasError
	assert.False(t, !errors.As(l.Alias("yaml", "yaml"), &loop) && !errors.As(l.Alias("z", "z"), &loop), "it is no AliasError")
	all, err := l.LoadAll(t.Context(), "o=other", "y")
	require.NoError(t, err)
	require.Same(t, mustLoad(t, l, "o"), all[0])
	assert.Same(t, mustLoad(t, l, "yaml"), all[1])
}

func TestFrom(t *testing.T) {
	t.Parallel()
	l := plainLoader(t, plain{"Make": func(s string) string { return s + "!" }})
	var api struct{ Make func(string) string }
	m, err := l.From(t.Context(), "m", &api)
	require.NoError(t, err)
	assert.Equal(t, "x!", api.Make("x"))
	assert.Equal(t, "m", m.Name())
	var wrong struct{ Gone func() }
	_, err = l.From(t.Context(), "m", &wrong)
	assert.EqualError(t, err, "field Gone: m has no symbol Gone; did you mean Make?")
	var generic struct {
		F func(int) int `load:"F[int]"`
	}
	_, err = l.From(t.Context(), "m", &generic)
	assert.EqualError(t, err, "load m: it is no Go package: it cannot be built with companions, instantiations or expressions")
}

func TestRequires(t *testing.T) {
	t.Parallel()
	w := &world{modules: map[string]fake{"x": {}, "y": {}}}
	l := newLoader(t, w)
	runs := 0
	run := load.Requires(l, func(_ context.Context, n ...int) (int, error) {
		runs++
		return len(n), nil
	}, "short=x", "y", "z")
	assert.Empty(t, names(l), "it loads too early")
	_, err := run(t.Context(), 1)
	assert.ErrorIs(t, err, load.ErrNotFound)
	assert.Zero(t, runs)
	w.modules["z"] = fake{}
	for range 2 {
		n, err := run(t.Context(), 1, 2)
		assert.Equal(t, 2, n)
		assert.NoError(t, err)
	}
	assert.Equal(t, 2, runs)
	assert.Equal(t, 1, w.opens("x@"))
	assert.Equal(t, "x", mustLoad(t, l, "short").Name())
	defer func() {
		err, _ := recover().(error)
		assert.ErrorIs(t, err, load.ErrNotFound)
	}()
	load.Requires(l, func() {}, "gone")()
}

func TestWith(t *testing.T) {
	t.Parallel()
	w := &world{modules: map[string]fake{"x": {}, "y": {}, "app": {imports: []string{"x"}}}}
	l := newLoader(t, w)
	err := l.With(t.Context(), "x", func(m *load.Module) error {
		assert.Same(t, m, mustLoad(t, l, "x"))
		return l.With(t.Context(), "x", func(*load.Module) error { return errBroken })
	})
	assert.EqualError(t, err, "it is broken")
	assert.Empty(t, names(l))
	assert.Equal(t, 1, w.opens("x@"))
	func() {
		defer func() {
			assert.Equal(t, "oh", recover())
		}()
		_ = l.With(t.Context(), "x", func(*load.Module) error { panic("oh") })
	}()
	assert.Emptyf(t, names(l), "modules %q after a panic", names(l))
	assert.Zerof(t, w.live(), "modules %q after a panic", names(l))
	mustLoad(t, l, "y")
	err = l.With(t.Context(), "y", func(*load.Module) error { return nil })
	assert.NoError(t, err, "a module that ran before")
	assert.Len(t, names(l), 1, "a module that ran before")
	err = l.With(t.Context(), "x", func(*load.Module) error { mustLoad(t, l, "app"); return nil })
	assert.NoError(t, err, "a module that is imported")
	assert.Len(t, names(l), 3, "a module that is imported")
	assert.ErrorIs(t, l.With(t.Context(), "gone", nil), load.ErrNotFound)
	unload(t, l, "app")
	unload(t, l, "x")
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				err := l.With(t.Context(), "x", func(m *load.Module) error { _, err := m.Call(t.Context(), "F"); return err })
				assert.NoError(t, err)
			}
		})
	}
	wg.Wait()
	assert.Len(t, names(l), 1)
}
