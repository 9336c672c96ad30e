package examples

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// file is a file of tests. What is taken out of it leaves its lines where they are.
type file struct {
	name string
	text []byte
	fset *token.FileSet
	ast  *ast.File
	gone map[ast.Node]bool
	// unused are the imports that nothing is left for.
	unused map[*ast.ImportSpec]bool
}

// parse parses a file, and takes out what is not for examples: tests, and imports that only the
// original's module may have.
func parse(name string, text []byte) (*file, error) {
	f := &file{name: name, text: text, fset: token.NewFileSet(), gone: map[ast.Node]bool{}, unused: map[*ast.ImportSpec]bool{}}
	var err error
	if f.ast, err = parser.ParseFile(f.fset, name, text, parser.ParseComments); err != nil {
		return nil, err
	}
	for _, decl := range f.ast.Decls {
		if d, ok := decl.(*ast.FuncDecl); ok && d.Recv == nil && isTest(d.Name.Name) {
			f.gone[d] = true
		}
	}
	for _, spec := range f.ast.Imports {
		if strings.Contains("/"+importPath(spec)+"/", "/internal/") {
			f.gone[spec] = true
		}
	}
	return f, nil
}

func isTest(name string) bool {
	return strings.HasPrefix(name, "Test") || strings.HasPrefix(name, "Benchmark") || strings.HasPrefix(name, "Fuzz")
}

func importPath(spec *ast.ImportSpec) string {
	path, _ := strconv.Unquote(spec.Path.Value) // the parser has looked
	return path
}

// clone is a file from which more can be taken out.
func (f *file) clone() *file {
	c := *f
	c.gone, c.unused = map[ast.Node]bool{}, map[*ast.ImportSpec]bool{}
	maps.Copy(c.gone, f.gone)
	return &c
}

// declaresOneOf reports whether a file declares, for its package, what one of the identifiers may
// stand for.
func (f *file) declaresOneOf(unresolved []*ast.Ident) bool {
	return slices.ContainsFunc(unresolved, func(id *ast.Ident) bool {
		object := f.ast.Scope.Lookup(id.Name)
		return object != nil && object.Kind != ast.Bad
	})
}

// takeOut takes out what the compiler complains about at a line, and returns the names that are gone
// with it.
func (f *file) takeOut(line int, complaint string) (names []string) {
	for _, decl := range f.ast.Decls {
		if !f.covers(decl, line) {
			continue
		}
		d, ok := decl.(*ast.GenDecl)
		if !ok {
			return f.drop(decl)
		}
		for _, spec := range d.Specs {
			if !f.covers(spec, line) {
				continue
			}
			if i, ok := spec.(*ast.ImportSpec); ok && strings.Contains(complaint, "not used") {
				f.unused[i] = true
				return nil
			}
			if d.Lparen.IsValid() && d.Tok != token.CONST {
				return f.drop(spec)
			}
		}
		return f.drop(decl)
	}
	return nil
}

func (f *file) covers(n ast.Node, line int) bool {
	return f.fset.Position(n.Pos()).Line <= line && line <= f.fset.Position(n.End()).Line
}

// drop takes out a declaration.
func (f *file) drop(n ast.Node) (names []string) {
	if f.gone[n] {
		return nil
	}
	f.gone[n] = true
	switch n := n.(type) {
	case *ast.FuncDecl:
		if n.Recv == nil {
			names = append(names, n.Name.Name)
		}
	case *ast.TypeSpec:
		names = append(names, n.Name.Name)
	case *ast.ValueSpec:
		for _, name := range n.Names {
			names = append(names, name.Name)
		}
	case *ast.GenDecl:
		for _, spec := range n.Specs {
			names = append(names, f.drop(spec)...)
		}
	}
	return names
}

// led is the text of a file without what was taken out, with imports led elsewhere.
func (f *file) led(lead func(path string) string) []byte {
	text := slices.Clone(f.text)
	for n := range f.gone {
		for i := f.offset(n.Pos()); i < f.offset(n.End()); i++ {
			if _, ok := n.(*ast.ImportSpec); !ok && text[i] != '\n' {
				text[i] = ' '
			}
		}
	}
	for _, spec := range slices.Backward(f.ast.Imports) {
		to := strconv.Quote(lead(importPath(spec)))
		name := ""
		if spec.Name != nil {
			name = spec.Name.Name + " "
		}
		switch {
		case f.gone[spec]:
			name, to = "_ ", `"unsafe"`
		case f.unused[spec]:
			name = "_ "
		}
		text = slices.Concat(text[:f.offset(spec.Pos())], []byte(name+to), text[f.offset(spec.End()):])
	}
	return text
}

func (f *file) offset(p token.Pos) int { return f.fset.Position(p).Offset }
