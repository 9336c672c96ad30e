package eval

import (
	"go/ast"
	"go/token"
	"go/types"
	"reflect"

	"github.com/loadgo/load/engine"
)

// A value of a named type of the module that an expression writes, Level(3) or &Options{…}, is a
// plain value of the host as long as that is enough. Where its type counts, for a method or as the
// dynamic value of an interface, the module makes an object of it.

// madeAs tells the type of the module that x, as it is written, has a value of: "Level" for
// Level(3), Level{…}, Level(3) + 1 and a function that returns one, "*Options" for &Options{…} and
// new(Options).
func (e *evaluation) madeAs(x ast.Expr) (string, bool) {
	switch x := ast.Unparen(x).(type) {
	case *ast.Ident, *ast.SelectorExpr:
		return e.declaredAs(x)
	case *ast.CompositeLit:
		return e.typeSymbol(x.Type)
	case *ast.UnaryExpr:
		if lit, ok := ast.Unparen(x.X).(*ast.CompositeLit); ok && x.Op == token.AND {
			name, ok := e.typeSymbol(lit.Type)
			return "*" + name, ok
		}
		return e.madeAs(x.X)
	case *ast.BinaryExpr:
		return e.operatedAs(x)
	case *ast.CallExpr:
		if fun, ok := x.Fun.(*ast.Ident); ok && fun.Name == "new" && len(x.Args) == 1 {
			name, ok := e.typeSymbol(x.Args[0])
			return "*" + name, ok
		}
		if name, ok := e.typeSymbol(ast.Unparen(x.Fun)); ok && len(x.Args) == 1 {
			return name, true
		}
		return e.typeSymbol(e.returned[x])
	}
	return "", false
}

// declaredAs is the type of the module that a variable or a constant is declared with.
func (e *evaluation) declaredAs(x ast.Expr) (string, bool) {
	symbol, ok := e.symbol(x)
	if !ok {
		return "", false
	}
	spec, ok := declarationOf(symbol).(*ast.ValueSpec)
	if !ok || spec.Type == nil {
		return "", false
	}
	return e.typeSymbol(spec.Type)
}

// operatedAs is the type of the module that the result of an operation has: that of the operands,
// where the operation does not compare them.
func (e *evaluation) operatedAs(x *ast.BinaryExpr) (string, bool) {
	switch x.Op {
	case token.EQL, token.NEQ, token.LSS, token.LEQ, token.GTR, token.GEQ:
		return "", false
	case token.SHL, token.SHR:
		return e.madeAs(x.X)
	}
	if name, ok := e.madeAs(x.X); ok {
		return name, true
	}
	return e.madeAs(x.Y)
}

// typeSymbol is the name of the module's type that x names.
func (e *evaluation) typeSymbol(x ast.Expr) (string, bool) {
	if x == nil {
		return "", false
	}
	symbol, ok := e.symbol(x)
	return symbol.Name, ok && symbol.Kind == engine.KindType
}

// made is op as a value of the type that x makes, where an engine can make one, and else op itself.
func (e *evaluation) made(x ast.Expr, op operand) operand {
	v, ok := op.(value)
	name, named := e.madeAs(x)
	if !ok || !named || v.object() != nil || v.Type().PkgPath() != "" { // the host has the type as well
		return op
	}
	given := v.Value
	if name[0] == '*' {
		given = given.Elem() // the module makes the pointer
	}
	results, err := e.module.Call(e.ctx, name, given.Interface())
	if err != nil || len(results) != 1 {
		return op
	}
	return operandOf(results[0])
}

// dynamicType reports whether a parameter or an element of type t has a dynamic type, or may have
// one: t is written in the module's own scope.
func (e *evaluation) dynamicType(t ast.Expr) bool {
	switch t := t.(type) {
	case *ast.InterfaceType:
		return true
	case *ast.Ident:
		if basic, ok := predeclaredType(t.Name); ok {
			return basic.host.Kind() == reflect.Interface
		}
	case *ast.SelectorExpr:
	default:
		return false
	}
	symbol, ok := e.symbol(t)
	if !ok {
		return true // of another package: nobody knows
	}
	spec, ok := declarationOf(symbol).(*ast.TypeSpec)
	if !ok {
		return true
	}
	switch spec.Type.(type) {
	case *ast.InterfaceType, *ast.Ident, *ast.SelectorExpr:
		return true
	}
	return false
}

// forType is op as a value for a parameter, a field or an element of type t.
func (e *evaluation) forType(x ast.Expr, op operand, t ast.Expr) operand {
	if name, ok := e.madeAs(x); !ok || name == types.ExprString(t) || !e.dynamicType(t) {
		return op
	}
	return e.made(x, op)
}

// alike is op in the form in which two values of one type have one Go type: as the module has it,
// and as plain data where that is an object.
func (e *evaluation) alike(x ast.Expr, op operand) operand {
	if plain, ok := e.copied(e.made(x, op)).(value); ok && plain.object() == nil {
		return plain
	}
	return e.copied(op)
}

// copied is what an object holds as plain data, where that can be had, and else op itself.
func (e *evaluation) copied(op operand) operand {
	v, ok := op.(value)
	if !ok {
		return op
	}
	if o := v.object(); o != nil {
		if plain, err := o.Copy(e.ctx); err == nil && plain != nil {
			return operandOf(plain)
		}
	}
	return op
}

// objects are the objects that two operands are, where both are.
func objects(a, b operand) (left, right *engine.Object) {
	if v, ok := a.(value); ok {
		left = v.object()
	}
	if v, ok := b.(value); ok {
		right = v.object()
	}
	return left, right
}
