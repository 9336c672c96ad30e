package eval

import (
	"errors"
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"math"
	"reflect"
	"slices"
	"strings"

	"github.com/loadgo/load/engine"
)

// fold computes the largest constant parts of the expression with go/types, whose rules, limits and
// messages are the compiler's. pkg declares the module's constants; it may be nil.
func (e *evaluation) fold(pkg *types.Package) {
	e.folded = make(map[ast.Expr]types.TypeAndValue)
	var visit func(x ast.Expr)
	visit = func(x ast.Expr) {
		if closed(x, pkg) {
			if tv := e.check(x, pkg); tv.Value != nil {
				e.folded[x] = tv
				return
			}
		}
		for _, part := range parts(x) {
			visit(part)
		}
	}
	visit(e.root)
}

// check computes one closed expression.
func (e *evaluation) check(x ast.Expr, pkg *types.Package) types.TypeAndValue {
	info := &types.Info{Types: make(map[ast.Expr]types.TypeAndValue)}
	err := types.CheckExpr(e.fset, pkg, token.NoPos, x, info)
	var wrong types.Error
	if errors.As(err, &wrong) {
		e.failAt(wrong.Pos, nil, wrong.Msg)
	}
	return info.Types[x]
}

// closed reports whether x is made of nothing but constants, so that go/types can compute it alone.
func closed(x ast.Expr, pkg *types.Package) bool {
	switch x := x.(type) {
	case *ast.BasicLit:
		return true
	case *ast.Ident:
		_, ok := types.Universe.Lookup(x.Name).(*types.Const)
		if !ok && pkg != nil {
			_, ok = pkg.Scope().Lookup(x.Name).(*types.Const)
		}
		return ok && x.Name != "iota"
	case *ast.SelectorExpr:
		qualifier, ok := x.X.(*ast.Ident)
		return ok && pkg != nil && companionScope(pkg, qualifier.Name).Lookup(x.Sel.Name) != nil
	case *ast.ParenExpr:
		return closed(x.X, pkg)
	case *ast.UnaryExpr:
		return x.Op != token.AND && x.Op != token.ARROW && closed(x.X, pkg)
	case *ast.BinaryExpr:
		return closed(x.X, pkg) && closed(x.Y, pkg)
	case *ast.CallExpr:
		fun, ok := ast.Unparen(x.Fun).(*ast.Ident)
		if !ok || !constantFunction(fun.Name) {
			return false
		}
		return !slices.ContainsFunc(x.Args, func(arg ast.Expr) bool { return !closed(arg, pkg) })
	}
	return false
}

// constantFunction reports whether name is a basic type or a built-in function that makes
// constants.
func constantFunction(name string) bool {
	switch name {
	case "len", "min", "max", "real", "imag", "complex":
		return true
	}
	t, ok := predeclaredType(name)
	return ok && t.host.Kind() != reflect.Interface
}

// parts lists the expressions directly within x that are evaluated on their own.
func parts(x ast.Expr) []ast.Expr {
	switch x := x.(type) {
	case *ast.ParenExpr:
		return []ast.Expr{x.X}
	case *ast.UnaryExpr:
		return []ast.Expr{x.X}
	case *ast.StarExpr:
		return []ast.Expr{x.X}
	case *ast.BinaryExpr:
		return []ast.Expr{x.X, x.Y}
	case *ast.SelectorExpr:
		return []ast.Expr{x.X}
	case *ast.TypeAssertExpr:
		return []ast.Expr{x.X}
	case *ast.CallExpr:
		return append([]ast.Expr{x.Fun}, x.Args...)
	case *ast.IndexExpr:
		return []ast.Expr{x.X, x.Index}
	case *ast.SliceExpr:
		all := []ast.Expr{x.X, x.Low, x.High, x.Max}
		return slices.DeleteFunc(all, func(x ast.Expr) bool { return x == nil })
	case *ast.ArrayType:
		if x.Len != nil {
			return []ast.Expr{x.Len, x.Elt}
		}
		return []ast.Expr{x.Elt}
	case *ast.MapType:
		return []ast.Expr{x.Key, x.Value}
	case *ast.CompositeLit:
		if x.Type != nil {
			return append([]ast.Expr{x.Type}, x.Elts...)
		}
		return x.Elts
	case *ast.KeyValueExpr:
		return []ast.Expr{x.Key, x.Value}
	}
	return nil
}

// constants declares the untyped constants of the module that the expression names: they stay
// untyped in it, as they do in Go.
func (e *evaluation) constants() *types.Package {
	pkg := types.NewPackage("module", "module")
	ast.Inspect(e.root, func(n ast.Node) bool {
		x, ok := n.(ast.Expr)
		if !ok {
			return true
		}
		in, name := pkg, ""
		switch x := x.(type) {
		case *ast.Ident:
			name = x.Name
		case *ast.SelectorExpr:
			name = x.Sel.Name
		default:
			return true
		}
		symbol, ok := e.symbol(x)
		if !ok || symbol.Kind != engine.KindConst {
			return true
		}
		if x, ok := x.(*ast.SelectorExpr); ok {
			in = declareCompanion(pkg, x.X.(*ast.Ident).Name)
		}
		if in.Scope().Lookup(name) != nil {
			return true
		}
		kind, ok := untypedKind(symbol.Signature)
		if !ok {
			return true
		}
		v, err := e.module.Value(e.ctx, symbol.Name)
		if err != nil {
			e.failAt(x.Pos(), err, err.Error())
		}
		if c := constantOf(v); c.Kind() != constant.Unknown {
			in.Scope().Insert(types.NewConst(token.NoPos, in, name, types.Typ[kind], c))
		}
		return true
	})
	return pkg
}

// untypedKind reads "const Pi untyped float" and "const Pi untyped float = 3.14".
func untypedKind(signature string) (types.BasicKind, bool) {
	_, rest, ok := strings.Cut(signature, " untyped ")
	if !ok {
		return 0, false
	}
	name, _, _ := strings.Cut(rest, " ")
	for kind := types.UntypedBool; kind <= types.UntypedString; kind++ {
		if types.Typ[kind].Name() == "untyped "+name {
			return kind, true
		}
	}
	return 0, false
}

// constantOf makes a constant of a basic value.
func constantOf(v any) constant.Value {
	r := reflect.ValueOf(v)
	switch {
	case r.Kind() == reflect.Bool:
		return constant.MakeBool(r.Bool())
	case r.Kind() == reflect.String:
		return constant.MakeString(r.String())
	case r.CanInt():
		return constant.MakeInt64(r.Int())
	case r.CanUint():
		return constant.MakeUint64(r.Uint())
	case r.CanFloat():
		return constant.MakeFloat64(r.Float())
	case r.CanComplex():
		re, im := constant.MakeFloat64(real(r.Complex())), constant.MakeFloat64(imag(r.Complex()))
		return constant.BinaryOp(re, token.ADD, constant.MakeImag(im))
	}
	return constant.MakeUnknown()
}

// constantOperand turns what go/types computed into an operand; a typed constant is a value.
func constantOperand(tv types.TypeAndValue) operand {
	basic := tv.Type.Underlying().(*types.Basic)
	if basic.Info()&types.IsUntyped != 0 {
		return untyped{kind: basic.Kind(), c: tv.Value}
	}
	t, _ := predeclaredType(basic.Name())
	v, _ := represent(untyped{kind: basic.Kind(), c: tv.Value}, t.host)
	return value{v}
}

func defaultType(kind types.BasicKind) reflect.Type {
	t, _ := predeclaredType(types.Default(types.Typ[kind]).(*types.Basic).Name())
	return t.host
}

// represent makes the constant a value of type t. The reason, where it cannot, is "truncated",
// "overflows", or "mismatch" where the kinds have nothing to do with each other.
func represent(u untyped, t reflect.Type) (v reflect.Value, reason string) {
	v = reflect.New(t).Elem()
	switch t.Kind() {
	case reflect.Bool:
		if u.c.Kind() == constant.Bool {
			v.SetBool(constant.BoolVal(u.c))
			return v, ""
		}
		return v, "mismatch"
	case reflect.String:
		if u.c.Kind() == constant.String {
			v.SetString(constant.StringVal(u.c))
			return v, ""
		}
		return v, "mismatch"
	}
	if u.c.Kind() == constant.Bool || u.c.Kind() == constant.String {
		return v, "mismatch"
	}
	switch t.Kind() {
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		c := constant.ToInt(u.c)
		n, exact := constant.Int64Val(orZero(c))
		if reason = integerReason(c, exact && !v.OverflowInt(n)); reason == "" {
			v.SetInt(n)
		}
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		c := constant.ToInt(u.c)
		n, exact := constant.Uint64Val(orZero(c))
		if reason = integerReason(c, exact && !v.OverflowUint(n)); reason == "" {
			v.SetUint(n)
		}
	case reflect.Float32, reflect.Float64:
		c := constant.ToFloat(u.c)
		if c.Kind() == constant.Unknown {
			return v, "truncated"
		}
		f, _ := constant.Float64Val(c)
		if math.IsInf(f, 0) || v.OverflowFloat(f) {
			return v, "overflows"
		}
		if t.Kind() == reflect.Float32 { // rounded once, not through float64
			f32, _ := constant.Float32Val(c)
			f = float64(f32)
		}
		v.SetFloat(f)
	case reflect.Complex64, reflect.Complex128:
		re, _ := constant.Float64Val(constant.Real(u.c))
		im, _ := constant.Float64Val(constant.Imag(u.c))
		if math.IsInf(re, 0) || math.IsInf(im, 0) || v.OverflowComplex(complex(re, im)) {
			return v, "overflows"
		}
		v.SetComplex(complex(re, im))
	default:
		return v, "mismatch"
	}
	return v, reason
}

func integerReason(c constant.Value, fits bool) string {
	switch {
	case c.Kind() != constant.Int:
		return "truncated"
	case !fits:
		return "overflows"
	}
	return ""
}

func orZero(c constant.Value) constant.Value {
	if c.Kind() != constant.Int {
		return constant.MakeInt64(0)
	}
	return c
}
