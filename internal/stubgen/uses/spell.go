package uses

import (
	"fmt"
	"go/types"
	"strings"
)

// prefix returns what the module's name of a type of a stub begins with, and whether it is one.
func (f *finder) prefix(of *stubOf, named *types.Named) (string, bool, error) {
	own, err := f.stub(named.Obj().Pkg().Path())
	if err != nil || own.module != of.module || own.module == "" || named.TypeArgs().Len() > 0 {
		return "", false, err
	}
	return own.prefix, true, nil
}

// isOwn reports whether the module has a type, or what it points to, by its name.
func (f *finder) isOwn(of *stubOf, t types.Type) (own bool, err error) {
	if pointer, ok := types.Unalias(t).(*types.Pointer); ok {
		t = pointer.Elem()
	}
	switch named, ok := types.Unalias(t).(*types.Named); {
	case !ok || named.Obj().Pkg() == nil:
		return false, nil
	case named.Obj().Pkg().Path() == "time":
		return named.Obj().Name() == "Time" || named.Obj().Name() == "Duration", nil
	default:
		_, own, err = f.prefix(of, named)
		return own, err
	}
}

// spell spells a type argument as package stub does at run time: what the module has by its name,
// basic types by what they are made of, and other types of the program as any. It is "" for what
// mentions a type parameter.
func (f *finder) spell(of *stubOf, t types.Type) (string, error) {
	switch named := types.Unalias(t).(type) {
	case *types.TypeParam:
		return "", nil
	case *types.Named:
		if named.Obj().Pkg() == nil {
			return named.Obj().Name(), nil // error
		}
		switch path := named.Obj().Pkg().Path(); {
		case path == "time" && (named.Obj().Name() == "Time" || named.Obj().Name() == "Duration"):
			return "time." + named.Obj().Name(), nil
		default:
			if prefix, ok, err := f.prefix(of, named); ok || err != nil {
				return prefix + named.Obj().Name(), err
			}
		}
	}
	elem := func(before string, t types.Type) (string, error) {
		text, err := f.spell(of, t)
		if text == "" {
			return "", err
		}
		return before + text, err
	}
	switch u := t.Underlying().(type) {
	case *types.Basic:
		if u.Kind() == types.UnsafePointer {
			return "any", nil
		}
		return types.Typ[u.Kind()].Name(), nil
	case *types.Slice:
		return elem("[]", u.Elem())
	case *types.Array:
		return elem(fmt.Sprintf("[%d]", u.Len()), u.Elem())
	case *types.Pointer:
		return elem("*", u.Elem())
	case *types.Map:
		key, err := f.spell(of, u.Key())
		if err != nil || key == "" {
			return "", err
		}
		return elem("map["+key+"]", u.Elem())
	case *types.Signature:
		in, ok, err := f.tuple(of, u.Params())
		if !ok {
			return "", err
		}
		if u.Variadic() {
			in[len(in)-1] = "..." + strings.TrimPrefix(in[len(in)-1], "[]")
		}
		out, ok, err := f.tuple(of, u.Results())
		if !ok {
			return "", err
		}
		return "func(" + strings.Join(in, ", ") + ") (" + strings.Join(out, ", ") + ")", nil
	}
	return "any", nil
}

// tuple spells a list of types, and reports whether it mentions no type parameter.
func (f *finder) tuple(of *stubOf, t *types.Tuple) (texts []string, ok bool, err error) {
	for v := range t.Variables() {
		text, err := f.spell(of, v.Type())
		if text == "" {
			return nil, false, err
		}
		texts = append(texts, text)
	}
	return texts, true, nil
}
