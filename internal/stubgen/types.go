package stubgen

import (
	"fmt"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"github.com/loadgo/load/internal/goglue/build"
)

// ownVariable reports whether a variable is the standard library's own here: its type is.
func (w *writer) ownVariable(v *types.Var) bool {
	t := types.Unalias(v.Type())
	if p, ok := t.(*types.Pointer); ok {
		t = p.Elem()
	}
	l := w.localOf(t)
	return l != nil && l.pkg == w.source && l.kind == standard && !types.IsInterface(t)
}

func standardErrors(path string) []string { return build.StandardErrors(path) }

// typeName writes a type with its methods, or an alias.
func (w *writer) typeName(o *types.TypeName) (reason string) {
	name, doc := w.localName(o), comment(w.docs[o.Name()])
	l := w.localOf(o.Type())
	linked := fmt.Sprintf("\n%stype %s = original.%s\n", doc, name, o.Name())
	if l == nil || l.pkg != w.source || l.name != o.Name() {
		return w.alias(o, name, doc, linked)
	}
	switch l.kind {
	case leftOut:
		return l.reason
	case standard:
		fmt.Fprintf(&w.loaded, "\n%stype %s = %s.%s\n", doc, name, w.use(w.pkg.Path(), w.pkg.Name()), o.Name())
		if l.named.Obj().Pkg() != w.pkg && !types.IsInterface(l.named) {
			w.twins = append(w.twins, fmt.Sprintf("stub.Type[%s](%q)", name, o.Name()))
		}
		if types.IsInterface(l.named) && w.adapts(l) {
			w.adapter(l.named, "moduleOf"+name, l.name)
		}
	case contract:
		w.contract(l, name, doc)
	case held:
		if fields := w.shownFields(l); fields != "" {
			fmt.Fprintf(&w.loaded, "\n%stype %s struct {\nheld stub.Held\n\n%s}\n", doc, name, fields)
		} else {
			fmt.Fprintf(&w.loaded, "\n%stype %s struct{ held stub.Held }\n", doc, name)
		}
		w.twins = append(w.twins, fmt.Sprintf("stub.Type[%s](%q)", name, o.Name()))
		w.left = append(w.left, l.fields...)
		w.methods(l, name)
		w.json(l, name)
	case data:
		fmt.Fprintf(&w.loaded, "\n%stype %s %s\n", doc, name, w.underlying(l))
		w.twins = append(w.twins, fmt.Sprintf("stub.Type[%s](%q)", name, o.Name()))
		w.methods(l, name)
	}
	w.linked.WriteString(linked)
	return ""
}

// alias writes an alias of a type that has a name elsewhere.
func (w *writer) alias(o *types.TypeName, name, doc, linked string) (reason string) {
	if !o.IsAlias() {
		return "it is not generated"
	}
	if alias, ok := o.Type().(*types.Alias); ok && alias.TypeParams().Len() > 0 {
		return "generic types are not generated yet"
	}
	t := types.Unalias(o.Type())
	reason = w.refused(t, toModule)
	if reason != "" {
		reason = w.refused(t, toHost)
	}
	if reason != "" {
		return reason
	}
	fmt.Fprintf(&w.loaded, "\n%stype %s = %s\n", doc, name, w.spell(t))
	w.linked.WriteString(linked)
	return ""
}

// underlying writes what a type is made of, with the comments of its fields.
func (w *writer) underlying(l *local) string {
	u, ok := l.named.Underlying().(*types.Struct)
	if !ok {
		return w.spell(l.named.Underlying())
	}
	var b strings.Builder
	b.WriteString("struct {\n")
	for i := range u.NumFields() {
		f := u.Field(i)
		b.WriteString(comment(w.docs[l.named.Obj().Name()+"."+f.Name()]))
		if !f.Embedded() {
			b.WriteString(f.Name() + " ")
		}
		b.WriteString(w.spell(f.Type()))
		if tag := u.Tag(i); tag != "" {
			fmt.Fprintf(&b, " %s", quoteTag(tag))
		}
		b.WriteString("\n")
	}
	b.WriteString("}")
	return b.String()
}

func quoteTag(tag string) string {
	if strings.Contains(tag, "`") {
		return fmt.Sprintf("%q", tag)
	}
	return "`" + tag + "`"
}

// methods writes the methods of a type; those of embedded fields that are there come by themselves.
func (w *writer) methods(l *local, name string) {
	pointers := types.NewMethodSet(types.NewPointer(l.named))
	values := types.NewMethodSet(l.named)
	var list []*types.Func
	for sel := range pointers.Methods() {
		m := sel.Obj().(*types.Func)
		if m.Exported() && (l.kind == held || len(sel.Index()) == 1) {
			list = append(list, m)
		}
	}
	slices.SortFunc(list, func(a, b *types.Func) int { return strings.Compare(a.Name(), b.Name()) })
	for _, m := range list {
		byValue := values.Lookup(m.Pkg(), m.Name()) != nil
		if reason := w.method(l, name, m, byValue); reason != "" {
			w.left = append(w.left, Omission{l.name + "." + m.Name(), reason})
		}
	}
	w.sealedMethods(l, name)
}

// json writes how a held type whose fields do not show here is JSON, where its own methods do not
// say.
func (w *writer) json(l *local, name string) {
	methods := types.NewMethodSet(types.NewPointer(l.named))
	for _, own := range []string{"MarshalJSON", "UnmarshalJSON", "MarshalText", "UnmarshalText"} {
		if len(l.fields) == 0 || methods.Lookup(nil, own) != nil {
			return
		}
	}
	fmt.Fprintf(&w.loaded, "\nvar bound%s_ = stub.Func[func(%s) *load.Object]{Package: &self, Symbol: %q}\n", name, name, l.name)
	fmt.Fprintf(&w.loaded, "\n// MarshalJSON writes what the fields in the module are.\nfunc (x %s) MarshalJSON() ([]byte, error) { return bound%s_.Get()(x).MarshalJSON() }\n", name, name)
	fmt.Fprintf(&w.loaded, "\n// UnmarshalJSON returns an error: the fields are in the module.\nfunc (x *%s) UnmarshalJSON([]byte) error { return stub.ErrFields }\n", name)
}

// method writes a method, or says why not.
func (w *writer) method(l *local, name string, m *types.Func, byValue bool) (reason string) {
	s := m.Signature()
	if r := w.refusedSignature(s, toModule); r != "" {
		return r
	}
	if _, ok := l.named.Underlying().(*types.Signature); ok && (!byValue || l.kind == held) {
		return "methods of pointers to functions, and of functions that others cannot call, are not generated"
	}
	if !w.Reading.Method(l.named, m.Name()) {
		return "its parameters have types that other packages cannot name"
	}
	receiver := name
	if !byValue {
		receiver = "*" + name
	}
	bound := "bound" + name + "_" + m.Name()
	plain := unnamedSignature(s)
	first := types.NewParam(token.NoPos, nil, "", receiverType{l, !byValue}.typ())
	whole := types.NewSignatureType(nil, nil, nil, types.NewTuple(append([]*types.Var{first}, tupleVars(plain.Params())...)...), plain.Results(), s.Variadic())
	fmt.Fprintf(&w.loaded, "\nvar %s = stub.Func[%s]{Package: &self, Symbol: %q}\n", bound, w.spell(whole), l.name+"."+m.Name())
	self := "x"
	if recv := s.Recv(); recv != nil && recv.Name() != "" && recv.Name() != "_" && !taken(s, recv.Name()) {
		self = recv.Name()
	}
	for taken(s, self) || self == bound {
		self += "_"
	}
	c := w.call(s, bound, self)
	list := self
	if c.list != "" {
		list += ", " + c.list
	}
	doc := comment(w.docs[l.named.Obj().Name()+"."+m.Name()])
	fmt.Fprintf(&w.loaded, "\n%sfunc (%s %s) %s%s { %s%s.Get()(%s) }\n", doc, self, receiver, m.Name(), w.header(c.sig, w.spell), c.returns, bound, list)
	return ""
}

// receiverType is the type of a receiver.
type receiverType struct {
	*local
	pointer bool
}

func (r receiverType) typ() types.Type {
	if r.pointer {
		return types.NewPointer(r.named)
	}
	return r.named
}

func tupleVars(t *types.Tuple) []*types.Var {
	vars := make([]*types.Var, t.Len())
	for i := range vars {
		vars[i] = t.At(i)
	}
	return vars
}

// sealedMethods writes the unexported methods by which a type implements interfaces of its package.
func (w *writer) sealedMethods(l *local, name string) {
	written := map[string]bool{}
	for _, other := range w.ordered {
		if other.kind != contract || other.pkg != w.source {
			continue
		}
		iface := other.named.Underlying().(*types.Interface)
		for _, receiver := range []types.Type{l.named, types.NewPointer(l.named)} {
			if !types.Implements(receiver, iface) {
				continue
			}
			for _, method := range other.sealed {
				if !written[method] {
					written[method] = true
					fmt.Fprintf(&w.loaded, "\nfunc (%s%s) %s() {}\n", pointerMark(receiver), name, method)
				}
			}
		}
	}
}

func pointerMark(t types.Type) string {
	if _, ok := t.(*types.Pointer); ok {
		return "*"
	}
	return ""
}

// contract writes an interface.
func (w *writer) contract(l *local, name, doc string) {
	u := l.named.Underlying().(*types.Interface)
	fmt.Fprintf(&w.loaded, "\n%stype %s interface {\n", doc, name)
	for _, lost := range l.lost {
		w.left = append(w.left, Omission{l.name + "." + lost.Name, lost.Reason + "; so only types of the package are a " + name})
	}
	for m := range u.Methods() {
		if l.lacks(m) {
			continue
		}
		parameters := "()"
		if m.Exported() {
			parameters = w.header(m.Signature(), w.spell)
		}
		fmt.Fprintf(&w.loaded, "%s%s%s\n", comment(w.docs[l.named.Obj().Name()+"."+m.Name()]), m.Name(), parameters)
	}
	marks := w.marks(l)
	for _, mark := range marks {
		fmt.Fprintf(&w.loaded, "%s()\n", mark)
	}
	w.loaded.WriteString("}\n")
	w.adapter(l.named, "moduleOf"+name, l.name)
	for _, mark := range marks {
		fmt.Fprintf(&w.loaded, "\nfunc (*moduleOf%s) %s() {}\n", name, mark)
	}
}

// marks are the methods that tell values of an interface from those that only have the methods
// which are generated: of the interface itself, and of those whose values its values are.
func (w *writer) marks(l *local) (marks []string) {
	for _, other := range w.ordered {
		if other.kind == contract && other.pkg == w.source && len(other.lost) > 0 && types.Implements(l.named, other.named.Underlying().(*types.Interface)) {
			marks = append(marks, "sealed"+other.name)
		}
	}
	return marks
}

// lacks reports whether an interface is generated without one of its methods.
func (l *local) lacks(m *types.Func) bool {
	return slices.ContainsFunc(l.lost, func(o Omission) bool { return o.Name == m.Name() })
}

// adapter writes the type of the module's values of an interface, which goes by a symbol there.
func (w *writer) adapter(t *types.Named, adapter, symbol string) {
	u := t.Underlying().(*types.Interface)
	name := w.spell(t)
	w.twins = append(w.twins, fmt.Sprintf("stub.Interface[%s, %s](%q)", name, adapter, symbol))
	fmt.Fprintf(&w.loaded, "\n// %s is a value of the module that is a %s.\ntype %s struct{ held stub.Held }\n", adapter, name, adapter)
	for m := range u.Methods() {
		if l := w.localOf(t); l != nil && l.lacks(m) {
			continue
		}
		if !m.Exported() { // nothing calls it
			fmt.Fprintf(&w.loaded, "\nfunc (*%s) %s() {}\n", adapter, m.Name())
			continue
		}
		w.adapterMethod(adapter, symbol, m)
	}
}

func (w *writer) adapterMethod(adapter, symbol string, m *types.Func) {
	s := m.Signature()
	bound := "bound" + strings.TrimPrefix(adapter, "moduleOf") + "_" + m.Name()
	plain := unnamedSignature(s)
	text := w.header(plain, w.spell)
	first := "*" + adapter
	if plain.Params().Len() > 0 {
		first += ", "
	}
	text = "func(" + first + strings.TrimPrefix(text, "(")
	fmt.Fprintf(&w.loaded, "\nvar %s = stub.Func[%s]{Package: &self, Symbol: %q}\n", bound, text, symbol+"."+m.Name())
	self := "x"
	for taken(s, self) {
		self += "_"
	}
	c := w.call(s, bound, self)
	list := self
	if c.list != "" {
		list += ", " + c.list
	}
	fmt.Fprintf(&w.loaded, "\nfunc (%s *%s) %s%s { %s%s.Get()(%s) }\n", self, adapter, m.Name(), w.header(c.sig, w.spell), c.returns, bound, list)
}
