package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"flag"
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

	"github.com/loadgo/load"
	"github.com/loadgo/load/find"
)

func docCommand() command {
	return command{
		name:  "doc",
		args:  "[options] NAME[@QUERY] [SYMBOL]",
		short: "print the documentation of a package or a symbol",
		long: `
Doc prints what go doc prints, for packages that need not be in a go.mod: the package's documentation with a
line for each exported symbol, or the declaration and documentation of SYMBOL, which is a function, a
variable, a constant, a type, or a type's method, as in Type.Method. What is not here is installed.
Nothing of the package runs.`,
		flags: func(f *flag.FlagSet, o *options) { o.loadFlags(f) },
		run:   runDoc,
	}
}

func runDoc(ctx context.Context, s *session, args []string) error {
	if len(args) != 1 && len(args) != 2 {
		return &usageError{fmt.Sprintf("it takes one NAME and perhaps a SYMBOL after the options, not %d arguments", len(args))}
	}
	l, err := s.loader()
	if err != nil {
		return err
	}
	defer s.close(ctx, l)
	spec, err := l.Find(ctx, args[0])
	if errors.Is(err, load.ErrNotFound) {
		spec, err = l.Install(ctx, args[0])
	}
	s.progress.clear()
	if err != nil {
		return err
	}
	d, err := readDoc(spec)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	if len(args) == 1 {
		d.printPackage(&out, spec.Name)
	} else if !d.printSymbol(&out, args[1]) {
		return fmt.Errorf("doc %s: it exports no %s\n\trun \"load doc %s\" for what it exports", args[0], args[1], args[0])
	}
	_, err = s.stdout.Write(bytes.Map(printable, out.Bytes()))
	return err
}

// printable drops what would steer a terminal: comments may hold it.
func printable(r rune) rune {
	if unicode.IsControl(r) && r != '\n' && r != '\t' {
		return -1
	}
	return r
}

// documentation is that of a package.
type documentation struct {
	pkg   *doc.Package
	files *token.FileSet
}

// readDoc reads the documentation of a Go package from the files that this system builds.
func readDoc(spec *load.Spec) (*documentation, error) {
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
	d := &documentation{files: token.NewFileSet()}
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

// printPackage prints the package's documentation and a line for each symbol.
func (d *documentation) printPackage(w *bytes.Buffer, name string) {
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

// printSymbol prints the declaration and the documentation of a symbol, and reports whether there
// is one.
func (d *documentation) printSymbol(w *bytes.Buffer, symbol string) bool {
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
func (d *documentation) declaration(w *bytes.Buffer, decl ast.Decl, text string) {
	w.WriteString(d.source(decl) + "\n")
	d.text(w, text, "    ")
}

// source is a declaration as Go source, without its documentation and a function's body.
func (d *documentation) source(decl ast.Decl) string {
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

func (d *documentation) text(w *bytes.Buffer, text, indent string) {
	p := d.pkg.Printer()
	p.TextPrefix, p.TextCodePrefix, p.TextWidth = indent, indent+"    ", 80-len(indent)
	w.Write(p.Text(d.pkg.Parser().Parse(text)))
}

// functions prints a line for each function.
func (d *documentation) functions(w *bytes.Buffer, indent string, funcs []*doc.Func) {
	for _, f := range funcs {
		fmt.Fprintf(w, "%s%s\n", indent, strings.Join(strings.Fields(d.source(f.Decl)), " "))
	}
}

// values prints a line for each group of constants or variables: its first, and dots for others.
func (d *documentation) values(w *bytes.Buffer, indent string, values []*doc.Value) {
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
