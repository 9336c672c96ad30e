package eval

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/constant"
	"go/types"
	"reflect"

	"github.com/loadgo/load/engine"
)

// operand is what an expression evaluates to: untyped, value, goType, callee or tuple.
type operand interface{ operand() }

// untyped is an untyped constant, or nil: kind is types.UntypedNil and c is nil.
type untyped struct {
	kind types.BasicKind
	c    constant.Value
}

// value is a Go value of the host, or a *load.Object. It is never an interface: an interface's
// dynamic value takes its place.
type value struct{ reflect.Value }

// tuple holds the results of a call that has not exactly one. Where there was an error result as
// well, the first of them can stand for the call.
type tuple struct {
	values   []any
	hasError bool
}

func (untyped) operand() {}
func (value) operand()   {}
func (tuple) operand()   {}

// dynamic wraps v, or what v holds where it is an interface.
func dynamic(v reflect.Value) operand {
	for v.Kind() == reflect.Interface {
		if v.IsNil() {
			return untyped{kind: types.UntypedNil}
		}
		v = v.Elem()
	}
	return value{v}
}

// object returns the *load.Object that v is, or nil.
func (v value) object() *engine.Object {
	o, _ := v.Interface().(*engine.Object)
	return o
}

// typeName names the type of an operand as the user knows it.
func typeName(op operand) string {
	switch op := op.(type) {
	case untyped:
		return types.Typ[op.kind].Name()
	case value:
		if o := op.object(); o != nil {
			return o.TypeName()
		}
		if err, ok := moduleError(op); ok {
			return cmp.Or(err.Type, "error")
		}
		return op.Type().String()
	case goType:
		return op.name
	}
	return "func"
}

// moduleError returns the error of the module that a value is.
func moduleError(v value) (*engine.ModuleError, bool) {
	err, _ := v.Interface().(error)
	return engine.OfModule(err)
}

// describe tells what an operand is, in the compiler's words.
func describe(x ast.Expr, op operand) string {
	text := types.ExprString(x)
	switch op := op.(type) {
	case untyped:
		if op.c == nil {
			return text
		}
		if op.c.String() != text && op.c.Kind() != constant.String {
			return fmt.Sprintf("%s (%s constant %s)", text, types.Typ[op.kind].Name(), op.c)
		}
		return fmt.Sprintf("%s (%s constant)", text, types.Typ[op.kind].Name())
	case value:
		return fmt.Sprintf("%s (value of type %s)", text, typeName(op))
	}
	return text
}

// plain turns an operand into a Go value of its own type: the default type for an untyped constant.
func (e *evaluation) plain(x ast.Expr, op operand, use string) any {
	switch op := op.(type) {
	case untyped:
		if op.c == nil {
			return nil
		}
		return e.assign(x, op, defaultType(op.kind), use).Interface()
	case value:
		return op.Interface()
	}
	e.fail(x, "%s cannot be used as a value", types.ExprString(x))
	return nil
}

// assign converts an operand to type t as an assignment does; use says what for: "argument to
// Make".
func (e *evaluation) assign(x ast.Expr, op operand, t reflect.Type, use string) reflect.Value {
	reason := ""
	switch op := op.(type) {
	case untyped:
		if op.c == nil {
			if nilable(t) {
				return reflect.Zero(t)
			}
			e.fail(x, "cannot use nil as %s value in %s", t, use)
		}
		if t.Kind() == reflect.Interface && reflect.TypeFor[int]().Implements(t) {
			return e.assign(x, op, defaultType(op.kind), use)
		}
		v, why := represent(op, t)
		if why == "" {
			return v
		}
		reason = why
	case value:
		if op.Type().AssignableTo(t) {
			return op.Value
		}
		if v, ok := e.copied(op).(value); ok && v.Type().AssignableTo(t) {
			return v.Value
		}
		reason = "mismatch"
	}
	message := fmt.Sprintf("cannot use %s as %s value in %s", describe(x, op), t, use)
	if reason != "mismatch" {
		message += " (" + reason + ")"
	}
	e.failAt(x.Pos(), nil, message)
	return reflect.Value{}
}

func nilable(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map, reflect.Interface, reflect.Func, reflect.Chan:
		return true
	}
	return false
}
