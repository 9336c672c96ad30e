package load

import (
	"context"
	"fmt"
	"reflect"

	"github.com/loadgo/load/find"
)

// Register makes a built-in module of host values: from then on the name loads as any other, by the
// host and by modules that import it. The name is an import path without a version. The value is
// one of
//
//   - a map from names to functions and other values, which are the module's symbols;
//   - a struct, or a pointer to one: its exported fields and its methods are the symbols;
//   - a func([context.Context]) (any, error) that returns one of these. It runs when the module is first
//     loaded, and again when it is loaded after an unload.
//
// Nothing is copied: [Func] returns the very function that was registered where the types are
// identical. Such a function can be called after the module was unloaded, too.
//
// The first finder of [Config].Path that is a [find.Registrar] takes the module. The error is a
// [*NameError] for a name that is invalid, taken, or of a module that runs, and a [*ConfigError]
// for a loader without a Registrar or a value that no module can be made of.
func (l *Loader) Register(name string, value any) error {
	parsed, err := find.ParseName(name)
	if err == nil && (parsed.Form != find.FormPath || parsed.Query != "" || parsed.Alias != "") {
		err = &NameError{Name: name, Reason: "a built-in module has a plain name, without alias and version"}
	}
	if err == nil && l.cache.Get(name) != nil {
		err = &NameError{Name: name, Reason: "a module of that name runs already"}
	}
	var source *find.HostSource
	if err == nil {
		source, err = hostSource(value)
	}
	if err == nil {
		err = l.register(parsed, source)
	}
	if err != nil {
		return fmt.Errorf("register %q: %w", name, err)
	}
	return nil
}

func (l *Loader) register(name find.Name, source *find.HostSource) error {
	for _, finder := range l.config.Path {
		if r, ok := finder.(find.Registrar); ok {
			return r.Register(name, source)
		}
	}
	return &ConfigError{Setting: "Config.Path", Reason: "it has no finder of built-in modules; add builtin.New()"}
}

// hostSource makes the source of a value: it is a factory, or there is one that returns it.
func hostSource(value any) (*find.HostSource, error) {
	if f, ok := value.(func(context.Context) (any, error)); ok && f != nil {
		return &find.HostSource{Create: f}, nil
	}
	v := reflect.ValueOf(value)
	what := reflect.Indirect(v)
	switch {
	case what.Kind() == reflect.Struct, v.Kind() == reflect.Map && v.Type().Key().Kind() == reflect.String:
		return &find.HostSource{Create: func(context.Context) (any, error) { return value, nil }}, nil
	case v.Kind() == reflect.Pointer && v.IsNil():
		return nil, &ConfigError{Setting: "value", Reason: fmt.Sprintf("it is a nil %T", value)}
	}
	return nil, &ConfigError{Setting: "value", Reason: fmt.Sprintf("a module is made of a map with string keys, a struct, a pointer to one, or a func(context.Context) (any, error), not of %T", value)}
}
