package stubgen

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strconv"
	"strings"
)

// reserved are the names that a stub has besides the original's.
var reserved = []string{"Module", "Preload", "Use"}

// fileNames are the names that the files of a stub use without exporting them.
var fileNames = []string{"context", "load", "module", "original", "self", "stub", "twins", "uses"}

// writer collects the declarations of both files of a package.
type writer struct {
	*generator
	*source
	loaded, linked bytes.Buffer
	imports        map[string]string // path → name, of the loaded file
	linkedImports  map[string]string // of the linked one
	twins          []string          // the elements of the list of twins
	left           []Omission
	notes          []string
}

func newWriter(g *generator, s *source) *writer {
	return &writer{generator: g, source: s, imports: map[string]string{}, linkedImports: map[string]string{}}
}

// object writes a declaration, or says why not.
func (w *writer) object(o types.Object) (reason string) {
	switch o := o.(type) {
	case *types.Func:
		return w.function(o.Name(), o.Signature())
	case *types.Const:
		return w.constant(o)
	case *types.Var:
		return w.variable(o)
	case *types.TypeName:
		return w.typeName(o)
	}
	return "it is not generated"
}

// localName returns the name that o has in the stub.
func (w *writer) localName(o types.Object) string { return w.rename(o.Name()) }

func (w *writer) rename(original string) string {
	name := original
	if !slices.Contains(reserved, name) && (name != "Stub" || w.Base == "") {
		return name
	}
	for name += "_"; w.pkg.Scope().Lookup(name) != nil; {
		name += "_"
	}
	note := fmt.Sprintf("%s is %s here: the stub has a function %s of its own.", original, name, original)
	if !slices.Contains(w.notes, note) {
		w.notes = append(w.notes, note)
	}
	return name
}

// function writes a function, or a variable that is one.
func (w *writer) function(original string, s *types.Signature) (reason string) {
	if s.TypeParams().Len() > 0 {
		return w.generic(original, s)
	}
	if r := w.refusedSignature(s, toModule); r != "" {
		return r
	}
	if r := w.Reading.Limit(w.pkg.Scope().Lookup(original)); r != "" {
		return r
	}
	name, bound := w.rename(original), "bound"+original
	fmt.Fprintf(&w.loaded, "\nvar %s = stub.Func[%s]{Package: &self, Symbol: %q}\n", bound, w.spell(unnamedSignature(s)), original)
	c := w.call(s, bound, "original")
	doc := comment(w.docs[original])
	fmt.Fprintf(&w.loaded, "\n%sfunc %s%s { %s%s.Get()(%s) }\n", doc, name, w.header(c.sig, w.spell), c.returns, bound, c.list)
	if w.showsHidden(s) {
		fmt.Fprintf(&w.linked, "\n%svar %s = original.%s\n", doc, name, original)
		return ""
	}
	fmt.Fprintf(&w.linked, "\n%sfunc %s%s { %soriginal.%s(%s) }\n", doc, name, w.header(c.sig, w.spellLinked), c.returns, original, c.list)
	return ""
}

// call is how a function forwards its parameters.
type call struct {
	sig     *types.Signature // with names for all parameters that nothing hides
	list    string
	returns string
}

// call names the parameters of a signature so that they can be passed on; names in the file that
// the body uses are not among them.
func (w *writer) call(s *types.Signature, used ...string) call {
	var c call
	results := s.Results()
	if hides(results, used) {
		results = unnamed(results)
	}
	params := make([]*types.Var, s.Params().Len())
	for i := range params {
		v := s.Params().At(i)
		name := v.Name()
		if hides(types.NewTuple(v), used) || name == "" || name == "_" {
			for name = "p" + strconv.Itoa(i); taken(s, name); {
				name += "_"
			}
		}
		params[i] = types.NewParam(token.NoPos, v.Pkg(), name, v.Type())
		c.list += ", " + name
	}
	if s.Variadic() {
		c.list += "..."
	}
	c.list = strings.TrimPrefix(c.list, ", ")
	if s.Results().Len() > 0 {
		c.returns = "return "
	}
	c.sig = types.NewSignatureType(nil, nil, nil, types.NewTuple(params...), results, s.Variadic())
	return c
}

func (w *writer) header(s *types.Signature, spell func(types.Type) string) string {
	return strings.TrimPrefix(spell(s), "func")
}

// hides reports whether one of the variables would hide what the body uses.
func hides(t *types.Tuple, used []string) bool {
	for v := range t.Variables() {
		if slices.Contains(used, v.Name()) {
			return true
		}
	}
	return false
}

// taken reports whether a parameter or result has this name.
func taken(s *types.Signature, name string) bool {
	for _, t := range []*types.Tuple{s.Params(), s.Results()} {
		for v := range t.Variables() {
			if v.Name() == name {
				return true
			}
		}
	}
	return false
}

// unnamed leaves out the names of a list of parameters.
func unnamed(t *types.Tuple) *types.Tuple {
	var list []*types.Var
	for v := range t.Variables() {
		list = append(list, types.NewParam(token.NoPos, v.Pkg(), "", v.Type()))
	}
	return types.NewTuple(list...)
}

func unnamedSignature(s *types.Signature) *types.Signature {
	return types.NewSignatureType(nil, nil, nil, unnamed(s.Params()), unnamed(s.Results()), s.Variadic())
}

// variable writes a sentinel, a function, or what reads and sets a variable.
func (w *writer) variable(v *types.Var) (reason string) {
	name, doc := v.Name(), comment(w.docs[v.Name()])
	if w.Standard && slices.Contains(standardErrors(w.pkg.Path()), name) || w.ownVariable(v) {
		fmt.Fprintf(&w.loaded, "\n%svar %s = %s.%s\n", doc, w.rename(name), w.use(w.pkg.Path(), w.pkg.Name()), name)
		fmt.Fprintf(&w.linked, "\n%svar %s = original.%s\n", doc, w.rename(name), name)
		return ""
	}
	if isError(v.Type()) && w.errorVariable(v, doc) {
		return ""
	}
	if w.objectVariable(v, doc) {
		return ""
	}
	if sig, ok := v.Type().Underlying().(*types.Signature); ok {
		return w.function(name, sig)
	}
	if r := w.refused(v.Type(), toHost); r != "" {
		return r
	}
	if r := w.Reading.Limit(v); r != "" {
		return r
	}
	if w.isHidden(v.Type()) {
		return "its type is not exported"
	}
	local := w.rename(name)
	t, linked := w.spell(v.Type()), w.spellLinked(v.Type())
	fmt.Fprintf(&w.loaded, "\n%sfunc %s() %s { return stub.Value[%s](&self, %q) }\n", doc, local, t, t, name)
	fmt.Fprintf(&w.linked, "\n%sfunc %s() %s { return original.%s }\n", doc, local, linked, name)
	note := fmt.Sprintf("%s is a variable: %s() reads it here", name, local)
	if set := "Set" + name; w.pkg.Scope().Lookup(set) == nil && w.refused(v.Type(), toModule) == "" {
		fmt.Fprintf(&w.loaded, "\n// %s assigns to the variable %s.\nfunc %s(value %s) { stub.Set(&self, %q, value) }\n", set, name, set, t, name)
		fmt.Fprintf(&w.linked, "\n// %s assigns to the variable %s.\nfunc %s(value %s) { original.%s = value }\n", set, name, set, linked, name)
		note += ", and " + set + " sets it"
	}
	w.notes = append(w.notes, note+".")
	return ""
}

// errorVariable writes an error that the package does not change, and reports whether it is one.
func (w *writer) errorVariable(v *types.Var, doc string) bool {
	name, local := v.Name(), w.rename(v.Name())
	text, known := w.texts[name]
	switch {
	case w.same[name] != "":
		dot := strings.LastIndexByte(w.same[name], '.')
		path := w.same[name][:dot]
		fmt.Fprintf(&w.loaded, "\n%svar %s = %s%s\n", doc, local, w.use(path, path[strings.LastIndexByte(path, '/')+1:]), w.same[name][dot:])
	case known:
		w.twins = append(w.twins, fmt.Sprintf("stub.Sentinel(%q, %s)", name, local))
		fmt.Fprintf(&w.loaded, "\n%svar %s error = &stub.Error{Text: %q}\n", doc, local, text)
	default:
		return false
	}
	fmt.Fprintf(&w.linked, "\n%svar %s = original.%s\n", doc, local, name)
	return true
}

// spell writes a type as the loaded file has it, and notes what it imports.
func (w *writer) spell(t types.Type) string { return w.spelled(t, false) }

// spellLinked is spell for the linked file: all types are the originals'.
func (w *writer) spellLinked(t types.Type) string { return w.spelled(t, true) }

// use imports a package into the loaded file and returns what it goes by there.
func (w *writer) use(path, name string) string { return w.useIn(w.imports, path, name) }

func (w *writer) useIn(imports map[string]string, path, name string) string {
	if known, ok := imports[path]; ok {
		return known
	}
	free := func(name string) bool {
		for _, other := range imports {
			if other == name {
				return false
			}
		}
		return (path == "context" || !slices.Contains(fileNames, name)) && w.pkg.Scope().Lookup(name) == nil && types.Universe.Lookup(name) == nil
	}
	unique := name
	for n := 2; !free(unique); n++ {
		unique = name + strconv.Itoa(n)
	}
	imports[path] = unique
	return unique
}

// comment writes a documentation comment again, without directives for the compiler.
func comment(doc *ast.CommentGroup) string {
	var b strings.Builder
	for line := range strings.SplitSeq(strings.TrimSpace(doc.Text()), "\n") {
		if b.Len() > 0 || line != "" {
			b.WriteString(strings.TrimRight("// "+line, " ") + "\n")
		}
	}
	return b.String()
}
