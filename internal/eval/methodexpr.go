package eval

import (
	"context"
	"go/ast"
	"go/types"
	"reflect"
	"slices"
	"strings"

	"github.com/loadgo/load/engine"
)

// methodExpression evaluates T.Method and (*T).Method: a function whose first argument is the
// receiver.
func (e *evaluation) methodExpression(x *ast.SelectorExpr, t goType) operand {
	symbol, _ := engine.FindSymbol(e.symbols, strings.TrimPrefix(t.name, "*"))
	method, ok := engine.FindSymbol(symbol.Methods, x.Sel.Name)
	if !ok {
		e.fail(x.Sel, "%s undefined (type %s has no method %s)", types.ExprString(x), t.name, x.Sel.Name)
	}
	s := signatureOf(method)
	s.params = slices.Insert(slices.Clone(s.params), 0, ast.Expr(ast.NewIdent(t.name)))
	return callee{
		name:      types.ExprString(x),
		signature: s,
		call: func(ctx context.Context, args []any) ([]any, error) {
			receiver, ok := args[0].(*engine.Object)
			if !ok { // a value that is written here: the module makes it one of its type
				given := reflect.ValueOf(args[0])
				if given.Kind() == reflect.Pointer && !given.IsNil() {
					given = given.Elem() // the module makes the pointer
				}
				if !given.IsValid() {
					return nil, &engine.SymbolError{Symbol: method.Name, Have: t.name, Reason: "the receiver is nil"}
				}
				made, err := e.module.Call(ctx, symbol.Name, given.Interface())
				if err != nil {
					return nil, err
				}
				receiver, _ = made[0].(*engine.Object)
			}
			if receiver == nil {
				return nil, &engine.SymbolError{Symbol: method.Name, Have: t.name, Reason: "the receiver is not a " + t.name}
			}
			return receiver.Call(ctx, method.Name, args[1:]...)
		},
	}
}
