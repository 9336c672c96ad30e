// Package eval evaluates Go expressions over the exported functions, variables, constants and types
// of a loaded module. It is the language of the command "load eval".
//
// An expression is parsed by go/parser and its constants are computed by go/types, exactly as the
// compiler would; everything else is evaluated on Go values, with values that live in the module
// held as objects. What differs from Go: a call that returns values and an error can stand
// anywhere, for its first value, and a non-nil error ends the evaluation; an interface holds its
// dynamic value, ready to be used without an assertion; and there are no statements, functions or
// channels: [Expr.Beyond] reports what only a compiler can do.
package eval

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"reflect"

	"github.com/loadgo/load/engine"
)

// Module is what an expression is evaluated over.
type Module interface {
	// Symbols lists what the module exports, sorted by name.
	Symbols() []engine.Symbol
	// Call calls a function; a trailing error result is returned as err.
	Call(ctx context.Context, symbol string, args ...any) ([]any, error)
	// Value returns the present value of a variable or a constant.
	Value(ctx context.Context, symbol string) (any, error)
}

// Scope is what an expression can name.
type Scope struct {
	Module Module
	Name   string         // that the module's names may have before them, as in Go; "" for none
	Vars   map[string]any // their names go before those of the module

	// Want is how many results are wanted, 0 for whatever there is. Where that is one more than the
	// values of the outermost call, the error that it returns last is a result, nil or not.
	Want int
}

// Eval evaluates the expression and returns its results: several for a call with several results,
// none for one without. An error that the outermost call itself returned comes back as it is; every
// other error is an [*Error]. Cancelling ctx ends the call that is running.
func (x *Expr) Eval(ctx context.Context, s Scope) (results []any, err error) {
	e := &evaluation{Expr: x, ctx: ctx, module: s.Module, name: s.Name, vars: s.Vars, symbols: s.Module.Symbols(), returned: make(map[ast.Expr]ast.Expr), counts: make(map[ast.Expr]int)}
	if limit := x.Beyond(s.Name, e.symbols); limit != nil {
		return nil, limit
	}
	for name := range s.Vars {
		if !token.IsIdentifier(name) || name == "_" || types.Universe.Lookup(name) != nil {
			return nil, fmt.Errorf("eval: no variable can be named %q", name)
		}
	}
	defer e.rescue(&err)
	e.fold(e.constants())
	root := ast.Unparen(x.root)
	if call, ok := root.(*ast.CallExpr); ok && e.folded[root].Value == nil {
		return e.outermost(call, s.Want)
	}
	return []any{e.result(root, e.single(root))}, nil
}

// outermost evaluates the call that is the whole expression: all its results count, and its error
// is the answer rather than a mistake in the expression.
func (e *evaluation) outermost(call *ast.CallExpr, want int) ([]any, error) {
	op, err := e.call(call)
	count, fails := e.counts[call]
	withError := fails && want == count+1
	switch {
	case withError && e.returnedBy(err): // what came with it is not known
		return append(make([]any, count), err), nil
	case err != nil:
		return nil, err
	}
	results, ok := op.(tuple)
	if !ok {
		results.values = []any{e.result(call, op)}
	}
	if withError {
		results.values = append(results.values, nil)
	}
	return results.values, nil
}

// returnedBy reports whether an error is one that a function returned, and not one that ended its
// call.
func (e *evaluation) returnedBy(err error) bool {
	var panicked *engine.PanicError
	return err != nil && e.ctx.Err() == nil && !errors.As(err, &panicked) && !errors.Is(err, engine.ErrCrashed) && !errors.Is(err, engine.ErrUnloaded)
}

// result turns an operand into what a caller gets.
func (e *evaluation) result(x ast.Expr, op operand) any {
	return e.plain(x, e.made(x, op), "result")
}

// evaluation is one run over an expression. Its methods leave by a panic with an *Error, which
// rescue turns into a result: an expression has many places that can be wrong, and one way out.
type evaluation struct {
	*Expr
	ctx     context.Context
	module  Module
	name    string
	vars    map[string]any
	symbols []engine.Symbol
	folded  map[ast.Expr]types.TypeAndValue

	counts   map[ast.Expr]int      // of calls of functions that return an error, how many results come before it
	returned map[ast.Expr]ast.Expr // the types of what calls returned
}

func (e *evaluation) rescue(err *error) {
	switch r := recover().(type) {
	case nil:
	case *Error:
		*err = r
	default:
		panic(r)
	}
}

func (e *evaluation) fail(at ast.Node, format string, args ...any) {
	e.failAt(at.Pos(), nil, fmt.Sprintf(format, args...))
}

func (e *evaluation) failAt(pos token.Pos, cause error, message string) {
	p := e.fset.Position(pos)
	panic(&Error{Line: p.Line, Column: p.Column, Message: message, Err: cause})
}

// single evaluates x to one value: untyped or value.
func (e *evaluation) single(x ast.Expr) operand { return e.one(x, e.eval(x)) }

// one reduces what x evaluated to, to one value.
func (e *evaluation) one(x ast.Expr, op operand) operand {
	switch op := op.(type) {
	case callee:
		e.fail(x, "%s is a function: call it\n\t%s", types.ExprString(x), op.signature.text)
	case goType:
		e.fail(x, "%s (type) is not an expression", op.name)
	case tuple:
		switch {
		case len(op.values) == 0 && op.hasError: // it was the only result, and nil
			return untyped{kind: types.UntypedNil}
		case len(op.values) == 0:
			e.fail(x, "%s (no value) used as value", types.ExprString(x))
		case op.hasError:
			return operandOf(op.values[0])
		}
		e.fail(x, "multiple-value %s (%d values) in single-value context", types.ExprString(x), len(op.values))
	}
	return op
}

// eval evaluates x to an operand of any sort.
func (e *evaluation) eval(x ast.Expr) operand {
	if tv, ok := e.folded[x]; ok {
		return constantOperand(tv)
	}
	switch x := x.(type) {
	case *ast.ParenExpr:
		return e.eval(x.X)
	case *ast.Ident:
		return e.ident(x)
	case *ast.SelectorExpr:
		return e.selector(x)
	case *ast.CallExpr:
		op, err := e.call(x)
		if err != nil && op == nil {
			e.failAt(x.Pos(), err, types.ExprString(x.Fun)+": "+err.Error())
		}
		return op
	case *ast.UnaryExpr:
		return e.unary(x)
	case *ast.BinaryExpr:
		return e.binary(x)
	case *ast.StarExpr:
		return e.star(x)
	case *ast.IndexExpr:
		return e.index(x)
	case *ast.IndexListExpr:
		if symbol, ok := e.symbol(x); ok {
			return e.named(x, symbol)
		}
		e.notInstantiated(x)
	case *ast.SliceExpr:
		return e.slice(x)
	case *ast.CompositeLit:
		return value{e.composite(x, e.literalType(x))}
	case *ast.TypeAssertExpr:
		return e.assertion(x)
	case *ast.ArrayType, *ast.MapType, *ast.StructType, *ast.InterfaceType:
		return e.typeOf(x)
	}
	e.fail(x, "%s cannot be used in an expression", types.ExprString(x))
	return nil
}

// ident evaluates a predeclared identifier or a symbol of the module.
func (e *evaluation) ident(x *ast.Ident) operand {
	if v, ok := e.vars[x.Name]; ok {
		return operandOf(v)
	}
	if x.Name == "nil" {
		return untyped{kind: types.UntypedNil}
	}
	if t, ok := predeclaredType(x.Name); ok {
		return t
	}
	if object, ok := types.Universe.Lookup(x.Name).(*types.Builtin); ok {
		e.fail(x, "%s (built-in) must be called", object.Name())
	}
	symbol, ok := engine.FindSymbol(e.symbols, x.Name)
	if !ok {
		e.undefined(x)
	}
	return e.named(x, symbol)
}

// variable reads a variable or a constant of the module. A variable of a function type is a
// function.
func (e *evaluation) variable(x ast.Expr, symbol engine.Symbol) operand {
	if signatureOf(symbol).known {
		return e.function(symbol)
	}
	v, err := e.module.Value(e.ctx, symbol.Name)
	if err != nil {
		e.failAt(x.Pos(), err, err.Error())
	}
	return operandOf(v)
}

func (e *evaluation) undefined(x ast.Expr) {
	name := types.ExprString(x)
	message := "undefined: " + name
	prefix := ""
	if bare, ok := e.unqualified(x); ok {
		name, prefix = bare, e.name+"."
	}
	if near := nearest(name, e.symbols, e.vars); near != "" {
		message += " (did you mean " + prefix + near + "?)"
	}
	e.failAt(x.Pos(), nil, message)
}

// operandOf wraps what the module returned.
func operandOf(v any) operand {
	if v == nil {
		return untyped{kind: types.UntypedNil}
	}
	return value{reflect.ValueOf(v)}
}
