package eval

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/internal/instantiation"
	"github.com/loadgo/load/internal/snippet"
)

// Error is what is wrong with an expression, at one place of it.
type Error = engine.ExpressionError

// Expr is a parsed expression. It is not changed by evaluation and safe for concurrent use.
type Expr struct {
	Source string // as it was written

	fset   *token.FileSet
	root   ast.Expr // nil where the source has statements
	beyond *Error   // the first thing that cannot be evaluated, or nil
	code   *snippet.Snippet
}

// Parse reads an expression, or statements that end in one, and reports what no module can make
// right: its syntax, and mistakes among its constants. The error is an [*Error].
func Parse(src string) (x *Expr, err error) {
	code, mistake := snippet.Parse(token.NewFileSet(), src)
	x = &Expr{Source: src, fset: token.NewFileSet(), code: code}
	e := &evaluation{Expr: x}
	defer e.rescue(&err)
	x.root, err = parser.ParseExprFrom(x.fset, "", src, parser.SkipObjectResolution)
	if err != nil {
		if mistake == nil {
			return statements(x)
		}
		return nil, farther(syntax(err, src), mistake)
	}
	if mistake != nil {
		return nil, mistake
	}
	e.fold(nil)
	x.beyond = e.limit()
	return x, nil
}

// syntax is the first error of the parser.
func syntax(err error, src string) error {
	var list scanner.ErrorList
	if !errors.As(err, &list) {
		return &Error{Line: 1, Column: 1, Message: err.Error()}
	}
	first := list[0]
	if first.Pos.Offset >= len(src) && strings.Contains(first.Msg, "newline") { // there is none to see
		first.Msg = "unexpected end of the expression"
	}
	return &Error{Line: first.Pos.Line, Column: first.Pos.Column, Message: first.Msg}
}

// farther returns the error that is behind the other one: it knows more of what was meant.
func farther(expression, statements error) error {
	var a, b *Error
	if errors.As(expression, &a) && errors.As(statements, &b) && (b.Line > a.Line || b.Line == a.Line && b.Column > a.Column) {
		return statements
	}
	return expression
}

// statements completes the Expr of code that is no expression.
func statements(x *Expr) (*Expr, error) {
	x.root = nil
	if len(x.code.List) == 0 { // only comments
		return nil, &Error{Line: 1, Column: 1, Message: "expected operand, found 'EOF'"}
	}
	x.beyond = x.code.Fail(x.code.List[0].Pos(), "statements cannot be evaluated at once")
	return x, nil
}

// limit finds what the expression holds that only a compiler can do, before anything is loaded for
// it.
func (e *evaluation) limit() (limit *Error) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case *Error:
			limit = r
		default:
			panic(r)
		}
	}()
	called := map[ast.Expr]bool{}
	ast.Inspect(e.root, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			e.fail(n, "functions cannot be written in an expression")
		case *ast.FuncType, *ast.ChanType:
			e.fail(n, "%s: function and channel types cannot be used in an expression", types.ExprString(n.(ast.Expr)))
		case *ast.InterfaceType:
			if n.Methods.NumFields() > 0 {
				e.fail(n, "interface types with methods cannot be used in an expression")
			}
		case *ast.StructType:
			e.limitStruct(n)
		case *ast.TypeAssertExpr:
			if n.Type != nil && !plainType(n.Type) {
				e.fail(n, "only a compiler knows whether %s is a %s", types.ExprString(n.X), types.ExprString(n.Type))
			}
		case *ast.UnaryExpr:
			e.limitUnary(n)
		case *ast.CallExpr:
			fun := ast.Unparen(n.Fun)
			called[fun] = true
			if name, ok := fun.(*ast.Ident); ok && e.folded[n].Value == nil {
				e.limitBuiltin(name)
			}
			if star, ok := fun.(*ast.StarExpr); ok {
				called[star] = true
			}
		case *ast.StarExpr:
			if call, ok := ast.Unparen(n.X).(*ast.CallExpr); ok && !called[n] {
				if name, ok := call.Fun.(*ast.Ident); !ok || name.Name != "new" {
					e.fail(n, "only a compiler knows what %s points to", types.ExprString(n.X))
				}
			}
		}
		return true
	})
	return nil
}

func (e *evaluation) limitStruct(x *ast.StructType) {
	for _, f := range x.Fields.List {
		if len(f.Names) == 0 {
			e.fail(f, "embedded fields cannot be used in an expression")
		}
		for _, name := range f.Names {
			if !name.IsExported() {
				e.fail(name, "field %s is not exported: a module cannot see it", name.Name)
			}
		}
	}
}

func (e *evaluation) limitUnary(x *ast.UnaryExpr) {
	if x.Op == token.ARROW {
		e.fail(x, "%s: channels cannot be used in an expression", types.ExprString(x))
	}
	if _, literal := ast.Unparen(x.X).(*ast.CompositeLit); x.Op == token.AND && !literal {
		e.fail(x, "invalid operation: cannot take address of %s", types.ExprString(x.X))
	}
}

func (e *evaluation) limitBuiltin(name *ast.Ident) {
	if _, ok := types.Universe.Lookup(name.Name).(*types.Builtin); ok && !evaluated(name.Name) {
		e.fail(name, "%s cannot be used in an expression", name.Name)
	}
}

// plainType reports whether a type is made of predeclared ones alone: the host has it as well.
func plainType(x ast.Expr) bool {
	plain := true
	ast.Inspect(x, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Ident:
			_, ok := predeclaredType(n.Name)
			plain = plain && ok
		case *ast.SelectorExpr:
			_, ok := timeType(n)
			plain = plain && ok
			return false
		case *ast.StructType, *ast.InterfaceType:
			plain = false
		}
		return plain
	})
	return plain
}

// Packages lists the names of packages that the expression needs as companions: all that it names
// where it is compiled, and else those of which it has more than types that need none.
func (x *Expr) Packages(compiled bool) []string {
	free := x.code.Packages()
	if compiled || x.beyond != nil {
		return free
	}
	var names []string
	ast.Inspect(x.root, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.IndexExpr, *ast.IndexListExpr:
			name, err := instantiation.Of(n.(ast.Expr))
			return err != nil || !name.Certain() // an instantiation finds what it is made of
		case *ast.SelectorExpr:
			ident, ok := n.X.(*ast.Ident)
			if _, known := timeType(n); ok && !known && slices.Contains(free, ident.Name) && !slices.Contains(names, ident.Name) {
				names = append(names, ident.Name)
			}
		}
		return true
	})
	return names
}

// Free lists the names that the source does not declare itself and that are not predeclared.
func (x *Expr) Free() []string { return x.code.Free() }

// Beyond says what the expression holds that only a compiler can do, or nil. What the module
// exports is known only once it is loaded; symbols is nil before. The module's names may have name
// before them.
func (x *Expr) Beyond(name string, symbols []engine.Symbol) *Error {
	if x.beyond != nil || symbols == nil {
		return x.beyond
	}
	e := &evaluation{Expr: x, name: name, symbols: symbols}
	var limit *Error
	ast.Inspect(x.root, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok && limit == nil {
			limit = e.limitCall(call)
		}
		return limit == nil
	})
	return limit
}

// limitCall says of a call what only a compiler can do: infer type arguments, and hand a context of
// the module to a function of the module, whose context is the evaluation's own otherwise.
func (e *evaluation) limitCall(call *ast.CallExpr) *Error {
	symbol, ok := e.calledSymbol(call)
	if !ok {
		return nil
	}
	at, message := ast.Unparen(call.Fun), ""
	s := signatureOf(symbol)
	switch {
	case generic(symbol):
		message = generically(symbol)
	case len(s.params) > 0 && len(call.Args) >= len(s.params) && e.isContext(s.params[0]) && e.ofModule(call.Args[0]):
		at = call.Args[0]
		message = fmt.Sprintf("cannot use %s: a context of the module cannot be an argument", types.ExprString(at))
	default:
		return nil
	}
	p := e.fset.Position(at.Pos())
	return &Error{Line: p.Line, Column: p.Column, Message: message}
}

// calledSymbol returns the function of the module that a call names.
func (e *evaluation) calledSymbol(call *ast.CallExpr) (engine.Symbol, bool) {
	fun := ast.Unparen(call.Fun)
	switch fun.(type) {
	case *ast.Ident, *ast.SelectorExpr:
		symbol, ok := e.symbol(fun)
		return symbol, ok && symbol.Kind == engine.KindFunc
	}
	return engine.Symbol{}, false
}

// ofModule reports whether a value comes of a call of the module.
func (e *evaluation) ofModule(x ast.Expr) bool {
	call, ok := ast.Unparen(x).(*ast.CallExpr)
	if !ok {
		return false
	}
	if _, ok := e.calledSymbol(call); ok {
		return true
	}
	method, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr)
	return ok && e.ofModule(method.X)
}

// isContext reports whether a type, as it is written in the module's own scope, is that of
// contexts: also in package context itself, and by an alias.
func (e *evaluation) isContext(x ast.Expr) bool {
	switch text := types.ExprString(x); text {
	case "context.Context":
		return true
	case "Context":
		symbol, _ := e.symbol(x)
		spec, ok := declarationOf(symbol).(*ast.TypeSpec)
		if !ok || symbol.Kind != engine.KindType {
			return false
		}
		iface, ok := spec.Type.(*ast.InterfaceType)
		return ok && slices.ContainsFunc(iface.Methods.List, func(f *ast.Field) bool {
			return len(f.Names) == 1 && f.Names[0].Name == "Deadline"
		}) || !ok && types.ExprString(spec.Type) == "context.Context"
	}
	return false
}
