// Package uses finds the instantiations of generic functions of stubs in the code of a program.
package uses

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/loadgo/load/internal/regular"
	"github.com/loadgo/load/internal/stubgen"
)

// Use is an instantiation in the code of a program.
type Use struct {
	Module string   // what the stub loads
	Along  []string // and with it
	Symbol string   // "Uniq[int]"
}

// String is how load get is asked for it.
func (u Use) String() string {
	text := ""
	for _, name := range u.Along {
		text += "-with " + name + " "
	}
	return text + "'" + u.Module + "#" + u.Symbol + "'"
}

// listed is a package as go list describes it.
type listed struct {
	ImportPath, Dir, Export string
	GoFiles                 []string
	DepOnly                 bool
	Error                   *struct{ Err string }
}

// maxFile is the largest source file that is read.
const maxFile = 64 << 20

// Find type-checks the packages that the patterns of the go command name, in the directory dir, and
// lists the instantiations that they use, sorted.
func Find(ctx context.Context, goCommand, dir string, patterns []string) ([]Use, error) {
	packages, err := list(ctx, goCommand, dir, patterns)
	if err != nil {
		return nil, err
	}
	f := &finder{packages: packages, stubs: map[string]*stubOf{}, fset: token.NewFileSet()}
	f.importer = importer.ForCompiler(f.fset, "gc", func(path string) (io.ReadCloser, error) {
		p := packages[path]
		if p == nil || p.Export == "" {
			return nil, fmt.Errorf("%s was not compiled", path)
		}
		data, err := regular.Read(p.Export, 1<<30)
		return io.NopCloser(bytes.NewReader(data)), err
	})
	for _, p := range packages {
		if !p.DepOnly {
			if err := f.check(p); err != nil {
				return nil, err
			}
		}
	}
	slices.SortFunc(f.uses, func(a, b Use) int { return strings.Compare(a.String(), b.String()) })
	return slices.CompactFunc(f.uses, func(a, b Use) bool { return a.String() == b.String() }), nil
}

// list runs go list, which compiles what the packages import.
func list(ctx context.Context, goCommand, dir string, patterns []string) (map[string]*listed, error) {
	args := append([]string{"list", "-export", "-deps", "-json=ImportPath,Dir,Export,GoFiles,DepOnly,Error", "--"}, patterns...)
	cmd := exec.CommandContext(ctx, goCommand, args...)
	cmd.Dir = dir
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%w: %s", err, strings.TrimSpace(errs.String()))
	}
	packages := map[string]*listed{}
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		p := &listed{}
		switch err := d.Decode(p); {
		case errors.Is(err, io.EOF):
			return packages, nil
		case err != nil:
			return nil, fmt.Errorf("go list: %w", err)
		case p.Error != nil:
			return nil, errors.New(p.Error.Err)
		}
		packages[p.ImportPath] = p
	}
}

type finder struct {
	packages map[string]*listed
	stubs    map[string]*stubOf // by import path; nil for what is none
	fset     *token.FileSet
	importer types.Importer
	uses     []Use
}

// check type-checks a package, and notes what it instantiates.
func (f *finder) check(p *listed) error {
	files, err := f.parse(p)
	if err != nil {
		return err
	}
	info := &types.Info{Instances: map[*ast.Ident]types.Instance{}, Uses: map[*ast.Ident]types.Object{}}
	config := types.Config{Importer: f.importer}
	if _, err := config.Check(p.ImportPath, f.fset, files, info); err != nil {
		return err
	}
	for ident, instance := range info.Instances {
		obj, ok := info.Uses[ident].(*types.Func)
		if !ok || obj.Pkg() == nil {
			continue
		}
		of, err := f.stub(obj.Pkg().Path())
		if err != nil {
			return err
		}
		if symbol, ok := of.generics[obj.Name()]; of.module != "" && ok {
			if err := f.note(of, symbol, of.constraints[obj.Name()], instance.TypeArgs); err != nil {
				return err
			}
		}
	}
	return nil
}

func (f *finder) parse(p *listed) (files []*ast.File, err error) {
	for _, name := range p.GoFiles {
		path := filepath.Join(p.Dir, name)
		text, err := regular.Read(path, maxFile)
		if err != nil {
			return nil, err
		}
		file, err := parser.ParseFile(f.fset, path, text, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		files = append(files, file)
	}
	return files, nil
}

// note notes an instantiation, unless it has the type parameters of a generic function around it.
func (f *finder) note(of *stubOf, symbol string, constraints []string, args *types.TypeList) error {
	texts := make([]string, args.Len())
	for i := range texts {
		if _, parameter := types.Unalias(args.At(i)).(*types.TypeParam); !parameter && i < len(constraints) && constraints[i] != "" {
			own, err := f.isOwn(of, args.At(i))
			if err != nil {
				return err
			}
			if texts[i] = constraints[i]; !own {
				continue
			}
		}
		text, err := f.spell(of, args.At(i))
		if err != nil || text == "" {
			return err
		}
		texts[i] = text
	}
	f.uses = append(f.uses, Use{of.module, of.along, of.prefix + symbol + "[" + strings.Join(texts, ", ") + "]"})
	return nil
}

// stubOf is what the code of a stub says.
type stubOf struct {
	module, prefix string
	along          []string
	generics       map[string]string   // names of generic functions here → in the module
	constraints    map[string][]string // of these: the interfaces that their type arguments implement
}

// stub reads the code of a package, which need not be a stub.
func (f *finder) stub(path string) (*stubOf, error) {
	if known, ok := f.stubs[path]; ok {
		return known, nil
	}
	of := &stubOf{generics: map[string]string{}, constraints: map[string][]string{}}
	f.stubs[path] = of
	p := f.packages[path]
	if p == nil || len(p.GoFiles) != 1 {
		return of, nil
	}
	text, err := regular.Read(filepath.Join(p.Dir, p.GoFiles[0]), maxFile)
	if err != nil || !bytes.HasPrefix(text, []byte(stubgen.Header+"\n")) {
		return of, err
	}
	files, err := f.parse(p)
	if err != nil {
		return of, err
	}
	of.read(files[0])
	for _, spec := range files[0].Imports {
		if path, _ := strconv.Unquote(spec.Path.Value); strings.HasSuffix(path, stubgen.SharedPath) && f.packages[path] != nil {
			shared, err := f.parse(f.packages[path])
			if err != nil {
				return of, err
			}
			of.read(shared[0])
		}
	}
	return of, nil
}

// read takes what a stub loads, and its generic functions, from a file.
func (s *stubOf) read(file *ast.File) {
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CompositeLit:
			switch types.ExprString(n.Type) {
			case "stub.Module":
				s.module, s.along = textOf(n, "Name"), textsOf(n, "Along")
			case "stub.Package":
				s.prefix = textOf(n, "Prefix")
			}
		case *ast.FuncDecl:
			if n.Type.TypeParams == nil || n.Recv != nil || n.Body == nil {
				return true
			}
			ast.Inspect(n.Body, func(inner ast.Node) bool {
				if call, ok := inner.(*ast.CallExpr); ok && len(call.Args) > 1 && strings.HasPrefix(types.ExprString(call.Fun), "stub.Generic[") {
					s.generics[n.Name.Name] = literal(call.Args[1])
					for _, constraint := range call.Args[2:] {
						s.constraints[n.Name.Name] = append(s.constraints[n.Name.Name], literal(constraint))
					}
				}
				return true
			})
		}
		return true
	})
}

func field(lit *ast.CompositeLit, name string) ast.Expr {
	for _, e := range lit.Elts {
		if kv, ok := e.(*ast.KeyValueExpr); ok && types.ExprString(kv.Key) == name {
			return kv.Value
		}
	}
	return nil
}

func textOf(lit *ast.CompositeLit, name string) string { return literal(field(lit, name)) }

func textsOf(lit *ast.CompositeLit, name string) (texts []string) {
	if list, ok := field(lit, name).(*ast.CompositeLit); ok {
		for _, e := range list.Elts {
			texts = append(texts, literal(e))
		}
	}
	return texts
}

func literal(e ast.Expr) string {
	if lit, ok := e.(*ast.BasicLit); ok {
		text, _ := strconv.Unquote(lit.Value)
		return text
	}
	return ""
}
