package eval

import (
	"go/ast"
	"go/token"
	"go/types"
	"reflect"

	"github.com/loadgo/load/engine"
)

// unary evaluates an operation on one value that is not a constant.
func (e *evaluation) unary(x *ast.UnaryExpr) operand {
	if x.Op == token.AND {
		return e.address(x)
	}
	op := e.copied(e.single(x.X))
	v, ok := op.(value)
	if ok && v.object() == nil {
		result := reflect.New(v.Type()).Elem()
		switch {
		case x.Op == token.NOT && v.Kind() == reflect.Bool:
			result.SetBool(!v.Bool())
			return value{result}
		case x.Op == token.ADD && (v.CanInt() || v.CanUint() || v.CanFloat() || v.CanComplex()):
			return v
		case x.Op == token.SUB && (v.CanInt() || v.CanUint() || v.CanFloat() || v.CanComplex()):
			return value{arithmetic(token.MUL, v.Value, minusOne(v.Type()))}
		case x.Op == token.XOR && v.CanInt():
			result.SetInt(^v.Int())
			return value{result}
		case x.Op == token.XOR && v.CanUint():
			result.Set(reflect.ValueOf(^v.Uint()).Convert(v.Type()))
			return value{result}
		}
	}
	e.fail(x, "invalid operation: operator %s not defined on %s", x.Op, describe(x.X, op))
	return nil
}

// minusOne is -1 as a t; for an unsigned type it is the largest value, which negates all the same.
func minusOne(t reflect.Type) reflect.Value {
	v := reflect.New(t).Elem()
	switch {
	case v.CanComplex():
		v.SetComplex(-1)
	default:
		v.Set(reflect.ValueOf(-1).Convert(t))
	}
	return v
}

// address evaluates &T{…}; there is nothing else in an expression that has an address.
func (e *evaluation) address(x *ast.UnaryExpr) operand {
	if lit, ok := ast.Unparen(x.X).(*ast.CompositeLit); ok {
		return value{pointerToValue(e.composite(lit, e.literalType(lit)))}
	}
	e.fail(x, "invalid operation: cannot take address of %s", types.ExprString(x.X))
	return nil
}

// star evaluates *p, or the type *T.
func (e *evaluation) star(x *ast.StarExpr) operand {
	switch op := e.eval(x.X).(type) {
	case goType:
		return pointerTo(op)
	case value:
		switch {
		case op.object() != nil:
			e.fail(x, "cannot dereference %s: the value lives in the module; call its methods or read its fields", describe(x.X, op))
		case op.Kind() == reflect.Pointer && op.IsNil():
			e.fail(x, "nil pointer dereference: %s is nil", types.ExprString(x.X))
		case op.Kind() == reflect.Pointer:
			return dynamic(op.Elem())
		}
		e.fail(x, "invalid operation: cannot indirect %s", describe(x.X, op))
	}
	e.fail(x, "invalid operation: cannot indirect %s", types.ExprString(x.X))
	return nil
}

// binary evaluates an operation on two values that are not both constants.
func (e *evaluation) binary(x *ast.BinaryExpr) operand {
	switch x.Op {
	case token.LAND, token.LOR:
		return e.logical(x)
	case token.SHL, token.SHR:
		return e.shift(x)
	}
	left, right := e.single(x.X), e.single(x.Y)
	if x.Op == token.EQL || x.Op == token.NEQ {
		return value{reflect.ValueOf(e.equal(x, left, right) == (x.Op == token.EQL))}
	}
	left, right = e.alike(x.X, left), e.alike(x.Y, right)
	a, b := e.match(x.X, left, x.Y, right, x)
	switch x.Op {
	case token.LSS, token.LEQ, token.GTR, token.GEQ:
		if result, ok := ordered(a, b, x.Op); ok {
			return value{reflect.ValueOf(result)}
		}
		e.fail(x, "invalid operation: %s (operator %s not defined on %s)", types.ExprString(x), x.Op, typeName(value{a}))
	case token.QUO, token.REM:
		if (b.CanInt() && b.Int() == 0) || (b.CanUint() && b.Uint() == 0) {
			e.fail(x.Y, "invalid operation: division by zero")
		}
	}
	result := arithmetic(x.Op, a, b)
	if !result.IsValid() {
		e.fail(x, "invalid operation: operator %s not defined on %s", x.Op, describe(x.X, left))
	}
	return value{result}
}

// match brings the operands of a binary operation to one type: an untyped constant takes the
// other's.
func (e *evaluation) match(x ast.Expr, left operand, y ast.Expr, right operand, whole ast.Expr) (a, b reflect.Value) {
	constant := func(x ast.Expr, u untyped, other operand) reflect.Value {
		t := defaultTypeOf(u)
		if v, ok := other.(value); ok && v.object() == nil {
			if c, reason := orNil(u, v.Type()); reason == "" {
				return c
			} else if reason != "mismatch" {
				e.fail(x, "cannot use %s as %s value in %s (%s)", describe(x, u), v.Type(), types.ExprString(whole), reason)
			}
			e.fail(whole, "invalid operation: %s (mismatched types %s and %s)", types.ExprString(whole), typeName(left), typeName(right))
		}
		return e.assign(x, u, t, types.ExprString(whole))
	}
	switch l := left.(type) {
	case untyped:
		a = constant(x, l, right)
	case value:
		a = l.Value
	}
	switch r := right.(type) {
	case untyped:
		b = constant(y, r, left)
	case value:
		b = r.Value
	}
	a, b = e.ofOneType(x, a, y, b, whole)
	if a.Type() != b.Type() {
		e.fail(whole, "invalid operation: %s (mismatched types %s and %s)", types.ExprString(whole), typeName(left), typeName(right))
	}
	return a, b
}

// ofOneType gives two values of one type of the module one Go type, where the host has that type
// for one of them only. It refuses values that have one Go type and two types of the module.
func (e *evaluation) ofOneType(x ast.Expr, a reflect.Value, y ast.Expr, b reflect.Value, whole ast.Expr) (left, right reflect.Value) {
	first, named := e.typeText(x)
	second, both := e.typeText(y)
	switch {
	case named && both && first != second && !e.alias(first) && !e.alias(second):
		e.fail(whole, "invalid operation: %s (mismatched types %s and %s)", types.ExprString(whole), first, second)
	case !named || !both || a.Kind() != b.Kind():
	case a.Type().PkgPath() == "":
		return a.Convert(b.Type()), b
	case b.Type().PkgPath() == "":
		return a, b.Convert(a.Type())
	}
	return a, b
}

// typeText is the type of the value that x has, as far as the way it is written tells: one of the
// module's or a predeclared one.
func (e *evaluation) typeText(x ast.Expr) (string, bool) {
	if name, ok := e.madeAs(x); ok {
		return name, true
	}
	var written ast.Expr
	switch x := ast.Unparen(x).(type) {
	case *ast.Ident, *ast.SelectorExpr:
		symbol, _ := e.symbol(x)
		if spec, ok := declarationOf(symbol).(*ast.ValueSpec); ok {
			written = spec.Type
		}
	case *ast.CallExpr:
		if written = x.Fun; e.returned[x] != nil {
			written = e.returned[x]
		}
	}
	name, ok := written.(*ast.Ident)
	if !ok {
		return "", false
	}
	t, ok := predeclaredType(name.Name)
	if !ok || t.host.Kind() == reflect.Interface {
		return "", false
	}
	return t.host.String(), true
}

// alias reports whether a type of the module is another name of a type.
func (e *evaluation) alias(name string) bool {
	symbol, _ := engine.FindSymbol(e.symbols, name)
	spec, ok := declarationOf(symbol).(*ast.TypeSpec)
	return ok && spec.Assign.IsValid()
}

func defaultTypeOf(u untyped) reflect.Type {
	if u.c == nil {
		return reflect.TypeFor[any]()
	}
	return defaultType(u.kind)
}

// orNil represents a constant, or nil, as a t.
func orNil(u untyped, t reflect.Type) (reflect.Value, string) {
	switch {
	case u.c != nil:
		return represent(u, t)
	case nilable(t):
		return reflect.Zero(t), ""
	}
	return reflect.Value{}, "mismatch"
}

// equal compares two operands.
func (e *evaluation) equal(x *ast.BinaryExpr, left, right operand) bool {
	l, leftNil := left.(untyped)
	r, rightNil := right.(untyped)
	leftNil, rightNil = leftNil && l.c == nil, rightNil && r.c == nil
	switch {
	case leftNil && rightNil:
		return true // a nil that the module returned
	case leftNil:
		return e.isNil(x, x.Y, right)
	case rightNil:
		return e.isNil(x, x.X, left)
	}
	if a, b := objects(left, right); a != nil && b != nil {
		same, err := a.Equal(e.ctx, b)
		if err != nil {
			e.failAt(x.Pos(), err, "invalid operation: "+types.ExprString(x)+": "+err.Error())
		}
		return same
	}
	left, right = e.alike(x.X, left), e.alike(x.Y, right)
	a, b := e.match(x.X, left, x.Y, right, x)
	for _, side := range []struct {
		x ast.Expr
		v reflect.Value
	}{{x.X, a}, {x.Y, b}} {
		if (value{side.v}).object() != nil {
			e.fail(x, "invalid operation: %s cannot be compared: the value lives in the module", describe(side.x, value{side.v}))
		}
		if !side.v.Comparable() {
			e.fail(x, "invalid operation: %s (%s cannot be compared)", types.ExprString(x), typeName(value{side.v}))
		}
	}
	return a.Equal(b)
}

// isNil compares with nil: an object is not, and a value of a type without nil cannot be.
func (e *evaluation) isNil(x *ast.BinaryExpr, at ast.Expr, op operand) bool {
	v, ok := op.(value)
	if ok && v.object() != nil {
		return false
	}
	if !ok || !nilable(v.Type()) {
		e.fail(x, "invalid operation: %s (mismatched types %s and untyped nil)", types.ExprString(x), typeName(op))
	}
	return v.IsNil()
}

func (e *evaluation) logical(x *ast.BinaryExpr) operand {
	side := func(x ast.Expr) bool {
		return e.assign(x, e.single(x), reflect.TypeFor[bool](), "logical operation").Bool()
	}
	result := side(x.X)
	if result == (x.Op == token.LAND) {
		result = side(x.Y)
	}
	return value{reflect.ValueOf(result)}
}

// shift evaluates x << n where not both are constants.
func (e *evaluation) shift(x *ast.BinaryExpr) operand {
	left := e.single(x.X)
	var a reflect.Value
	switch l := left.(type) {
	case untyped:
		a = e.assign(x.X, l, reflect.TypeFor[int](), "shift")
	case value:
		a = l.Value
	}
	n, ok := e.shiftCount(x.Y)
	result := reflect.New(a.Type()).Elem()
	switch {
	case !ok:
		e.fail(x.Y, "invalid operation: shift count %s must be an integer that is not negative", types.ExprString(x.Y))
	case a.CanInt() && x.Op == token.SHL:
		result.Set(reflect.ValueOf(a.Int() << n).Convert(a.Type()))
	case a.CanInt():
		result.SetInt(a.Int() >> n)
	case a.CanUint() && x.Op == token.SHL:
		result.Set(reflect.ValueOf(a.Uint() << n).Convert(a.Type()))
	case a.CanUint():
		result.SetUint(a.Uint() >> n)
	default:
		e.fail(x, "invalid operation: shifted operand %s must be integer", describe(x.X, left))
	}
	return value{result}
}

func (e *evaluation) shiftCount(x ast.Expr) (uint64, bool) {
	switch op := e.single(x).(type) {
	case untyped:
		if op.c != nil {
			v, reason := represent(op, reflect.TypeFor[uint64]())
			return v.Uint(), reason == ""
		}
	case value:
		switch {
		case op.CanInt() && op.Int() >= 0:
			return uint64(op.Int()), true
		case op.CanUint():
			return op.Uint(), true
		}
	}
	return 0, false
}
