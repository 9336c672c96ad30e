package load_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/loadgo/load"
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
	if m.Name() != "gopkg.in/yaml.v3" || mustLoad(t, l, "yaml") != m || mustLoad(t, l, "gopkg.in/yaml.v3") != m {
		t.Errorf("y is %v", m)
	}
	if v := mustLoad(t, l, "y@v3.0.0"); v.Version() != "v3.0.0" || mustLoad(t, l, "old") != v {
		t.Errorf("y@v3.0.0 is %v", v)
	}
	mustLoad(t, l, "app")
	_, err := l.Unload(t.Context(), "yaml")
	wantError(t, err, "unload yaml: it is imported by app\n\tunload what imports it first, or pass load.Force()")
	unload(t, l, "app")
	unload(t, l, "yaml")
	if mustLoad(t, l, "y") == m {
		t.Error("the alias kept the module")
	}
	if spec, err := l.Find(t.Context(), "y"); err != nil || spec.Name != "gopkg.in/yaml.v3" {
		t.Error(spec, err)
	}

	_, err = l.Load(t.Context(), "old@v3.0.1")
	wantError(t, err, "load old@v3.0.1: invalid module name: old is an alias of yaml@v3.0.0: it has no other versions")
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
		wantError(t, err, test.want)
	}
	_, err = load.New(load.Config{Aliases: map[string]string{"a": "b", "b": "a"}})
	var config *load.ConfigError
	if wantError(t, err, `Config.Aliases["b"]: alias loop: b → a → b`); !errors.As(err, &config) {
		t.Error("it is no ConfigError")
	}
	var loop *load.AliasError
	if !errors.As(l.Alias("yaml", "yaml"), &loop) && !errors.As(l.Alias("z", "z"), &loop) {
		t.Error("it is no AliasError")
	}
	all, err := l.LoadAll(t.Context(), "o=other", "y")
	if err != nil || all[0] != mustLoad(t, l, "o") || all[1] != mustLoad(t, l, "yaml") {
		t.Error(all, err)
	}
}

func TestFrom(t *testing.T) {
	t.Parallel()
	l := plainLoader(t, plain{"Make": func(s string) string { return s + "!" }})
	var api struct{ Make func(string) string }
	m, err := l.From(t.Context(), "m", &api)
	if err != nil || api.Make("x") != "x!" || m.Name() != "m" {
		t.Error(m, err)
	}
	var wrong struct{ Gone func() }
	_, err = l.From(t.Context(), "m", &wrong)
	wantError(t, err, "m has no symbol Gone; did you mean Make?")
	var generic struct {
		F func(int) int `load:"F[int]"`
	}
	_, err = l.From(t.Context(), "m", &generic)
	wantError(t, err, "load m: it is no Go package: it cannot be built with companions, instantiations or expressions")
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
	if len(names(l)) != 0 {
		t.Error("it loads too early")
	}
	_, err := run(t.Context(), 1)
	if !errors.Is(err, load.ErrNotFound) || runs != 0 {
		t.Errorf("%d runs, %v", runs, err)
	}
	w.modules["z"] = fake{}
	for range 2 {
		if n, err := run(t.Context(), 1, 2); n != 2 || err != nil {
			t.Error(n, err)
		}
	}
	if runs != 2 || w.opens("x@") != 1 || mustLoad(t, l, "short").Name() != "x" {
		t.Errorf("%d runs", runs)
	}
	defer func() {
		if err, _ := recover().(error); !errors.Is(err, load.ErrNotFound) {
			t.Error(err)
		}
	}()
	load.Requires(l, func() {}, "gone")()
}

func TestWith(t *testing.T) {
	t.Parallel()
	w := &world{modules: map[string]fake{"x": {}, "y": {}, "app": {imports: []string{"x"}}}}
	l := newLoader(t, w)
	err := l.With(t.Context(), "x", func(m *load.Module) error {
		if mustLoad(t, l, "x") != m {
			t.Error("another module")
		}
		return l.With(t.Context(), "x", func(*load.Module) error { return errBroken })
	})
	if wantError(t, err, "it is broken"); len(names(l)) != 0 || w.opens("x@") != 1 {
		t.Errorf("modules %q", names(l))
	}
	func() {
		defer func() {
			if v := recover(); v != "oh" {
				t.Errorf("panic %v", v)
			}
		}()
		_ = l.With(t.Context(), "x", func(*load.Module) error { panic("oh") })
	}()
	if len(names(l)) != 0 || w.live() != 0 {
		t.Errorf("modules %q after a panic", names(l))
	}
	mustLoad(t, l, "y")
	if err := l.With(t.Context(), "y", func(*load.Module) error { return nil }); err != nil || len(names(l)) != 1 {
		t.Errorf("a module that ran before: %v, %q", err, names(l))
	}
	err = l.With(t.Context(), "x", func(*load.Module) error { mustLoad(t, l, "app"); return nil })
	if err != nil || len(names(l)) != 3 {
		t.Errorf("a module that is imported: %v, %q", err, names(l))
	}
	if err := l.With(t.Context(), "gone", nil); !errors.Is(err, load.ErrNotFound) {
		t.Error(err)
	}
	unload(t, l, "app")
	unload(t, l, "x")
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				err := l.With(t.Context(), "x", func(m *load.Module) error { _, err := m.Call(t.Context(), "F"); return err })
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if len(names(l)) != 1 {
		t.Errorf("modules %q", names(l))
	}
}
