package stubgen

import (
	"fmt"
	"go/types"
)

// objectVariable writes a variable that the module sets once, to a value that lives there, and
// reports whether it is one. It refers to the module's value, and is no copy.
func (w *writer) objectVariable(v *types.Var, doc string) bool {
	t, isPointer := types.Unalias(v.Type()), false
	if p, ok := t.(*types.Pointer); ok {
		t, isPointer = p.Elem(), true
	}
	l := w.localOf(t)
	if l != nil && !isPointer && l.kind == contract && l.pkg == w.source && w.constantly(v) {
		w.interfaceVariable(v, l, doc)
		return true
	}
	if l == nil || l.kind != held || w.assigned[v.Name()] || w.Reading.Limit(v) != "" || !isPointer && changes(l.named) || l.pkg != w.source {
		return false
	}
	name, symbol := w.rename(v.Name()), v.Name()
	if w.Prefix != "" {
		symbol = w.Prefix + "." + symbol
	}
	mark := ""
	if isPointer {
		mark = "&"
		w.twins = append(w.twins, fmt.Sprintf("stub.Variable(&%s.held)", name))
	}
	fmt.Fprintf(&w.loaded, "\n%svar %s = %s%s{held: stub.Held{Variable: %q}}\n", doc, name, mark, w.spell(t), symbol)
	fmt.Fprintf(&w.linked, "\n%svar %s = original.%s\n", doc, name, v.Name())
	w.notes = append(w.notes, fmt.Sprintf("%s is the module's value: assigning to %s does not change the module's variable.", name, name))
	return true
}

// standsAlone reports whether values of a struct are what their pointers are, and not what their
// fields say: the type has methods of pointers, and the package a variable that is such a pointer
// from its initialisation on, as jwt.SigningMethodHS256 is. A copy would be another value.
func (g *generator) standsAlone(l *local) bool {
	if _, ok := l.named.Underlying().(*types.Struct); !ok {
		return false
	}
	if types.NewMethodSet(types.NewPointer(l.named)).Len() == types.NewMethodSet(l.named).Len() {
		return false
	}
	scope := l.pkg.pkg.Scope()
	for _, name := range scope.Names() {
		v, ok := scope.Lookup(name).(*types.Var)
		if !ok || !v.Exported() || l.pkg.assigned[name] || g.Reading.Limit(v) != "" {
			continue
		}
		if p, ok := types.Unalias(v.Type()).(*types.Pointer); ok && types.Identical(types.Unalias(p.Elem()), l.named) {
			return true
		}
	}
	return false
}

// constantly reports whether a variable has one value, from its declaration on.
func (w *writer) constantly(v *types.Var) bool {
	return w.initialised[v.Name()] && !w.assigned[v.Name()] && w.Reading.Limit(v) == ""
}

// interfaceVariable writes a variable of an interface of the package that the module sets once.
func (w *writer) interfaceVariable(v *types.Var, l *local, doc string) {
	name, symbol := w.rename(v.Name()), v.Name()
	if w.Prefix != "" {
		symbol = w.Prefix + "." + symbol
	}
	adapter := "moduleOf" + w.rename(l.name)
	w.twins = append(w.twins, fmt.Sprintf("stub.Variable(&valueOf%s.held)", name))
	fmt.Fprintf(&w.loaded, "\nvar valueOf%s = %s{held: stub.Held{Variable: %q}}\n", name, adapter, symbol)
	fmt.Fprintf(&w.loaded, "\n%svar %s %s = &valueOf%s\n", doc, name, w.spell(v.Type()), name)
	fmt.Fprintf(&w.linked, "\n%svar %s = original.%s\n", doc, name, v.Name())
	w.notes = append(w.notes, fmt.Sprintf("%s is the module's value: assigning to %s does not change the module's variable.", name, name))
}
