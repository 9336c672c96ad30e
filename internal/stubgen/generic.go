package stubgen

import (
	"fmt"
	"go/types"
	"strings"
)

// generic writes a generic function, which is instantiated when it is first called with its type
// arguments.
func (w *writer) generic(original string, s *types.Signature) (reason string) {
	if r := w.refusedSignature(s, toModule); r != "" {
		return r
	}
	var params, linked, names, args []string
	for p := range s.TypeParams().TypeParams() {
		if p.Constraint().Underlying().(*types.Interface).NumMethods() > 0 {
			return fmt.Sprintf("its type argument %s has methods, which the module cannot call", p.Obj().Name())
		}
		constraint, ok := w.constraint(p.Constraint(), false)
		if !ok {
			return fmt.Sprintf("the constraint %s cannot be written here", qualified(p.Constraint()))
		}
		other, _ := w.constraint(p.Constraint(), true)
		name := p.Obj().Name()
		params, linked = append(params, name+" "+constraint), append(linked, name+" "+other)
		names, args = append(names, name), append(args, "stub.Arg["+name+"]()")
	}
	name, doc := w.rename(original), comment(w.docs[original])
	used := []string{"original", "stub", "self"}
	for _, imported := range w.imports {
		used = append(used, imported)
	}
	c := w.call(s, used...)
	fmt.Fprintf(&w.loaded, "\n%sfunc %s[%s]%s { %sstub.Generic[%s](&self, %q, %s)(%s) }\n", doc, name, strings.Join(params, ", "),
		w.header(c.sig, w.spell), c.returns, w.spell(unnamedSignature(s)), original, strings.Join(args, ", "), c.list)
	fmt.Fprintf(&w.linked, "\n%sfunc %s[%s]%s { %soriginal.%s[%s](%s) }\n", doc, name, strings.Join(linked, ", "),
		w.header(c.sig, w.spellLinked), c.returns, original, strings.Join(names, ", "), c.list)
	return ""
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
