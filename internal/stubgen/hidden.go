package stubgen

import (
	"fmt"
	"go/types"
	"maps"
	"slices"
	"strings"
)

// classifyHidden finds the types of a package without an exported name that its variables have and
// its functions return, which are used by their exported methods, and the interfaces without one
// that its functions take, which other types of the package implement.
func (g *generator) classifyHidden(s *source) {
	scope := s.pkg.Scope()
	for _, name := range scope.Names() {
		switch o := scope.Lookup(name).(type) {
		case *types.Var:
			if o.Exported() {
				g.hide(s, o.Type())
			}
		case *types.Func:
			if o.Exported() && o.Signature().TypeParams().Len() == 0 {
				g.hideIn(s, o.Signature())
			}
		case *types.TypeName:
			if l := g.localOf(o.Type()); l != nil && l.pkg == s && o.Exported() {
				g.hideMethods(s, l.named)
			}
		}
	}
}

// hideIn looks at what a function returns and takes.
func (g *generator) hideIn(s *source, sig *types.Signature) {
	for v := range sig.Results().Variables() {
		g.hide(s, v.Type())
	}
	for v := range sig.Params().Variables() {
		if types.IsInterface(v.Type()) {
			g.hide(s, v.Type())
		}
	}
}

// hideMethods looks at what the methods of a type return and take.
func (g *generator) hideMethods(s *source, named *types.Named) {
	for sel := range types.NewMethodSet(types.NewPointer(named)).Methods() {
		if sig, ok := sel.Type().(*types.Signature); ok && sel.Obj().Exported() {
			g.hideIn(s, sig)
		}
	}
}

// hide notes a type, or what a pointer leads to, if it has no exported name and something can be
// done with it.
func (g *generator) hide(s *source, t types.Type) {
	t = types.Unalias(t)
	if p, ok := t.(*types.Pointer); ok {
		t = types.Unalias(p.Elem())
	}
	named, ok := t.(*types.Named)
	if !ok || named.Obj().Pkg() != s.pkg || named.Obj().Exported() || named.TypeArgs().Len() > 0 || named.TypeParams().Len() > 0 || g.localOf(named) != nil {
		return
	}
	if types.Universe.Lookup(named.Obj().Name()) != nil || slices.Contains(fileNames, named.Obj().Name()) {
		return
	}
	if named.Obj().Parent() != s.pkg.Scope() {
		return
	}
	kind := held
	switch u := named.Underlying().(type) {
	case *types.Struct:
		if !hasExported(named) {
			return
		}
	case *types.Interface:
		if kind = contract; !u.IsMethodSet() || !hasUnexported(u) {
			return // values of the program could not be given for it
		}
	default:
		return
	}
	l := g.add(s, named, named.Obj().Name())
	l.hidden, l.kind = true, kind
	g.hideMethods(s, named)
}

func hasUnexported(u *types.Interface) bool {
	for m := range u.Methods() {
		if !m.Exported() {
			return true
		}
	}
	return false
}

func hasExported(named *types.Named) bool {
	for sel := range types.NewMethodSet(types.NewPointer(named)).Methods() {
		if sel.Obj().Exported() {
			return true
		}
	}
	return false
}

// mentionsOther reports whether the methods of an interface of the standard library take or give
// types that are not the standard library's own here.
func (g *generator) mentionsOther(l *local) bool {
	other := false
	for m := range l.named.Underlying().(*types.Interface).Methods() {
		for _, v := range append(tupleVars(m.Signature().Params()), tupleVars(m.Signature().Results())...) {
			t := types.Unalias(v.Type())
			for {
				elem, ok := t.(interface{ Elem() types.Type })
				if !ok {
					break
				}
				t = types.Unalias(elem.Elem())
			}
			if mentioned := g.localOf(t); mentioned != nil && mentioned.kind != standard && mentioned.kind != leftOut {
				other = true
			}
		}
	}
	return other
}

// hasAdapter reports whether values of the module of an interface of the standard library can be
// had as one: all its methods can be called. It is noted for the package that is looked at.
func (g *generator) hasAdapter(t *types.Named) bool {
	if g.busy[t] {
		return true
	}
	g.busy[t] = true
	defer delete(g.busy, t)
	u := t.Underlying().(*types.Interface)
	if !t.Obj().Exported() || t.TypeArgs().Len() > 0 || u.NumMethods() == 0 || !u.IsMethodSet() || strings.Contains("/"+t.Obj().Pkg().Path()+"/", "/internal/") {
		return false
	}
	for m := range u.Methods() {
		if !m.Exported() || !g.Reading.Method(t, m.Name()) || g.refusedSignature(m.Signature(), toModule) != "" {
			return false
		}
	}
	if g.at != nil && g.at.adapters != nil {
		g.at.adapters[types.TypeString(t, nil)] = t
	}
	return true
}

// hiddenTypes writes the types of the package that have no exported name.
func (w *writer) hiddenTypes() {
	for _, l := range w.ordered {
		if l.pkg != w.source || !l.hidden {
			continue
		}
		switch l.kind {
		case contract:
			w.contract(l, l.name, comment(w.docs[l.name]))
		case held:
			fmt.Fprintf(&w.loaded, "\n// %s has the methods of a type that the package does not export.\ntype %s struct{ held stub.Held }\n", l.name, l.name)
			w.twins = append(w.twins, fmt.Sprintf("stub.Type[%s](%q)", l.name, l.name))
			w.methods(l, l.name)
		}
	}
}

// adapters writes what values of the module are that are had as interfaces of other packages of the
// standard library.
func (w *writer) adapters() {
	for _, name := range slices.Sorted(maps.Keys(w.source.adapters)) {
		t := w.source.adapters[name]
		symbol := qualified(t)
		w.adapter(t, "moduleOf"+strings.ReplaceAll(symbol, ".", "_"), symbol)
	}
}

// showsHidden reports whether a type without an exported name is in a signature.
func (g *generator) showsHidden(sig *types.Signature) bool {
	for _, v := range append(tupleVars(sig.Params()), tupleVars(sig.Results())...) {
		if g.isHidden(v.Type()) {
			return true
		}
	}
	return false
}

// isHidden reports whether a type, or what a pointer leads to, has no exported name.
func (g *generator) isHidden(t types.Type) bool {
	if p, ok := types.Unalias(t).(*types.Pointer); ok {
		t = p.Elem()
	}
	l := g.localOf(t)
	return l != nil && l.hidden
}
