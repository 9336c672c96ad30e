package codec

import (
	"fmt"
	"go/constant"
	"go/token"
	"reflect"
	"strings"

	"github.com/loadgo/load/internal/goglue/api"
)

// constantValue reads what exactConst wrote.
func constantValue(text string) constant.Value {
	if text == "" {
		return constant.MakeUnknown()
	}
	number := func(s string) constant.Value {
		if num, den, ok := strings.Cut(s, "/"); ok {
			return constant.BinaryOp(constant.MakeFromLiteral(num, token.INT, 0), token.QUO, constant.MakeFromLiteral(den, token.INT, 0))
		}
		negative := strings.HasPrefix(s, "-")
		v := constant.MakeFromLiteral(strings.TrimPrefix(s, "-"), token.FLOAT, 0)
		if v.Kind() == constant.Unknown {
			v = constant.MakeFromLiteral(strings.TrimPrefix(s, "-"), token.INT, 0)
		}
		if negative {
			v = constant.UnaryOp(token.SUB, v, 0)
		}
		return v
	}
	switch rest := text[1:]; text[0] {
	case 'b':
		return constant.MakeBool(rest == "true")
	case 's':
		return constant.MakeString(rest)
	case 'i', 'r':
		return constant.ToInt(number(rest))
	case 'f':
		return constant.ToFloat(number(rest))
	case 'c':
		re, im, _ := strings.Cut(rest, " ")
		return constant.BinaryOp(number(re), token.ADD, constant.MakeImag(number(im)))
	}
	return constant.MakeUnknown()
}

// ConstantAs converts a constant of the module to a type of the host. A typed constant fits types
// of its own kind; an untyped one fits every type that can hold it, and any holds it in its default
// type, or in uint64 where an int is too small.
func ConstantAs(s *api.Symbol, kind api.Kind, t reflect.Type) (reflect.Value, error) {
	v := constantValue(s.Const)
	target := t
	if t == AnyType {
		target = defaultType(s, kind, v)
	}
	unfit := fmt.Errorf("the constant %s does not fit %s", v, target)
	host := api.Kind(target.Kind())
	if kind == api.KindDuration {
		kind = api.KindInt64
	}
	if kind != 0 && kind != host {
		return reflect.Value{}, fmt.Errorf("%s does not fit a constant of kind %s", t, KindTypes[kind])
	}
	out := reflect.New(target).Elem()
	switch {
	case host == api.KindBool && v.Kind() == constant.Bool:
		out.SetBool(constant.BoolVal(v))
	case host == api.KindString && v.Kind() == constant.String:
		out.SetString(constant.StringVal(v))
	case signed(host):
		n, exact := constant.Int64Val(constant.ToInt(v))
		if !exact || constant.ToInt(v).Kind() != constant.Int || out.OverflowInt(n) {
			return reflect.Value{}, unfit
		}
		out.SetInt(n)
	case unsigned(host):
		n, exact := constant.Uint64Val(constant.ToInt(v))
		if !exact || constant.ToInt(v).Kind() != constant.Int || out.OverflowUint(n) {
			return reflect.Value{}, unfit
		}
		out.SetUint(n)
	case float(host) && constant.ToFloat(v).Kind() == constant.Float:
		f, _ := constant.Float64Val(constant.ToFloat(v))
		if out.OverflowFloat(f) {
			return reflect.Value{}, unfit
		}
		out.SetFloat(f)
	case (host == api.KindComplex64 || host == api.KindComplex128) && constant.ToComplex(v).Kind() == constant.Complex:
		c := constant.ToComplex(v)
		re, _ := constant.Float64Val(constant.Real(c))
		im, _ := constant.Float64Val(constant.Imag(c))
		out.SetComplex(complex(re, im))
	default:
		return reflect.Value{}, unfit
	}
	if t == AnyType {
		boxed := reflect.New(AnyType).Elem()
		boxed.Set(out)
		return boxed, nil
	}
	return out, nil
}

// defaultType is the type that a constant takes in an any.
func defaultType(s *api.Symbol, kind api.Kind, v constant.Value) reflect.Type {
	if t, ok := KindTypes[kind]; ok {
		return t
	}
	switch s.Const[0] {
	case 'b':
		return KindTypes[api.KindBool]
	case 's':
		return KindTypes[api.KindString]
	case 'r':
		return KindTypes[api.KindInt32]
	case 'f':
		return KindTypes[api.KindFloat64]
	case 'c':
		return KindTypes[api.KindComplex128]
	}
	if _, exact := constant.Int64Val(v); exact {
		return KindTypes[api.KindInt]
	}
	if _, exact := constant.Uint64Val(v); exact {
		return KindTypes[api.KindUint64]
	}
	return KindTypes[api.KindFloat64]
}
