package starlark

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"strings"

	"go.starlark.net/starlark"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/engine/starlark/internal/bounded"
	"github.com/loadgo/load/find"
)

// imports answers the load statements of one module.
type imports struct {
	spec     *find.Spec
	importer engine.Importer
}

// load implements load("name", …): the name is any that the host's loader knows, or that of a
// file relative to the module's own.
func (i imports) load(t *starlark.Thread, name string) (starlark.StringDict, error) {
	name, err := i.resolve(name)
	if err != nil {
		return nil, err
	}
	r := t.Local(runKey).(*run)
	var m engine.Imported
	err = r.outside(func(ctx context.Context) (err error) {
		m, err = i.importer.Import(ctx, name)
		return err
	})
	if err != nil {
		return nil, err
	}
	return environment(m, r)
}

// resolve makes a relative name absolute. A module that was installed stays within its own folder:
// its author has no say over what else this machine has.
func (i imports) resolve(name string) (string, error) {
	parsed, err := find.ParseName(name)
	if err != nil || !parsed.Local() {
		return name, nil // the importer reports what is wrong
	}
	relative := filepath.FromSlash(name)
	isRelative := parsed.Form == find.FormDir && parsed.Alias == "" && !filepath.IsAbs(relative)
	switch {
	case isRelative && i.spec.Source.Dir == "":
		return "", &find.NameError{Name: name, Reason: "the module that loads it is in no directory"}
	case i.spec.Version != "" && !(isRelative && filepath.IsLocal(relative)):
		return "", &find.NameError{Name: name, Reason: "an installed module loads no files from outside of its folder"}
	case isRelative:
		return filepath.Join(i.spec.Source.Dir, relative), nil
	}
	return name, nil
}

// environment is a module as scripts see it. What they cannot use is left out.
func environment(m engine.Imported, r *run) (starlark.StringDict, error) {
	all := make(starlark.StringDict)
	for _, s := range m.Symbols() {
		v, err := symbol(m, s, r)
		var misfit *engine.SymbolError
		switch {
		case errors.As(err, &misfit):
		case err != nil:
			return nil, err
		default:
			all[s.Name] = v
		}
	}
	return all, nil
}

// symbol returns a symbol of a module: the value itself where it is one of a script.
func symbol(m engine.Imported, s engine.Symbol, r *run) (starlark.Value, error) {
	if s.Kind == engine.KindType || s.Limit != "" {
		return nil, &engine.SymbolError{Module: m.Name(), Symbol: s.Name, Have: s.Signature, Reason: s.Limit}
	}
	if v, err := m.Bind(s.Name, reflect.TypeFor[starlark.Value]()); err == nil {
		return v.Interface().(starlark.Value), nil
	}
	if s.Kind != engine.KindFunc {
		v, err := m.Bind(s.Name, reflect.TypeFor[any]())
		var misfit *engine.SymbolError
		if err == nil {
			return newEncoder(r.crossing()).any(v.Interface())
		}
		if !errors.As(err, &misfit) {
			return nil, err
		}
		// It is a variable that holds a function.
	}
	return hostFunction(s.Name, func(ctx context.Context, args []any) ([]any, error) {
		return m.Call(ctx, s.Name, args...)
	}), nil
}

// hostFunction makes a function for scripts of one that runs outside of them. Arguments by name
// make a map, which is the last argument: where the function takes a struct, they are its fields.
func hostFunction(name string, call func(context.Context, []any) ([]any, error)) *starlark.Builtin {
	return starlark.NewBuiltin(name, func(t *starlark.Thread, _ *starlark.Builtin, place starlark.Tuple, named []starlark.Tuple) (starlark.Value, error) {
		r, ok := t.Local(runKey).(*run)
		if !ok {
			return nil, fmt.Errorf("%s: called by a thread that is not the engine's", name)
		}
		d := newDecoder(r.in, r.crossing())
		args := make([]any, len(place), len(place)+1)
		for i, v := range place {
			var err error
			if args[i], err = d.natural(v); err != nil {
				return nil, fmt.Errorf("%s: argument %d: %w", name, i+1, err)
			}
		}
		if len(named) > 0 {
			fields := make(map[string]any, len(named))
			for _, pair := range named {
				var err error
				key, _ := starlark.AsString(pair[0])
				if fields[key], err = d.natural(pair[1]); err != nil {
					return nil, fmt.Errorf("%s: argument %s: %w", name, bounded.Name(key), err)
				}
			}
			args = append(args, fields)
		}
		inside, err := r.in.engine.budget.Outside(t)
		if err != nil {
			return nil, err
		}
		defer inside()
		var results []any
		err = r.outside(func(ctx context.Context) (err error) {
			results, err = call(ctx, args)
			return err
		})
		if err != nil {
			return nil, err
		}
		e := newEncoder(r.crossing())
		values := make(starlark.Tuple, len(results))
		for i, result := range results {
			if values[i], err = e.any(result); err != nil {
				return nil, fmt.Errorf("%s: result %d: %w", name, i+1, err)
			}
		}
		switch len(values) {
		case 0:
			return starlark.None, nil
		case 1:
			return values[0], nil
		}
		return values, nil
	})
}

// hostObject is an object of another module as scripts see it: its methods and fields are
// attributes.
type hostObject struct{ o *engine.Object }

// encodeObject makes a value of an object for a run that has a turn: the script's own, where it is
// one, unless what uses it needs another turn.
func encodeObject(o *engine.Object, has *turn) starlark.Value {
	if o == nil {
		return starlark.None
	}
	if own, ok := o.Ref().(*object); ok && (!own.turn.needed() || own.turn == has) {
		return own.v
	}
	if strings.HasPrefix(o.TypeName(), "func") {
		return hostCallable{hostObject{o}}
	}
	return hostObject{o}
}

func hostObjectOf(v starlark.Value) (hostObject, bool) {
	if f, ok := v.(hostCallable); ok {
		return f.hostObject, true
	}
	h, ok := v.(hostObject)
	return h, ok
}

func (h hostObject) String() string       { return h.o.String() }
func (h hostObject) Type() string         { return h.o.TypeName() }
func (h hostObject) Freeze()              {}
func (h hostObject) Truth() starlark.Bool { return true }

func (h hostObject) Hash() (uint32, error) {
	return 0, fmt.Errorf("unhashable type: %s", h.Type())
}

// Attr implements [starlark.HasAttrs].
func (h hostObject) Attr(name string) (starlark.Value, error) {
	if _, ok := engine.FindSymbol(h.o.Methods(), name); ok {
		return hostFunction(name, func(ctx context.Context, args []any) ([]any, error) {
			return h.o.Call(ctx, name, args...)
		}), nil
	}
	v, err := h.o.Field(context.Background(), name)
	var misfit *engine.SymbolError
	if errors.As(err, &misfit) && misfit.Have == "" {
		return nil, nil // the interpreter says so, with what is spelled alike
	}
	if err != nil {
		return nil, err
	}
	return newEncoder(newCrossing(context.Background(), nil)).any(v)
}

// AttrNames implements [starlark.HasAttrs].
func (h hostObject) AttrNames() []string {
	var names []string
	for _, m := range h.o.Methods() {
		names = append(names, m.Name)
	}
	return names
}

// hostCallable is an object that is a function.
type hostCallable struct{ hostObject }

// Name implements [starlark.Callable].
func (h hostCallable) Name() string { return h.o.TypeName() }

// CallInternal implements [starlark.Callable].
func (h hostCallable) CallInternal(t *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	return hostFunction(h.Name(), func(ctx context.Context, args []any) ([]any, error) {
		return h.o.Call(ctx, "", args...)
	}).CallInternal(t, args, kwargs)
}
