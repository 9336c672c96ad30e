package build

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/format"
	"go/token"
	"go/types"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/internal/goglue/build/workspace"
	"github.com/loadgo/load/internal/snippet"
	"github.com/loadgo/load/internal/spelling"
)

// An expression becomes the only function of a small package beside the module's own, which is one
// of its companions. The type checker judges the code as the user wrote it, in the scope that the
// code sees; only then it is written down as a package: what it names without a package's name gets
// one, and the function gets the types of its results.

// expressionPath is the import path of the package.
const expressionPath = workspace.GlueModule + "/expression"

// addExpression makes the package of the expression.
func (b *build) addExpression(ctx context.Context, m *parts, listed map[string]*workspace.Package, importPackage func(string) (*types.Package, error)) error {
	if b.Src.Go.Expression == "" {
		return nil
	}
	source, err := m.expression(b.Src.Go.Expression)
	var wrong *engine.ExpressionError
	if errors.As(err, &wrong) {
		wrong.Message = b.Clean(wrong.Message)
	}
	if err != nil {
		return err
	}
	file := filepath.Join(b.Work, "expression", "expression.go")
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(file, source, 0o600); err != nil {
		return err
	}
	more, err := b.ListDeps(ctx, expressionPath)
	if err != nil {
		return err
	}
	if err := b.Check(more[expressionPath], more); err != nil {
		return err
	}
	maps.Copy(listed, more)
	pkg, err := importPackage(expressionPath)
	if err != nil {
		return err
	}
	name, _, _ := strings.Cut(find.ExpressionSymbol, ".")
	if slices.ContainsFunc(m.companions, func(c part) bool { return c.name == name }) {
		return &engine.CompileError{Reason: "a companion is named " + name + ", as the package of the expression is", Fix: "give it an alias, as in " + name + "2=PATH"}
	}
	m.companions = append(m.companions, part{name: name, pkg: pkg})
	return nil
}

// expression writes the package of an expression.
func (m *parts) expression(text string) ([]byte, error) {
	code, err := snippet.Parse(m.fset, text)
	if err != nil {
		return nil, err
	}
	c := &expression{Snippet: code, scope: m.scope()}
	results, err := c.check()
	if err != nil {
		return nil, err
	}
	return c.write(newDescriber(m.packages()), results)
}

// expression is code whose types are known.
type expression struct {
	*snippet.Snippet
	scope *types.Package
	info  *types.Info
}

// use is the function in the scope that takes the values of the last expression. Nobody can write
// its name.
const use = "·use"

// check finds the types of the results.
func (c *expression) check() ([]types.Type, error) {
	values := types.NewSlice(types.Universe.Lookup("any").Type())
	params := types.NewTuple(types.NewParam(token.NoPos, c.scope, "", values))
	c.scope.Scope().Insert(types.NewFunc(token.NoPos, c.scope, use, types.NewSignatureType(nil, nil, nil, params, nil, true)))
	given := c.Results()
	if given == nil {
		return nil, c.checkBody(c.List)
	}
	var plain error
	last, isStatement := c.List[len(c.List)-1].(*ast.ExprStmt)
	if isStatement {
		if _, call := ast.Unparen(last.X).(*ast.CallExpr); call {
			if plain = c.checkBody(c.List); plain == nil && c.info.Types[last.X].IsVoid() {
				return nil, nil // a call that returns nothing
			}
		}
	}
	used := &ast.CallExpr{Fun: &ast.Ident{NamePos: given[0].Pos(), Name: use}, Lparen: given[0].Pos(), Args: given, Rparen: given[len(given)-1].End()}
	if err := c.checkBody(append(slices.Clone(c.List[:len(c.List)-1]), &ast.ExprStmt{X: used})); err != nil {
		if plain != nil && !strings.HasSuffix(plain.Error(), " is not used") {
			return nil, plain // knows nothing of use
		}
		return nil, err
	}
	var results []types.Type
	for _, x := range given {
		tuple, ok := c.info.Types[x].Type.(*types.Tuple)
		if !ok {
			results = append(results, types.Default(c.info.Types[x].Type))
			continue
		}
		for v := range tuple.Variables() {
			results = append(results, v.Type())
		}
	}
	return results, nil
}

// checkBody lets the compiler's rules judge the code as the body of a function.
func (c *expression) checkBody(list []ast.Stmt) error {
	c.info = &types.Info{Types: map[ast.Expr]types.TypeAndValue{}, Uses: map[*ast.Ident]types.Object{}, Defs: map[*ast.Ident]types.Object{}}
	body := &ast.FuncLit{Type: &ast.FuncType{Params: &ast.FieldList{}}, Body: &ast.BlockStmt{List: list}}
	if len(c.List) > 0 {
		body.Type.Func, body.Body.Lbrace, body.Body.Rbrace = c.List[0].Pos(), c.List[0].Pos(), c.List[len(c.List)-1].End()
	}
	err := types.CheckExpr(c.Files, c.scope, token.NoPos, body, c.info)
	var wrong types.Error
	if !errors.As(err, &wrong) {
		return err
	}
	message := wrong.Msg
	if name, ok := strings.CutPrefix(message, "undefined: "); ok {
		message += c.near(name)
	}
	return c.Fail(wrong.Pos, message)
}

// near says which name may have been meant.
func (c *expression) near(name string) string {
	if slices.Contains(c.Packages(), name) {
		return "\n\tname the import path of the package that you mean by load.Along, or by -with in the command"
	}
	in, prefix := c.scope.Scope(), ""
	if qualifier, _, ok := strings.Cut(name, "."); ok {
		if pkg, ok := in.Lookup(qualifier).(*types.PkgName); ok {
			in, prefix = pkg.Imported().Scope(), qualifier+"."
		}
	}
	near := spelling.Near(name, func(yield func(string) bool) {
		for _, known := range in.Names() {
			if obj := in.Lookup(known); obj.Exported() && !yield(prefix+known) {
				return
			}
		}
	}, 1)
	if len(near) == 0 {
		return ""
	}
	return " (did you mean " + near[0] + "?)"
}

// write writes the package down.
func (c *expression) write(d *describer, results []types.Type) ([]byte, error) {
	g := &generator{describer: d, imports: map[string]string{}}
	c.qualify(g)
	list := make([]string, len(results))
	for i, t := range results {
		list[i] = "any" // what cannot be named
		if d.nameable(t) {
			list[i] = g.spell(t)
		}
	}
	statements := slices.Clone(c.List)
	if len(results) > 0 {
		statements[len(statements)-1] = &ast.ReturnStmt{Results: c.Results()}
	}
	var body bytes.Buffer
	if err := format.Node(&body, c.Files, statements); err != nil {
		return nil, fmt.Errorf("writing the expression: %w", err)
	}
	pkg, function, _ := strings.Cut(find.ExpressionSymbol, ".")
	var file bytes.Buffer
	fmt.Fprintf(&file, "package %s\n\nimport (\n", pkg)
	for _, path := range slices.Sorted(maps.Keys(g.imports)) {
		fmt.Fprintf(&file, "\t%s %q\n", g.imports[path], path)
	}
	fmt.Fprintf(&file, ")\n\n// %s is what was written.\nfunc %s() (%s) {\n%s\n}\n", function, function, strings.Join(list, ", "), body.Bytes())
	return file.Bytes(), nil
}

// qualify imports the packages that the code names, and puts the name of the module's own package
// before what the code names without one.
func (c *expression) qualify(g *generator) {
	taken := map[string]bool{}
	selected := map[*ast.Ident]bool{}
	for _, stmt := range c.List {
		ast.Inspect(stmt, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.Ident:
				taken[n.Name] = true
			case *ast.SelectorExpr:
				selected[n.Sel] = true
			}
			return true
		})
	}
	own := "module"
	for taken[own] {
		own += "_"
	}
	for ident, obj := range c.info.Uses {
		if pkg, ok := obj.(*types.PkgName); ok {
			if pkg.Imported() == g.pkg { // by the name that it has besides
				ident.Name = own
			} else {
				g.imports[pkg.Imported().Path()] = pkg.Name()
			}
		}
	}
	for ident, obj := range c.info.Uses {
		_, isPackage := obj.(*types.PkgName)
		if isPackage && ident.Name == own || obj.Pkg() == g.pkg && obj.Parent() == g.pkg.Scope() && !selected[ident] {
			g.imports[g.pkg.Path()] = own
			if !isPackage {
				ident.Name = own + "." + ident.Name
			}
		}
	}
}
