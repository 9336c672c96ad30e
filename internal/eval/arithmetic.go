package eval

import (
	"cmp"
	"go/token"
	"reflect"
)

// ordered compares two values of one type; ok is false where the type has no order.
func ordered(a, b reflect.Value, op token.Token) (result, ok bool) {
	var less, equal bool
	switch {
	case a.CanInt():
		less, equal = a.Int() < b.Int(), a.Int() == b.Int()
	case a.CanUint():
		less, equal = a.Uint() < b.Uint(), a.Uint() == b.Uint()
	case a.CanFloat():
		x, y := a.Float(), b.Float()
		if x != x || y != y { // NaN has no order
			return false, true
		}
		less, equal = x < y, x == y
	case a.Kind() == reflect.String:
		c := cmp.Compare(a.String(), b.String())
		less, equal = c < 0, c == 0
	default:
		return false, false
	}
	switch op {
	case token.LSS:
		return less, true
	case token.LEQ:
		return less || equal, true
	case token.GTR:
		return !less && !equal, true
	}
	return !less, true
}

// arithmetic computes a op b for two values of one type, wrapping as Go does. The result is invalid
// where the operator is not defined on the type.
func arithmetic(op token.Token, a, b reflect.Value) reflect.Value {
	var result any
	switch {
	case a.CanInt():
		result = integer(op, a.Int(), b.Int())
	case a.CanUint():
		result = integer(op, a.Uint(), b.Uint())
	case a.CanFloat():
		result = fraction(op, a.Float(), b.Float())
	case a.CanComplex():
		result = fraction(op, a.Complex(), b.Complex())
	case a.Kind() == reflect.String && op == token.ADD:
		result = a.String() + b.String()
	}
	if result == nil {
		return reflect.Value{}
	}
	return reflect.ValueOf(result).Convert(a.Type())
}

func integer[T int64 | uint64](op token.Token, a, b T) any {
	switch op {
	case token.REM:
		return a % b
	case token.AND:
		return a & b
	case token.OR:
		return a | b
	case token.XOR:
		return a ^ b
	case token.AND_NOT:
		return a &^ b
	case token.QUO:
		return a / b
	}
	return sum(op, a, b)
}

func fraction[T float64 | complex128](op token.Token, a, b T) any {
	if op == token.QUO {
		return a / b
	}
	return sum(op, a, b)
}

func sum[T int64 | uint64 | float64 | complex128](op token.Token, a, b T) any {
	switch op {
	case token.ADD:
		return a + b
	case token.SUB:
		return a - b
	case token.MUL:
		return a * b
	}
	return nil
}
