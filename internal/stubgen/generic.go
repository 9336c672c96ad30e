package stubgen

import (
	"fmt"
	"go/types"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// generic writes a generic function, which is instantiated when it is first called with its type
// arguments.
func (w *writer) generic(original string, s *types.Signature) (reason string) {
	if r := w.refusedSignature(s, toModule); r != "" {
		return r
	}
	var params, linked, names, methods []string
	for p := range s.TypeParams().TypeParams() {
		of := ""
		if p.Constraint().Underlying().(*types.Interface).NumMethods() > 0 {
			if of = w.methodConstraint(p.Constraint()); of == "" || !onlyGiven(s, p) {
				return fmt.Sprintf("its type argument %s has methods, which the module cannot call", p.Obj().Name())
			}
		}
		constraint, ok := w.constraint(p.Constraint(), false)
		if !ok {
			return fmt.Sprintf("the constraint %s cannot be written here", qualified(p.Constraint()))
		}
		other, _ := w.constraint(p.Constraint(), true)
		name := p.Obj().Name()
		params, linked = append(params, name+" "+constraint), append(linked, name+" "+other)
		names, methods = append(names, name), append(methods, strconv.Quote(of))
	}
	constraints := ""
	if slices.ContainsFunc(methods, func(of string) bool { return of != `""` }) {
		constraints = ", " + strings.Join(methods, ", ")
	}
	name, doc := w.rename(original), comment(w.docs[original])
	used := []string{"original", "stub", "self"}
	for _, imported := range w.imports {
		used = append(used, imported)
	}
	c := w.call(s, used...)
	fmt.Fprintf(&w.loaded, "\n%sfunc %s[%s]%s { %sstub.Generic[%s, func(%s)](&self, %q%s)(%s) }\n", doc, name, strings.Join(params, ", "),
		w.header(c.sig, w.spell), c.returns, w.spell(unnamedSignature(s)), strings.Join(names, ", "), original, constraints, c.list)
	fmt.Fprintf(&w.linked, "\n%sfunc %s[%s]%s { %soriginal.%s[%s](%s) }\n", doc, name, strings.Join(linked, ", "),
		w.header(c.sig, w.spellLinked), c.returns, original, strings.Join(names, ", "), c.list)
	return ""
}

// methodConstraint names an interface, as the module does, that is a constraint by its methods
// alone, or returns "".
func (w *writer) methodConstraint(t types.Type) string {
	named, ok := types.Unalias(t).(*types.Named)
	if !ok || named.Obj().Pkg() == nil || !named.Obj().Exported() || named.TypeArgs().Len() > 0 || !named.Underlying().(*types.Interface).IsMethodSet() {
		return ""
	}
	switch l := w.localOf(named); {
	case l == nil && isStandard(named.Obj().Pkg().Path()):
		return qualified(named)
	case l == nil || l.kind != contract && l.kind != standard:
		return ""
	case l.pkg.Prefix != "":
		return l.pkg.Prefix + "." + l.name
	default:
		return l.name
	}
}

// onlyGiven reports whether a function takes values of a type parameter and lists of them, and has
// it nowhere else.
func onlyGiven(s *types.Signature, p *types.TypeParam) bool {
	for v := range s.Params().Variables() {
		t := v.Type()
		if list, ok := types.Unalias(t).(*types.Slice); ok {
			t = list.Elem()
		}
		if t != p && hasParam(t, p) {
			return false
		}
	}
	for v := range s.Results().Variables() {
		if hasParam(v.Type(), p) {
			return false
		}
	}
	return true
}

// hasParam reports whether a type has a type parameter in it.
func hasParam(t types.Type, p *types.TypeParam) bool {
	return slices.Contains(strings.FieldsFunc(types.TypeString(t, nil), func(r rune) bool { return r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) }), p.Obj().Name())
}

// constraint writes a constraint; those that a name has elsewhere by what they are.
func (w *writer) constraint(t types.Type, linked bool) (string, bool) {
	named, ok := types.Unalias(t).(*types.Named)
	if !ok {
		return w.constraintText(types.Unalias(t), linked)
	}
	if named.Obj().Pkg() == nil {
		return named.Obj().Name(), true
	}
	if l := w.localOf(named); l != nil && (l.kind == contract || l.kind == standard) && types.IsInterface(named) {
		return w.spelled(named, linked), true
	}
	if isStandard(named.Obj().Pkg().Path()) && named.Obj().Pkg() != w.pkg && named.Obj().Exported() && !strings.Contains("/"+named.Obj().Pkg().Path()+"/", "/internal/") {
		imports := w.imports
		if linked {
			imports = w.linkedImports
		}
		text := w.useIn(imports, named.Obj().Pkg().Path(), named.Obj().Pkg().Name()) + "." + named.Obj().Name()
		if named.TypeArgs().Len() > 0 {
			return "", false
		}
		return text, true
	}
	return w.constraintText(named.Underlying(), linked)
}

func (w *writer) constraintText(t types.Type, linked bool) (string, bool) {
	switch t := t.(type) {
	case *types.Interface:
		if t.Empty() {
			return "any", true
		}
		if t.NumExplicitMethods() > 0 {
			return "", false
		}
		var parts []string
		for e := range t.EmbeddedTypes() {
			text, ok := w.constraint(e, linked)
			if !ok {
				return "", false
			}
			parts = append(parts, text)
		}
		if t.IsImplicit() && len(parts) == 1 {
			return parts[0], true
		}
		return "interface{ " + strings.Join(parts, "; ") + " }", true
	case *types.Union:
		var terms []string
		for term := range t.Terms() {
			text, ok := w.constraint(term.Type(), linked)
			if !ok {
				return "", false
			}
			if term.Tilde() {
				text = "~" + text
			}
			terms = append(terms, text)
		}
		return strings.Join(terms, " | "), true
	}
	if w.refused(t, toModule) != "" {
		return "", false
	}
	return w.spelled(t, linked), true
}
