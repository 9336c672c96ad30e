package stubgen

import (
	"errors"
	"go/ast"
	gobuild "go/build"
	"go/parser"
	"go/token"
	"go/types"
	"slices"
	"strconv"
	"strings"

	"github.com/loadgo/load/internal/goglue/build"
)

// source is a package that was read.
type source struct {
	build.Package
	pkg          *types.Package
	version, sum string
	imports      map[string]string            // of the file that is read: name → path
	docs         map[string]*ast.CommentGroup // "Name", "Type.Method" or "Type.Field"
	texts        map[string]string            // of variables that errors.New makes of a constant
	same         map[string]string            // of variables that are an error of the standard library: "io/fs.ErrNotExist"
	initialised  map[string]bool              // variables that are declared with a value
	assigned     map[string]bool              // variables that code assigns to
	methods      map[string]*ast.FuncDecl     // "Type.Method"
	// adapters are the interfaces of other packages of the standard library whose values the module
	// gives.
	adapters map[string]*types.Named
	// elsewhere is the same package as other machines compile it, to see which constants differ.
	elsewhere []*types.Package
}

// targets are machines that differ in their system and in the size of an int.
var targets = [][2]string{{"linux", "amd64"}, {"windows", "386"}}

// read parses the package's files.
func read(p build.Package, importer types.Importer) (*source, error) {
	s := &source{Package: p, pkg: p.Types, docs: map[string]*ast.CommentGroup{}, texts: map[string]string{}, same: map[string]string{}, initialised: map[string]bool{}, assigned: map[string]bool{}, methods: map[string]*ast.FuncDecl{}, adapters: map[string]*types.Named{}}
	fset := token.NewFileSet()
	files := make([]*ast.File, len(p.Files))
	for i, name := range p.Files {
		file, err := parser.ParseFile(fset, p.Source(name), nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		s.imports = fileImports(file)
		s.readFile(file)
		files[i] = file
	}
	for _, file := range files {
		s.noteChanges(file)
	}
	for _, target := range targets {
		s.elsewhere = append(s.elsewhere, readElsewhere(p, importer, target[0], target[1]))
	}
	return s, nil
}

// readElsewhere checks the package's files for another machine, as a module is built: without cgo.
// What does not compile there is missing.
func readElsewhere(p build.Package, importer types.Importer, goos, goarch string) *types.Package {
	build := gobuild.Default
	build.GOOS, build.GOARCH, build.CgoEnabled = goos, goarch, false
	none := types.NewPackage(p.Types.Path(), p.Types.Name())
	dir, err := build.ImportDir(p.Dir, 0)
	if err != nil {
		return none
	}
	fset := token.NewFileSet()
	var files []*ast.File
	for _, name := range dir.GoFiles {
		file, err := parser.ParseFile(fset, p.Source(name), nil, parser.SkipObjectResolution)
		if err != nil {
			return none
		}
		files = append(files, file)
	}
	config := types.Config{
		IgnoreFuncBodies: true,
		Sizes:            types.SizesFor("gc", goarch),
		Error:            func(error) {},
		Importer:         sameEverywhere{importer},
	}
	pkg, _ := config.Check(p.Types.Path(), fset, files, nil)
	if pkg == nil {
		return none
	}
	return pkg
}

// sameEverywhere imports the packages of the standard library whose constants are the same on all
// machines, without those that are not.
type sameEverywhere struct{ types.Importer }

// differing are the constants of packages of the standard library that differ between machines; nil
// is for all of them.
var differing = map[string][]string{
	"math": {"MaxInt", "MaxUint", "MinInt"}, "math/bits": {"UintSize"}, "strconv": {"IntSize"},
	"go/build": nil, "os": nil, "path/filepath": nil, "runtime": nil, "syscall": nil,
}

var errDiffers = errors.New("it may differ between machines")

func (i sameEverywhere) Import(path string) (*types.Package, error) {
	names, differs := differing[path]
	if !isStandard(path) || strings.Contains("/"+path+"/", "/internal/") || differs && names == nil {
		return nil, errDiffers
	}
	pkg, err := i.Importer.Import(path)
	if err != nil || !differs {
		return pkg, err
	}
	same := types.NewPackage(path, pkg.Name())
	for _, name := range pkg.Scope().Names() {
		if !slices.Contains(names, name) {
			same.Scope().Insert(pkg.Scope().Lookup(name))
		}
	}
	same.MarkComplete()
	return same, nil
}

// readFile notes the comments of a file, and the texts of its errors.
func (s *source) readFile(file *ast.File) {
	for _, decl := range file.Decls {
		switch d := decl.(type) {
		case *ast.FuncDecl:
			name := d.Name.Name
			if d.Recv != nil && len(d.Recv.List) == 1 {
				name = receiverName(d.Recv.List[0].Type) + "." + name
				s.methods[name] = d
			}
			s.docs[name] = d.Doc
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				switch v := spec.(type) {
				case *ast.ValueSpec:
					s.readValue(d, v)
				case *ast.TypeSpec:
					s.docs[v.Name.Name] = v.Doc
					if v.Doc == nil && !d.Lparen.IsValid() {
						s.docs[v.Name.Name] = d.Doc
					}
					s.readParts(v)
				}
			}
		}
	}
}

// fileImports lists what the packages that a file imports go by, as far as the file says it or
// their paths do.
func fileImports(file *ast.File) map[string]string {
	imports := map[string]string{}
	for _, spec := range file.Imports {
		path, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			continue
		}
		name := path[strings.LastIndexByte(path, '/')+1:]
		if spec.Name != nil {
			name = spec.Name.Name
		}
		imports[name] = path
	}
	return imports
}

func (s *source) readValue(d *ast.GenDecl, v *ast.ValueSpec) {
	for i, name := range v.Names {
		s.docs[name.Name] = v.Doc
		if v.Doc == nil && !d.Lparen.IsValid() {
			s.docs[name.Name] = d.Doc
		}
		if v.Doc == nil && v.Comment != nil {
			s.docs[name.Name] = v.Comment
		}
		s.initialised[name.Name] = len(v.Values) > 0
		if len(v.Values) != len(v.Names) {
			continue
		}
		if other, ok := v.Values[i].(*ast.SelectorExpr); ok {
			path := s.imports[types.ExprString(other.X)]
			if slices.Contains(standardErrors(path), other.Sel.Name) {
				s.same[name.Name] = path + "." + other.Sel.Name
			}
		}
		call, ok := v.Values[i].(*ast.CallExpr)
		if !ok || len(call.Args) != 1 || !slices.Contains([]string{"errors.New", "fmt.Errorf", "xerrors.New"}, types.ExprString(call.Fun)) {
			continue
		}
		text, ok := literalText(call.Args[0])
		if ok && (types.ExprString(call.Fun) == "errors.New" || !strings.Contains(text, "%")) {
			s.texts[name.Name] = text
		}
	}
}

// literalText is the value of a constant expression of literals.
func literalText(e ast.Expr) (string, bool) {
	value, err := types.Eval(token.NewFileSet(), nil, token.NoPos, types.ExprString(e))
	if err != nil || value.Value == nil {
		return "", false
	}
	return stringValue(value.Value)
}

// readParts notes the comments of fields and of methods of an interface.
func (s *source) readParts(spec *ast.TypeSpec) {
	var list *ast.FieldList
	switch t := spec.Type.(type) {
	case *ast.StructType:
		list = t.Fields
	case *ast.InterfaceType:
		list = t.Methods
	default:
		return
	}
	for _, f := range list.List {
		for _, name := range f.Names {
			s.docs[spec.Name.Name+"."+name.Name] = f.Doc
			if f.Doc == nil {
				s.docs[spec.Name.Name+"."+name.Name] = f.Comment
			}
		}
	}
}

func receiverName(e ast.Expr) string {
	for {
		switch t := e.(type) {
		case *ast.StarExpr:
			e = t.X
		case *ast.ParenExpr:
			e = t.X
		case *ast.IndexExpr:
			e = t.X
		case *ast.IndexListExpr:
			e = t.X
		case *ast.Ident:
			return t.Name
		default:
			return ""
		}
	}
}
