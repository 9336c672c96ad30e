package stubgen

import (
	"fmt"
	"go/types"
	"strings"
)

// shownFields writes the exported fields of a held type, and notes those that it cannot have.
func (w *writer) shownFields(l *local) string {
	if l.shows == nil {
		return ""
	}
	var b strings.Builder
	l.fields = nil
	ofVariable := w.variableOf(l)
	for i := range l.shows.NumFields() {
		f := l.shows.Field(i)
		if !f.Exported() {
			continue
		}
		reason := w.refusedField(l, f)
		if ofVariable != "" {
			reason = "it would not show what is in the variable " + ofVariable
		}
		if reason != "" {
			l.fields = append(l.fields, Omission{l.name + "." + f.Name(), reason})
			continue
		}
		b.WriteString(comment(w.docs[l.named.Obj().Name()+"."+f.Name()]))
		if !f.Embedded() {
			b.WriteString(f.Name() + " ")
		}
		b.WriteString(w.spell(f.Type()))
		if tag := l.shows.Tag(i); tag != "" {
			fmt.Fprintf(&b, " %s", quoteTag(tag))
		}
		b.WriteString("\n")
	}
	return b.String()
}

// refusedField says why a held type cannot have a field.
func (w *writer) refusedField(l *local, f *types.Var) string {
	if r := w.refused(f.Type(), toModule); r != "" {
		return r
	}
	if r := w.refused(f.Type(), toHost); r != "" {
		return r
	}
	if w.isHidden(f.Type()) {
		return "its type is not exported"
	}
	if f.Embedded() {
		t := f.Type()
		if p, ok := types.Unalias(t).(*types.Pointer); ok {
			t = p.Elem()
		}
		if named, ok := types.Unalias(t).(*types.Named); !ok || w.rename(named.Obj().Name()) != f.Name() {
			return "its type has another name here"
		}
	}
	if w.circular(f.Type(), map[types.Type]bool{}) {
		return "it leads to itself, and would be copied with each call"
	}
	return ""
}

// circular reports whether values of a type lead to values of the same type by what is copied.
func (w *writer) circular(t types.Type, within map[types.Type]bool) bool {
	t = types.Unalias(t)
	if l := w.localOf(t); l != nil && l.kind == held {
		return false
	}
	if within[t] {
		return true
	}
	within[t] = true
	defer delete(within, t)
	switch u := t.Underlying().(type) {
	case *types.Pointer:
		return w.circular(u.Elem(), within)
	case *types.Slice:
		return w.circular(u.Elem(), within)
	case *types.Array:
		return w.circular(u.Elem(), within)
	case *types.Map:
		return w.circular(u.Key(), within) || w.circular(u.Elem(), within)
	case *types.Struct:
		for f := range u.Fields() {
			if w.circular(f.Type(), within) {
				return true
			}
		}
	}
	return false
}

// variableOf returns the name of a variable of the package that is a value of a held type here, or
// a pointer to one: nothing brings its fields up to date when they are read.
func (w *writer) variableOf(l *local) string {
	for _, s := range w.packages {
		for _, name := range s.pkg.Scope().Names() {
			v, ok := s.pkg.Scope().Lookup(name).(*types.Var)
			if !ok || !v.Exported() {
				continue
			}
			t := types.Unalias(v.Type())
			if p, ok := t.(*types.Pointer); ok {
				t = p.Elem()
			}
			if w.localOf(t) == l {
				return name
			}
		}
	}
	return ""
}
