package eval

import (
	"go/ast"
	"go/types"
	"reflect"
	"strconv"
	"time"

	"github.com/loadgo/load/engine"
)

// namedType is a type of the module, as far as its signature tells what it is made of.
func (e *evaluation) namedType(symbol engine.Symbol) goType {
	spec, _ := declarationOf(symbol).(*ast.TypeSpec)
	if spec == nil {
		return goType{name: symbol.Name, host: reflect.TypeFor[any](), open: true}
	}
	t := e.declared(spec.Type, map[string]bool{symbol.Name: true})
	t.name = symbol.Name
	return t
}

// declared is the type that x means in the module's own scope. What an expression could not write
// is open. visiting holds the named types on the way, for types that contain themselves.
func (e *evaluation) declared(x ast.Expr, visiting map[string]bool) goType {
	open := goType{name: types.ExprString(x), host: reflect.TypeFor[any](), open: true}
	switch x := x.(type) {
	case *ast.Ident:
		if t, ok := predeclaredType(x.Name); ok {
			return t
		}
		return e.declaredName(x, open, visiting)
	case *ast.SelectorExpr:
		if t, ok := timeType(x); ok {
			return t
		}
		return e.declaredName(x, open, visiting)
	case *ast.IndexExpr, *ast.IndexListExpr:
		return e.declaredName(x, open, visiting)
	case *ast.StarExpr:
		return pointerTo(e.declared(x.X, visiting))
	case *ast.ArrayType:
		elem := e.declared(x.Elt, visiting)
		if x.Len == nil {
			return sliceOf(elem)
		}
		if n, err := strconv.Atoi(types.ExprString(x.Len)); err == nil { // the compiler's types spell it so
			return e.arrayOf(x, n, elem)
		}
	case *ast.MapType:
		key, elem := e.declared(x.Key, visiting), e.declared(x.Value, visiting)
		if key.host.Comparable() {
			return goType{name: open.name, host: reflect.MapOf(key.host, elem.host), key: &key, elem: &elem}
		}
	case *ast.InterfaceType:
		open.iface = true
	case *ast.StructType:
		open.fields = []field{}
		for _, f := range x.Fields.List {
			for _, name := range f.Names {
				t := e.declared(f.Type, visiting)
				open.fields = append(open.fields, field{name.Name, &t})
			}
			if len(f.Names) == 0 {
				t := e.declared(f.Type, visiting)
				open.fields = append(open.fields, field{embeddedName(f.Type), &t})
			}
		}
	}
	return open
}

// timeType is one of the types of package time that every module and the host have in common.
func timeType(x *ast.SelectorExpr) (goType, bool) {
	t := goType{name: types.ExprString(x)}
	switch t.name {
	case "time.Duration":
		t.host = reflect.TypeFor[time.Duration]()
	case "time.Time":
		t.host = reflect.TypeFor[time.Time]()
	default:
		return goType{}, false
	}
	return t, true
}

// declaredName is the type that a name in a declaration stands for, or else open.
func (e *evaluation) declaredName(x ast.Expr, open goType, visiting map[string]bool) goType {
	symbol, ok := e.symbol(x)
	if !ok || symbol.Kind != engine.KindType || visiting[symbol.Name] {
		return open
	}
	spec, ok := declarationOf(symbol).(*ast.TypeSpec)
	if !ok {
		return open
	}
	visiting[symbol.Name] = true
	defer delete(visiting, symbol.Name)
	t := e.declared(spec.Type, visiting)
	t.name = symbol.Name
	return t
}

// embeddedName is the field name of an embedded type.
func embeddedName(x ast.Expr) string {
	switch x := x.(type) {
	case *ast.StarExpr:
		return embeddedName(x.X)
	case *ast.SelectorExpr:
		return x.Sel.Name
	case *ast.Ident:
		return x.Name
	case *ast.IndexExpr:
		return embeddedName(x.X)
	case *ast.IndexListExpr:
		return embeddedName(x.X)
	}
	return ""
}
