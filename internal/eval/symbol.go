package eval

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"strings"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/internal/instantiation"
)

// symbol finds what a name stands for in the module: Name, pkg.Name of a companion, Name[T] of an
// instantiation.
func (e *evaluation) symbol(x ast.Expr) (engine.Symbol, bool) {
	name := ""
	switch x := ast.Unparen(x).(type) {
	case *ast.Ident:
		if _, own := e.vars[x.Name]; !own {
			name = x.Name
		}
	case *ast.SelectorExpr:
		if bare, ok := e.unqualified(x); ok {
			name = bare
		} else if qualifier, ok := x.X.(*ast.Ident); ok {
			if _, own := e.vars[qualifier.Name]; !own {
				name = qualifier.Name + "." + x.Sel.Name
			}
		}
	case *ast.IndexExpr, *ast.IndexListExpr:
		if instance, err := instantiation.Of(x); err == nil {
			name = instance.Text
			if instance.Package == e.name && e.name != "" {
				name = strings.TrimPrefix(name, e.name+".")
			}
		}
	}
	if name == "" {
		return engine.Symbol{}, false
	}
	return engine.FindSymbol(e.symbols, name)
}

// unqualified is the name that a name of the module has without the module's name before it.
func (e *evaluation) unqualified(x ast.Expr) (string, bool) {
	if selector, ok := x.(*ast.SelectorExpr); ok && e.name != "" {
		qualifier, ok := selector.X.(*ast.Ident)
		_, own := e.vars[e.name]
		return selector.Sel.Name, ok && qualifier.Name == e.name && !own
	}
	return "", false
}

// named evaluates a name that stands for a symbol.
func (e *evaluation) named(x ast.Expr, symbol engine.Symbol) operand {
	if symbol.Limit != "" && generic(symbol) {
		e.failAt(x.Pos(), nil, generically(symbol))
	}
	switch symbol.Kind {
	case engine.KindType:
		return e.namedType(symbol)
	case engine.KindFunc:
		return e.function(symbol)
	}
	return e.variable(x, symbol)
}

// generically says how a generic symbol is used.
func generically(symbol engine.Symbol) string {
	message := "cannot use " + symbol.Name + ": " + symbol.Limit
	if symbol.Kind == engine.KindFunc {
		message += "\n\t" + symbol.Signature
	}
	return message
}

// companion reports whether a name is that of a companion, or the module's own.
func (e *evaluation) companion(name string) bool {
	if name == e.name && name != "" {
		return true
	}
	for _, s := range e.symbols {
		if strings.HasPrefix(s.Name, name+".") {
			return true
		}
	}
	return false
}

// Instantiations lists the instantiations of generic symbols that the expression names, for the
// module to be built with. One that could as well be an element of a map or a slice, Table[Key], is
// listed where symbols has a generic symbol of its name. The module's own may have name before
// them.
func (x *Expr) Instantiations(name string, symbols []engine.Symbol) []string {
	own := func(text string) string { return strings.TrimPrefix(text, name+".") }
	if name == "" {
		own = func(text string) string { return text }
	}
	var found []string
	if x.root == nil {
		return nil
	}
	ast.Inspect(x.root, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.IndexExpr, *ast.IndexListExpr:
			instance, err := instantiation.Of(n.(ast.Expr))
			if err != nil || types.Universe.Lookup(instance.Symbol) != nil {
				return true
			}
			if !instance.Certain() {
				if symbol, ok := engine.FindSymbol(symbols, own(instance.Symbol)); !ok || !generic(symbol) {
					return true
				}
			}
			found = append(found, own(instance.Text))
			return false // what it is made of is part of it
		}
		return true
	})
	return found
}

// generic reports whether a symbol has type parameters.
func generic(symbol engine.Symbol) bool {
	switch decl := declarationOf(symbol).(type) {
	case *ast.FuncDecl:
		return decl.Type.TypeParams != nil
	case *ast.TypeSpec:
		return decl.TypeParams != nil
	}
	return false
}

// declarationOf parses the declaration of a symbol. What companions' symbols and instantiations go
// by is no name in a declaration.
func declarationOf(symbol engine.Symbol) ast.Node {
	text := symbol.Signature
	if symbol.Name != "" && !token.IsIdentifier(symbol.Name) {
		text = strings.Replace(text, " "+symbol.Name, " _", 1)
	}
	return declaration(text)
}

// notInstantiated explains type arguments that nothing was built with.
func (e *evaluation) notInstantiated(x ast.Expr) {
	_, args := instantiation.Split(x)
	if _, err := instantiation.Of(x); err != nil {
		e.fail(args[0], "invalid type arguments: %v", err)
	}
	e.fail(x, "the module is not built with %s", types.ExprString(x))
}

// undefinedType explains pkg.Name where a type must stand.
func (e *evaluation) undefinedType(x *ast.SelectorExpr) {
	if qualifier, ok := x.X.(*ast.Ident); ok && e.companion(qualifier.Name) {
		e.undefined(x)
	}
	e.fail(x, "undefined: %s (an expression has the names of its module and of its companions)", types.ExprString(x))
}

// companionScope holds the constants of a companion that were declared in pkg.
func companionScope(pkg *types.Package, name string) *types.Scope {
	if companion, ok := pkg.Scope().Lookup(name).(*types.PkgName); ok {
		return companion.Imported().Scope()
	}
	return types.NewScope(nil, token.NoPos, token.NoPos, "")
}

// declareCompanion declares a companion in pkg, once.
func declareCompanion(pkg *types.Package, name string) *types.Package {
	if companion, ok := pkg.Scope().Lookup(name).(*types.PkgName); ok {
		return companion.Imported()
	}
	companion := types.NewPackage(name, name)
	companion.MarkComplete()
	pkg.Scope().Insert(types.NewPkgName(token.NoPos, pkg, name, companion))
	return companion
}

// declaration parses a symbol's signature; it is nil where the signature is not a Go declaration.
func declaration(signature string) ast.Node {
	file, err := parser.ParseFile(token.NewFileSet(), "", "package p\n"+signature, parser.SkipObjectResolution)
	if err != nil || len(file.Decls) != 1 {
		return nil
	}
	switch decl := file.Decls[0].(type) {
	case *ast.FuncDecl:
		return decl
	case *ast.GenDecl:
		if len(decl.Specs) == 1 {
			return decl.Specs[0]
		}
	}
	return nil
}
