package build

import (
	"errors"
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/internal/goglue/api"
	"github.com/loadgo/load/internal/importgraph"
	"github.com/loadgo/load/internal/instantiation"
	"github.com/loadgo/load/internal/spelling"
)

// instance is an instantiation of a generic symbol.
type instance struct {
	name    string       // as the host knows it: "Uniq[int]"
	generic types.Object // the function or type
	typ     types.Type   // what it is with these arguments
	args    []types.Type // all of them, those that were inferred too
}

// readInstances reads the instantiations that are asked for, and finds the standard packages that
// they name.
func (b *build) readInstances() error {
	qualifiers := map[string]bool{}
	for _, text := range b.Src.Go.Instances {
		name, err := instantiation.Parse(text)
		if err != nil {
			return &engine.SymbolError{Symbol: text, Reason: err.Error()}
		}
		b.instances = append(b.instances, name)
		eachName(name.Expr, func(qualifier, _ *ast.Ident) {
			if qualifier != nil {
				qualifiers[qualifier.Name] = true
			}
		})
	}
	for _, name := range slices.Sorted(maps.Keys(qualifiers)) {
		b.candidates[name] = standardNamed(b.Toolchain.Root, name)
		if len(b.candidates[name]) == 1 {
			b.standard = append(b.standard, b.candidates[name][0])
		}
	}
	return nil
}

// standardNamed lists the importable packages of the standard library whose path ends in a name.
func standardNamed(goroot, name string) []string {
	var found []string
	src := filepath.Join(goroot, "src")
	_ = fs.WalkDir(os.DirFS(src), ".", func(dir string, d fs.DirEntry, err error) error {
		switch base := path.Base(dir); {
		case err != nil || !d.IsDir():
			return nil
		case base == "internal" || base == "vendor" || base == "testdata" || dir == "cmd" || dir == "builtin":
			return fs.SkipDir
		case base == name && importgraph.HasGoFiles(filepath.Join(src, filepath.FromSlash(dir))):
			found = append(found, dir)
		}
		return nil
	})
	return found
}

// eachName calls f with every name of a type expression that has to mean something: with its
// qualifier, or nil.
func eachName(x ast.Node, f func(qualifier, name *ast.Ident)) {
	ast.Inspect(x, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			if qualifier, ok := n.X.(*ast.Ident); ok {
				f(qualifier, n.Sel)
			}
			return false
		case *ast.Field: // its own name means nothing
			eachName(n.Type, f)
			return false
		case *ast.Ident:
			f(nil, n)
		}
		return true
	})
}

// instantiate finds out what the instantiations are, by the compiler's rules and in its words.
func (b *build) instantiate(m *parts) ([]instance, error) {
	scope := m.scope()
	var all []instance
	for _, name := range b.instances {
		if err := b.checkNames(name, scope); err != nil {
			return nil, err
		}
		in, err := m.instantiate(name, scope)
		var wrong types.Error
		if errors.As(err, &wrong) {
			err = errors.New(wrong.Msg)
		}
		if err != nil {
			return nil, &engine.CompileError{Reason: name.Text + " does not compile", Output: b.Clean(err.Error())}
		}
		all = append(all, in)
	}
	return all, nil
}

// instantiate checks one instantiation. Type arguments that the compiler would infer from how the
// function is used are not known here; see complete.
func (m *parts) instantiate(name instantiation.Name, scope *types.Package) (instance, error) {
	in, err := m.check(name, name.Expr, scope)
	sig, isFunc := in.generic.Type().(*types.Signature)
	if err == nil || !isFunc {
		return in, err
	}
	completed, argErr := m.complete(sig.TypeParams(), name, scope)
	switch {
	case argErr != nil:
		return in, argErr
	case completed == nil:
		return in, err
	}
	return m.check(name, completed, scope)
}

// check lets the compiler's rules judge an instantiation, written as x.
func (m *parts) check(name instantiation.Name, x ast.Expr, scope *types.Package) (instance, error) {
	ident, generic := lookupGeneric(name, scope)
	in := instance{name: name.Text, generic: generic}
	info := &types.Info{Instances: map[*ast.Ident]types.Instance{}}
	if err := types.CheckExpr(m.fset, scope, token.NoPos, x, info); err != nil {
		return in, err
	}
	made, ok := info.Instances[ident]
	if !ok {
		return in, errors.New(name.Symbol + " is not generic")
	}
	in.typ, in.args = made.Type, slices.Collect(made.TypeArgs.Types())
	return in, nil
}

// scope declares what an instantiation can name: the exported names of the module's own package,
// and packages by name, companions before the module's own and both before standard ones.
func (m *parts) scope() *types.Package {
	scope := types.NewPackage("module", m.main.pkg.Name())
	for _, name := range m.main.pkg.Scope().Names() {
		if obj := m.main.pkg.Scope().Lookup(name); obj.Exported() {
			scope.Scope().Insert(obj)
		}
	}
	name := func(name string, pkg *types.Package) {
		scope.Scope().Insert(types.NewPkgName(token.NoPos, scope, name, pkg))
	}
	for _, c := range m.companions {
		name(c.name, c.pkg)
	}
	name(m.main.pkg.Name(), m.main.pkg)
	for qualifier, pkg := range m.standard {
		name(qualifier, pkg)
	}
	return scope
}

// lookupGeneric looks up what an instantiation instantiates.
func lookupGeneric(name instantiation.Name, scope *types.Package) (*ast.Ident, types.Object) {
	x, _ := instantiation.Split(name.Expr)
	if selector, ok := x.(*ast.SelectorExpr); ok {
		pkg := scope.Scope().Lookup(name.Package).(*types.PkgName)
		return selector.Sel, pkg.Imported().Scope().Lookup(selector.Sel.Name)
	}
	ident := x.(*ast.Ident)
	return ident, scope.Scope().Lookup(ident.Name)
}

// checkNames reports names that mean nothing, with those that are spelled alike.
func (b *build) checkNames(name instantiation.Name, scope *types.Package) (err error) {
	unknown := func(symbol, prefix string, in *types.Scope) {
		names := slices.Collect(func(yield func(string) bool) {
			for _, n := range in.Names() {
				if token.IsExported(n) && !yield(prefix+n) {
					return
				}
			}
		})
		err = &engine.SymbolError{Symbol: symbol, NearMiss: spelling.Near(symbol, slices.Values(names), 3)}
	}
	eachName(name.Expr, func(qualifier, ident *ast.Ident) {
		if err != nil {
			return
		}
		if qualifier == nil {
			if scope.Scope().Lookup(ident.Name) == nil && types.Universe.Lookup(ident.Name) == nil {
				unknown(ident.Name, "", scope.Scope())
			}
			return
		}
		pkg, ok := scope.Scope().Lookup(qualifier.Name).(*types.PkgName)
		if !ok {
			reason := "no package is named " + qualifier.Name
			if candidates := b.candidates[qualifier.Name]; len(candidates) > 1 {
				reason = fmt.Sprintf("%s may be %s", qualifier.Name, strings.Join(candidates, " or "))
			}
			err = &engine.CompileError{
				Reason: name.Text + " does not compile: " + reason,
				Fix:    "name the import path that you mean by load.Along, or by -with in the command",
			}
			return
		}
		in := pkg.Imported().Scope()
		if obj := in.Lookup(ident.Name); obj == nil || !obj.Exported() {
			unknown(qualifier.Name+"."+ident.Name, qualifier.Name+".", in)
		}
	})
	return err
}

// instanceSymbol describes an instantiation.
func (d *describer) instanceSymbol(in instance, docs docs) api.Symbol {
	s := api.Symbol{Name: in.name, Doc: docs[d.symbolName(in.generic)]}
	for _, arg := range in.args {
		if !d.nameable(arg) {
			s.Limit = "its type argument " + qualified(arg) + " cannot be named by other packages"
		}
	}
	switch in.generic.(type) {
	case *types.Func:
		sig := in.typ.(*types.Signature)
		s.Kind = engine.KindFunc
		s.Text = "func " + in.name + strings.TrimPrefix(types.TypeString(sig, d.relative), "func")
		f := goFunc{form: formFunc, pkg: in.generic.Pkg(), name: in.generic.Name(), sig: sig, typeArgs: in.args}
		if s.Limit == "" {
			s.Limit = d.limit(f)
		}
		if s.Limit == "" {
			s.Func = d.function(f, 0)
		}
	default:
		s.Kind = engine.KindType
		t := types.Unalias(in.typ)
		s.Text = "type " + in.name + " " + types.TypeString(t.Underlying(), d.relative)
		if s.Limit == "" {
			d.describeType(&s, t)
		}
	}
	return s
}

// target writes the function or variable that a call is about.
func (g *generator) target(f goFunc) string {
	name := g.use(f.pkg.Path()) + "." + f.name
	if len(f.typeArgs) == 0 {
		return name
	}
	args := make([]string, len(f.typeArgs))
	for i, arg := range f.typeArgs {
		args[i] = g.spell(arg)
	}
	return name + "[" + strings.Join(args, ", ") + "]"
}
