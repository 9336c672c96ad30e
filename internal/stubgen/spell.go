package stubgen

import (
	"go/token"
	"go/types"
	"strconv"
	"strings"
)

// spelled writes a type with the names that it has in one of the files.
func (w *writer) spelled(t types.Type, linked bool) string {
	in := func(t types.Type) string { return w.spelled(t, linked) }
	switch t := t.(type) {
	case *types.Alias:
		return in(types.Unalias(t))
	case *types.Named:
		return w.spelledName(t, linked)
	case *types.TypeParam:
		return t.Obj().Name()
	case *types.Pointer:
		return "*" + in(t.Elem())
	case *types.Slice:
		return "[]" + in(t.Elem())
	case *types.Array:
		return "[" + strconv.FormatInt(t.Len(), 10) + "]" + in(t.Elem())
	case *types.Map:
		return "map[" + in(t.Key()) + "]" + in(t.Elem())
	case *types.Signature:
		return "func" + w.tuple(t.Params(), t.Variadic(), in) + w.results(t.Results(), in)
	case *types.Struct:
		return w.structText(t, in)
	case *types.Interface:
		return w.interfaceText(t, in)
	case *types.Union:
		var terms []string
		for term := range t.Terms() {
			text := in(term.Type())
			if term.Tilde() {
				text = "~" + text
			}
			terms = append(terms, text)
		}
		return strings.Join(terms, " | ")
	}
	return types.TypeString(t, nil)
}

func (w *writer) spelledName(t *types.Named, linked bool) string {
	obj := t.Obj()
	if obj.Pkg() == nil {
		return obj.Name()
	}
	imports := w.imports
	if linked {
		imports = w.linkedImports
	}
	if l := w.localOf(t); l != nil {
		if l.pkg == w.source {
			return w.rename(l.name)
		}
		return w.useIn(imports, w.importPath(l.pkg.pkg.Path()), l.pkg.pkg.Name()) + "." + l.name
	}
	return w.useIn(imports, obj.Pkg().Path(), obj.Pkg().Name()) + "." + obj.Name() + w.arguments(t, linked)
}

// arguments writes the type arguments of a type.
func (w *writer) arguments(t *types.Named, linked bool) string {
	var list []string
	for arg := range t.TypeArgs().Types() {
		list = append(list, w.spelled(arg, linked))
	}
	if len(list) == 0 {
		return ""
	}
	return "[" + strings.Join(list, ", ") + "]"
}

func (w *writer) tuple(t *types.Tuple, variadic bool, in func(types.Type) string) string {
	var parts []string
	if !canBeNamed(t) {
		t = unnamed(t)
	}
	for i := range t.Len() {
		v := t.At(i)
		text := in(v.Type())
		if variadic && i == t.Len()-1 {
			text = "..." + strings.TrimPrefix(text, "[]")
		}
		if v.Name() != "" {
			text = v.Name() + " " + text
		}
		parts = append(parts, text)
	}
	return "(" + strings.Join(parts, ", ") + ")"
}

// canBeNamed reports whether Go can spell the names of a list of parameters: the compiler calls the
// results of a function "#rv1" that returns from within a loop over an iterator.
func canBeNamed(t *types.Tuple) bool {
	for v := range t.Variables() {
		if v.Name() != "" && !token.IsIdentifier(v.Name()) {
			return false
		}
	}
	return true
}

func (w *writer) results(t *types.Tuple, in func(types.Type) string) string {
	if t.Len() == 0 {
		return ""
	}
	text := w.tuple(t, false, in)
	if t.Len() == 1 && t.At(0).Name() == "" {
		text = strings.TrimSuffix(strings.TrimPrefix(text, "("), ")")
	}
	return " " + text
}

func (w *writer) structText(t *types.Struct, in func(types.Type) string) string {
	var parts []string
	for i := range t.NumFields() {
		text := in(t.Field(i).Type())
		if !t.Field(i).Embedded() {
			text = t.Field(i).Name() + " " + text
		}
		if t.Tag(i) != "" {
			text += " " + quoteTag(t.Tag(i))
		}
		parts = append(parts, text)
	}
	return "struct{" + strings.Join(parts, "; ") + "}"
}

func (w *writer) interfaceText(t *types.Interface, in func(types.Type) string) string {
	if t.NumExplicitMethods() == 0 && t.NumEmbeddeds() == 0 {
		return "any"
	}
	var parts []string
	for m := range t.ExplicitMethods() {
		parts = append(parts, m.Name()+strings.TrimPrefix(in(m.Type()), "func"))
	}
	for e := range t.EmbeddedTypes() {
		parts = append(parts, in(e))
	}
	return "interface{" + strings.Join(parts, "; ") + "}"
}
