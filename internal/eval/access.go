package eval

import (
	"context"
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"reflect"

	"github.com/loadgo/load/engine"
)

// selector evaluates x.Name: a field or a method.
func (e *evaluation) selector(x *ast.SelectorExpr) operand {
	if symbol, ok := e.symbol(x); ok {
		return e.named(x, symbol)
	}
	if qualifier, ok := x.X.(*ast.Ident); ok {
		e.checkQualifier(qualifier, x)
	}
	qualified := e.eval(x.X)
	if t, ok := qualified.(goType); ok {
		return e.methodExpression(x, t)
	}
	op := e.made(x.X, e.one(x.X, qualified))
	v, ok := op.(value)
	switch {
	case !ok:
		e.fail(x.Sel, "%s undefined (%s has no field or method %s)", types.ExprString(x), describe(x.X, op), x.Sel.Name)
	case v.object() != nil:
		return e.objectMember(x, v.object()) // whose names have lower case in a script
	case !x.Sel.IsExported():
		e.fail(x.Sel, "%s undefined (cannot refer to unexported field or method %s)", types.ExprString(x), x.Sel.Name)
	}
	if err, ok := moduleError(v); ok && err.Object != nil && x.Sel.Name != "Error" {
		return e.objectMember(x, err.Object)
	}
	return e.hostMember(x, v)
}

// checkQualifier explains pkg.Name: a companion has no such name, or the name is the module's own
// and written without its package's name.
func (e *evaluation) checkQualifier(qualifier *ast.Ident, x *ast.SelectorExpr) {
	name := x.Sel
	if _, own := e.vars[qualifier.Name]; own {
		return
	}
	if e.companion(qualifier.Name) {
		e.undefined(x)
	}
	if _, ok := engine.FindSymbol(e.symbols, qualifier.Name); ok || qualifier.IsExported() || types.Universe.Lookup(qualifier.Name) != nil {
		return
	}
	if _, ok := engine.FindSymbol(e.symbols, name.Name); ok {
		e.fail(qualifier, "undefined: %s (write %s, without a package name)", qualifier.Name, name.Name)
	}
}

func (e *evaluation) objectMember(x *ast.SelectorExpr, o *engine.Object) operand {
	methods := o.Methods()
	if method, ok := engine.FindSymbol(methods, x.Sel.Name); ok {
		return callee{
			name:      types.ExprString(x),
			signature: signatureOf(method),
			call: func(ctx context.Context, args []any) ([]any, error) {
				return o.Call(ctx, method.Name, args...)
			},
		}
	}
	v, err := o.Field(e.ctx, x.Sel.Name)
	if err != nil {
		message := fmt.Sprintf("%s undefined (type %s has no field or method %s)", types.ExprString(x), o.TypeName(), x.Sel.Name)
		if near := nearest(x.Sel.Name, methods, nil); near != "" {
			message += "; did you mean " + near + "?"
		}
		e.failAt(x.Sel.Pos(), err, message)
	}
	return operandOf(v)
}

// hostMember finds a method or a field of a value of the host.
func (e *evaluation) hostMember(x *ast.SelectorExpr, v value) operand {
	receiver := v.Value
	if receiver.Kind() != reflect.Pointer && !receiver.CanAddr() { // methods of the pointer too
		receiver = pointerToValue(receiver).Elem()
	}
	method := receiver.MethodByName(x.Sel.Name)
	if !method.IsValid() && receiver.CanAddr() {
		method = receiver.Addr().MethodByName(x.Sel.Name)
	}
	if method.IsValid() {
		return callee{name: types.ExprString(x), host: method}
	}
	if receiver.Kind() == reflect.Pointer && receiver.Type().Elem().Kind() == reflect.Struct {
		if receiver.IsNil() {
			e.fail(x, "nil pointer dereference: %s is nil", types.ExprString(x.X))
		}
		receiver = receiver.Elem()
	}
	if receiver.Kind() == reflect.Struct {
		if field, err := fieldByName(receiver, x.Sel.Name); err == nil && field.IsValid() {
			return dynamic(field)
		}
	}
	e.fail(x.Sel, "%s undefined (type %s has no field or method %s)", types.ExprString(x), typeName(v), x.Sel.Name)
	return nil
}

// fieldByName is reflect's, with an error in place of a panic on a nil embedded pointer.
func fieldByName(v reflect.Value, name string) (reflect.Value, error) {
	f, ok := v.Type().FieldByName(name)
	if !ok || !f.IsExported() {
		return reflect.Value{}, nil
	}
	return v.FieldByIndexErr(f.Index)
}

// index evaluates x[i].
func (e *evaluation) index(x *ast.IndexExpr) operand {
	if symbol, ok := e.symbol(x); ok {
		return e.named(x, symbol)
	}
	switch op := e.eval(x.X).(type) {
	case callee, goType:
		e.notInstantiated(x)
	case value:
		if op.object() == nil {
			return e.indexValue(x, op)
		}
		if _, err := op.object().Len(e.ctx); err == nil {
			return e.indexObject(x, op.object())
		}
		if plain, ok := e.copied(op).(value); ok && plain.object() == nil {
			return e.indexValue(x, plain)
		}
		e.fail(x, "invalid operation: cannot index %s: the value lives in the module", describe(x.X, op))
	default:
		one := e.one(x.X, op)
		if text, ok := e.bytesOf(one); ok {
			return e.indexValue(x, value{reflect.ValueOf(string(text))})
		}
		if v, ok := one.(value); ok {
			return e.indexValue(x, v)
		}
		e.fail(x, "invalid operation: cannot index %s", describe(x.X, one))
	}
	return nil
}

// indexObject evaluates x[i] where x is a list or a map that lives in the module.
func (e *evaluation) indexObject(x *ast.IndexExpr, o *engine.Object) operand {
	key := e.plain(x.Index, e.made(x.Index, e.single(x.Index)), "index")
	element, _, err := o.Index(e.ctx, key)
	if err != nil {
		e.failAt(x.Index.Pos(), err, types.ExprString(x)+": "+err.Error())
	}
	return operandOf(element)
}

func (e *evaluation) indexValue(x *ast.IndexExpr, v value) operand {
	list := v.Value
	if list.Kind() == reflect.Pointer && list.Type().Elem().Kind() == reflect.Array {
		if list.IsNil() {
			e.fail(x, "nil pointer dereference: %s is nil", types.ExprString(x.X))
		}
		list = list.Elem()
	}
	switch list.Kind() {
	case reflect.Map:
		key := e.assign(x.Index, e.single(x.Index), list.Type().Key(), "map index")
		if !key.Comparable() {
			e.fail(x.Index, "%s cannot be a map key: it is not comparable", types.ExprString(x.Index))
		}
		element := list.MapIndex(key)
		if !element.IsValid() {
			element = reflect.Zero(list.Type().Elem())
		}
		return dynamic(element)
	case reflect.String, reflect.Slice, reflect.Array:
		i := e.position(x.Index)
		if i >= list.Len() {
			e.fail(x.Index, "index out of range [%d] with length %d", i, list.Len())
		}
		return dynamic(list.Index(i))
	}
	e.fail(x, "invalid operation: cannot index %s", describe(x.X, v))
	return nil
}

// position evaluates an index of a list.
func (e *evaluation) position(x ast.Expr) int {
	i := -1
	switch op := e.single(x).(type) {
	case untyped:
		if op.c == nil {
			e.fail(x, "invalid argument: index nil must be integer")
		}
		i = int(e.assign(x, op, reflect.TypeFor[int](), "index").Int())
	case value:
		switch {
		case op.CanInt():
			i = int(op.Int())
		case op.CanUint():
			i = int(min(op.Uint(), 1<<62))
		default:
			e.fail(x, "invalid argument: index %s must be integer", describe(x, op))
		}
	}
	if i < 0 {
		e.fail(x, "invalid argument: index %s must not be negative", types.ExprString(x))
	}
	return i
}

// slice evaluates x[low:high:max].
func (e *evaluation) slice(x *ast.SliceExpr) operand {
	op := e.copied(e.single(x.X))
	if text, ok := e.bytesOf(op); ok {
		if _, typed := op.(value); !typed {
			op = value{reflect.ValueOf(string(text))}
		}
	}
	v, ok := op.(value)
	if !ok {
		e.fail(x, "cannot slice %s", describe(x.X, op))
	}
	list := v.Value
	switch {
	case list.Kind() == reflect.Array: // a copy of it is sliced: what is in an expression has no address
		list = pointerToValue(list).Elem()
	case list.Kind() == reflect.Pointer && list.Type().Elem().Kind() == reflect.Array && !list.IsNil():
		list = list.Elem()
	case list.Kind() != reflect.String && list.Kind() != reflect.Slice:
		e.fail(x, "cannot slice %s", describe(x.X, op))
	}
	limit := list.Len()
	if list.Kind() != reflect.String {
		limit = list.Cap()
	} else if x.Slice3 {
		e.fail(x, "invalid operation: 3-index slice of string")
	}
	low, high, end := 0, list.Len(), limit
	for _, bound := range []struct {
		x  ast.Expr
		at *int
	}{{x.Low, &low}, {x.High, &high}, {x.Max, &end}} {
		if bound.x != nil {
			*bound.at = e.position(bound.x)
		}
	}
	if low > high || high > end || end > limit {
		e.failAt(x.Lbrack, nil, fmt.Sprintf("slice bounds out of range [%d:%d] with capacity %d", low, high, limit))
	}
	if x.Slice3 {
		return value{list.Slice3(low, high, end)}
	}
	return value{list.Slice(low, high)}
}

// assertion evaluates x.(T) on the dynamic value that x already is.
func (e *evaluation) assertion(x *ast.TypeAssertExpr) operand {
	if x.Type == nil {
		e.failAt(x.Lparen+token.Pos(1), nil, "invalid syntax tree: use of .(type) outside type switch")
	}
	t := e.typeOf(x.Type)
	op := e.single(x.X)
	if v, ok := op.(value); ok && (t.open || v.Type() == t.host || t.host.Kind() == reflect.Interface && v.Type().Implements(t.host)) {
		return op
	}
	e.fail(x, "interface conversion: %s is %s, not %s", types.ExprString(x.X), typeName(op), t.name)
	return nil
}
