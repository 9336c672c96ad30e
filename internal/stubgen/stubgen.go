// Package stubgen writes Go packages that have the API of another one and load it when they are
// used.
package stubgen

import (
	"cmp"
	"errors"
	"fmt"
	"go/ast"
	"go/build"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"path/filepath"
	"slices"
	"strings"
)

// Input is the package to write a stub of.
type Input struct {
	Path    string // what the original is imported by
	Name    string // what the stub loads: Path, with a version where one was asked for
	Version string // what it was generated from
	Sum     string // of the module, "" for the standard library
	Dir     string // of its files
}

// Output is a generated package.
type Output struct {
	Package string            // its name
	Files   map[string][]byte // by file name
	Left    []Omission        // what was left out, sorted by name
}

// Omission is an exported name that the stub does not have.
type Omission struct{ Name, Reason string }

func (o Omission) String() string { return o.Name + ": " + o.Reason }

// source is a package that was read.
type source struct {
	Input
	pkg  *types.Package
	docs map[string]*ast.CommentGroup // of functions and constants, by name
	// elsewhere is the same package as other machines compile it, to see which constants differ.
	elsewhere []*types.Package
}

// targets are machines that differ in their system and in the size of an int.
var targets = [][2]string{{"linux", "amd64"}, {"windows", "386"}}

// Generate writes the stub of a package. What it cannot write faithfully it leaves out.
func Generate(in Input) (*Output, error) {
	s, err := read(in, build.Default.GOOS, build.Default.GOARCH)
	if err != nil {
		return nil, err
	}
	for _, target := range targets {
		other, err := read(in, target[0], target[1])
		if err != nil {
			other = &source{pkg: types.NewPackage(in.Path, s.pkg.Name())}
		}
		s.elsewhere = append(s.elsewhere, other.pkg)
	}
	w := &writer{source: s, imports: map[string]bool{}}
	names := s.pkg.Scope().Names()
	slices.SortFunc(names, cmp.Compare)
	exported := 0
	for _, name := range names {
		if !token.IsExported(name) {
			continue
		}
		exported++
		if reason := w.object(s.pkg.Scope().Lookup(name)); reason != "" {
			w.left = append(w.left, Omission{name, reason})
		}
	}
	if exported == 0 {
		return nil, fmt.Errorf("%s has no exported names", in.Path)
	}
	files, err := w.files()
	if err != nil {
		return nil, err
	}
	return &Output{s.pkg.Name(), files, w.left}, nil
}

// read parses and checks the package's files for a machine, as a module is built: without cgo.
func read(in Input, goos, goarch string) (*source, error) {
	if slices.Contains(strings.Split(in.Path, "/"), "internal") {
		return nil, fmt.Errorf("%s is internal: only packages beside it may import it", in.Path)
	}
	build := build.Default
	build.GOOS, build.GOARCH, build.CgoEnabled = goos, goarch, false
	dir, err := build.ImportDir(in.Dir, 0)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", in.Path, err)
	}
	if dir.Name == "main" {
		return nil, fmt.Errorf("%s is a program: nothing can import it", in.Path)
	}
	fset := token.NewFileSet()
	s := &source{Input: in, docs: map[string]*ast.CommentGroup{}}
	var files []*ast.File
	for _, name := range dir.GoFiles {
		file, err := parser.ParseFile(fset, filepath.Join(in.Dir, name), nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		files = append(files, file)
		s.readDocs(file)
	}
	// What is imported from elsewhere is not read; types that need it are invalid, and left out.
	config := types.Config{
		IgnoreFuncBodies: true,
		Sizes:            types.SizesFor("gc", goarch),
		Error:            func(error) {},
		Importer:         carriers{importer.ForCompiler(fset, "source", nil)},
	}
	if s.pkg, err = config.Check(in.Path, fset, files, nil); s.pkg == nil {
		return nil, err
	}
	return s, nil
}

// carriers imports the packages whose types cross as themselves.
type carriers struct{ types.Importer }

var errNotCarried = errors.New("its types do not cross as themselves")

func (c carriers) Import(path string) (*types.Package, error) {
	if slices.Contains([]string{"context", "io", "time"}, path) {
		return c.Importer.Import(path)
	}
	return nil, errNotCarried
}

// readDocs notes the comments of a file's functions and constants.
func (s *source) readDocs(file *ast.File) {
	for _, decl := range file.Decls {
		switch d := decl.(type) {
		case *ast.FuncDecl:
			if d.Recv == nil {
				s.docs[d.Name.Name] = d.Doc
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				if v, ok := spec.(*ast.ValueSpec); ok {
					for _, name := range v.Names {
						doc := v.Doc
						if doc == nil && !d.Lparen.IsValid() {
							doc = d.Doc
						}
						s.docs[name.Name] = doc
					}
				}
			}
		}
	}
}
