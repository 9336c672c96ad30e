// Package pkgdoc prints the documentation of Go packages from their source, as go doc does.
package pkgdoc

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"go/ast"
	"go/build"
	"go/doc"
	"go/format"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"unicode"

	"github.com/loadgo/load/find"
)

// Documentation is that of a package.
type Documentation struct {
	pkg   *doc.Package
	files *token.FileSet
}

// Read reads the documentation of a Go package from the files that this system builds.
func Read(spec *find.Spec) (*Documentation, error) {
	source := spec.Source
	if source.Kind != find.KindGo {
		return nil, fmt.Errorf("doc %s: it is no Go package\n\trun \"load symbols %s\"", spec.Name, spec.Name)
	}
	tree := source.FS
	if tree == nil {
		tree = os.DirFS(source.Dir)
	}
	names, err := docFiles(tree, source.File)
	if err != nil {
		return nil, fmt.Errorf("doc %s: %w", spec.Name, err)
	}
	d := &Documentation{files: token.NewFileSet()}
	var files []*ast.File
	for _, name := range names {
		text, err := fs.ReadFile(tree, name)
		if err != nil {
			return nil, fmt.Errorf("doc %s: %w", spec.Name, err)
		}
		file, err := parser.ParseFile(d.files, name, text, parser.ParseComments)
		if err != nil {
			return nil, fmt.Errorf("doc %s: %w", spec.Name, err)
		}
		files = append(files, file)
	}
	if d.pkg, err = doc.NewFromFiles(d.files, files, spec.Name); err != nil {
		return nil, fmt.Errorf("doc %s: %w", spec.Name, err)
	}
	return d, nil
}

// docFiles lists the Go files of a package that this system builds, without tests; only is the one
// file that the package is made of, or "".
func docFiles(tree fs.FS, only string) ([]string, error) {
	if only != "" {
		return []string{only}, nil
	}
	entries, err := fs.ReadDir(tree, ".")
	if err != nil {
		return nil, err
	}
	system := build.Default
	system.CgoEnabled = false
	system.JoinPath = path.Join
	system.OpenFile = func(name string) (io.ReadCloser, error) { return tree.Open(name) }
	var names []string
	for _, e := range entries {
		name := e.Name()
		if !e.Type().IsRegular() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			continue
		}
		built, err := system.MatchFile(".", name)
		if err != nil {
			return nil, err
		}
		if built {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return nil, errors.New("it has no Go files for this system")
	}
	return names, nil
}

// Names lists what the package exports: constants, variables, functions and types, in that order.
func (d *Documentation) Names() []string {
	var names []string
	value := func(values []*doc.Value) {
		for _, v := range values {
			names = append(names, v.Names...)
		}
	}
	function := func(functions []*doc.Func) {
		for _, f := range functions {
			names = append(names, f.Name)
		}
	}
	value(d.pkg.Consts)
	value(d.pkg.Vars)
	function(d.pkg.Funcs)
	for _, t := range d.pkg.Types { // the package has those that belong to a type with it
		value(t.Consts)
		value(t.Vars)
		function(t.Funcs)
		names = append(names, t.Name)
	}
	return slices.DeleteFunc(names, func(name string) bool { return !token.IsExported(name) })
}

// PrintPackage prints the package's documentation and a line for each symbol.
func (d *Documentation) PrintPackage(w *bytes.Buffer, name string) {
	fmt.Fprintf(w, "package %s // import %q\n", d.pkg.Name, name)
	if d.pkg.Doc != "" {
		w.WriteString("\n")
		d.text(w, d.pkg.Doc, "")
	}
	var lines bytes.Buffer
	d.values(&lines, "", d.pkg.Consts)
	d.values(&lines, "", d.pkg.Vars)
	d.functions(&lines, "", d.pkg.Funcs)
	for _, t := range d.pkg.Types {
		fmt.Fprintf(&lines, "%s\n", typeLine(t))
		d.values(&lines, "    ", slices.Concat(t.Consts, t.Vars))
		d.functions(&lines, "    ", t.Funcs)
	}
	if lines.Len() > 0 {
		w.WriteString("\n")
		_, _ = lines.WriteTo(w)
	}
}

// PrintSymbol prints the declaration and the documentation of a symbol, and reports whether there
// is one.
func (d *Documentation) PrintSymbol(w *bytes.Buffer, symbol string) bool {
	values, funcs := slices.Concat(d.pkg.Consts, d.pkg.Vars), slices.Clone(d.pkg.Funcs)
	receiver, method, isMethod := strings.Cut(symbol, ".")
	for _, t := range d.pkg.Types {
		if t.Name == symbol {
			d.declaration(w, t.Decl, t.Doc)
			w.WriteString("\n")
			d.values(w, "", slices.Concat(t.Consts, t.Vars))
			d.functions(w, "", slices.Concat(t.Funcs, t.Methods))
			w.Truncate(len(bytes.TrimRight(w.Bytes(), "\n")) + 1)
			return true
		}
		values, funcs = slices.Concat(values, t.Consts, t.Vars), append(funcs, t.Funcs...)
		if isMethod && t.Name == receiver {
			for _, f := range t.Methods {
				if f.Name == method {
					d.declaration(w, f.Decl, f.Doc)
					return true
				}
			}
		}
	}
	for _, f := range funcs {
		if f.Name == symbol {
			d.declaration(w, f.Decl, f.Doc)
			return true
		}
	}
	for _, v := range values {
		if slices.Contains(v.Names, symbol) {
			d.declaration(w, v.Decl, v.Doc)
			return true
		}
	}
	return false
}

// declaration prints a whole declaration and below it its documentation.
func (d *Documentation) declaration(w *bytes.Buffer, decl ast.Decl, text string) {
	w.WriteString(d.source(decl) + "\n")
	d.text(w, text, "    ")
}

// source is a declaration as Go source, without its documentation and a function's body.
func (d *Documentation) source(decl ast.Decl) string {
	switch whole := decl.(type) {
	case *ast.FuncDecl:
		bare := *whole
		bare.Doc, bare.Body = nil, nil
		decl = &bare
	case *ast.GenDecl:
		bare := *whole
		bare.Doc = nil
		decl = &bare
	}
	var b bytes.Buffer
	if err := format.Node(&b, d.files, decl); err != nil {
		return err.Error()
	}
	return b.String()
}

func (d *Documentation) text(w *bytes.Buffer, text, indent string) {
	p := d.pkg.Printer()
	p.TextPrefix, p.TextCodePrefix, p.TextWidth = indent, indent+"    ", 80-len(indent)
	w.Write(p.Text(d.pkg.Parser().Parse(text)))
}

// functions prints a line for each function.
func (d *Documentation) functions(w *bytes.Buffer, indent string, funcs []*doc.Func) {
	for _, f := range funcs {
		fmt.Fprintf(w, "%s%s\n", indent, strings.Join(strings.Fields(d.source(f.Decl)), " "))
	}
}

// values prints a line for each group of constants or variables: its first, and dots for others.
func (d *Documentation) values(w *bytes.Buffer, indent string, values []*doc.Value) {
	for _, v := range values {
		first, ok := v.Decl.Specs[0].(*ast.ValueSpec)
		if !ok {
			continue
		}
		bare := *first
		bare.Doc, bare.Comment = nil, nil
		one := &ast.GenDecl{Tok: v.Decl.Tok, TokPos: v.Decl.TokPos, Specs: []ast.Spec{&bare}}
		line, _, long := strings.Cut(d.source(one), "\n")
		if long || len(v.Decl.Specs) > 1 {
			line += " ..."
		}
		fmt.Fprintln(w, indent+line)
	}
}

// typeLine is a type's declaration on one line.
func typeLine(t *doc.Type) string {
	for _, s := range t.Decl.Specs {
		if s, ok := s.(*ast.TypeSpec); ok && s.Name.Name == t.Name {
			return "type " + t.Name + typeText(s)
		}
	}
	return "type " + t.Name
}

// typeText is what follows the name of a type on one line.
func typeText(s *ast.TypeSpec) string {
	text := " "
	if s.TypeParams != nil {
		var b bytes.Buffer
		if format.Node(&b, token.NewFileSet(), &ast.TypeSpec{Name: ast.NewIdent("T"), TypeParams: s.TypeParams, Type: ast.NewIdent("int")}) == nil {
			text = strings.TrimSuffix(strings.TrimPrefix(b.String(), "T"), "int")
		}
	}
	if s.Assign.IsValid() {
		text += "= "
	}
	switch s.Type.(type) {
	case *ast.StructType:
		return text + "struct{ ... }"
	case *ast.InterfaceType:
		return text + "interface{ ... }"
	}
	var b bytes.Buffer
	err := format.Node(&b, token.NewFileSet(), s.Type)
	return text + cmp.Or(strings.Join(strings.Fields(b.String()), " "), fmt.Sprint(err))
}

// Printable drops what would steer a terminal: comments may hold it.
func Printable(r rune) rune {
	if unicode.IsControl(r) && r != '\n' && r != '\t' {
		return -1
	}
	return r
}
