package eval

import (
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"reflect"

	"github.com/loadgo/load/engine"
)

// maxTypeSize bounds the values that a type in an expression can ask for.
const maxTypeSize = 16 << 20

// goType is a type in an expression. A type of the module has no Go type on the host: its values
// are built from what they are made of, and the module matches them by structure.
type goType struct {
	name   string
	host   reflect.Type // the type of its values here; any for a struct or an opaque type of the module
	key    *goType      // of a map
	elem   *goType      // of a pointer, slice, array or map
	fields []field      // of a struct type whose fields are known; nil of every other
	iface  bool         // an interface type of the module, which is open
	open   bool         // a struct or an opaque type of the module: values have the shape that they are given
}

// field is a field of a struct type.
type field struct {
	name string
	typ  *goType // nil where it cannot be written in an expression
}

func (goType) operand() {}

// predeclaredType returns a predeclared type by its name.
func predeclaredType(name string) (goType, bool) {
	var host reflect.Type
	switch name {
	case "bool":
		host = reflect.TypeFor[bool]()
	case "string":
		host = reflect.TypeFor[string]()
	case "int":
		host = reflect.TypeFor[int]()
	case "int8":
		host = reflect.TypeFor[int8]()
	case "int16":
		host = reflect.TypeFor[int16]()
	case "int32", "rune":
		host = reflect.TypeFor[int32]()
	case "int64":
		host = reflect.TypeFor[int64]()
	case "uint":
		host = reflect.TypeFor[uint]()
	case "uint8", "byte":
		host = reflect.TypeFor[uint8]()
	case "uint16":
		host = reflect.TypeFor[uint16]()
	case "uint32":
		host = reflect.TypeFor[uint32]()
	case "uint64":
		host = reflect.TypeFor[uint64]()
	case "uintptr":
		host = reflect.TypeFor[uintptr]()
	case "float32":
		host = reflect.TypeFor[float32]()
	case "float64":
		host = reflect.TypeFor[float64]()
	case "complex64":
		host = reflect.TypeFor[complex64]()
	case "complex128":
		host = reflect.TypeFor[complex128]()
	case "any":
		host = reflect.TypeFor[any]()
	case "error":
		host = reflect.TypeFor[error]()
	default:
		return goType{}, false
	}
	return goType{name: name, host: host}, true
}

// typeOf evaluates x, which stands where a type must.
func (e *evaluation) typeOf(x ast.Expr) goType {
	switch x := x.(type) {
	case *ast.ParenExpr:
		return e.typeOf(x.X)
	case *ast.Ident:
		if t, ok := e.eval(x).(goType); ok {
			return t
		}
	case *ast.StarExpr:
		return pointerTo(e.typeOf(x.X))
	case *ast.ArrayType:
		return e.arrayType(x)
	case *ast.MapType:
		key, elem := e.typeOf(x.Key), e.typeOf(x.Value)
		if !key.host.Comparable() {
			e.fail(x.Key, "invalid map key type %s", key.name)
		}
		return goType{name: "map[" + key.name + "]" + elem.name, host: reflect.MapOf(key.host, elem.host), key: &key, elem: &elem}
	case *ast.StructType:
		return e.structType(x)
	case *ast.InterfaceType:
		return goType{name: "interface {}", host: reflect.TypeFor[any]()} // one without methods, see limit
	case *ast.SelectorExpr, *ast.IndexExpr, *ast.IndexListExpr:
		if symbol, ok := e.symbol(x); ok && symbol.Kind == engine.KindType {
			return e.namedType(symbol)
		}
		if selector, ok := x.(*ast.SelectorExpr); ok {
			if t, ok := timeType(selector); ok {
				return t
			}
			e.undefinedType(selector)
		}
	}
	e.fail(x, "%s is not a type", types.ExprString(x))
	return goType{}
}

func pointerTo(elem goType) goType {
	t := goType{name: "*" + elem.name, host: elem.host, elem: &elem, open: elem.open}
	if !elem.open {
		t.host = reflect.PointerTo(elem.host)
	}
	return t
}

// pointer reports whether t is a pointer type.
func (t goType) pointer() bool {
	return t.open && t.elem != nil || t.host.Kind() == reflect.Pointer
}

func sliceOf(elem goType) goType {
	return goType{name: "[]" + elem.name, host: reflect.SliceOf(elem.host), elem: &elem}
}

func (e *evaluation) arrayType(x *ast.ArrayType) goType {
	elem := e.typeOf(x.Elt)
	if x.Len == nil {
		return sliceOf(elem)
	}
	if _, ok := x.Len.(*ast.Ellipsis); ok {
		e.fail(x.Len, "invalid use of [...] array (outside a composite literal)")
	}
	n := e.constantIndex(x.Len, "array length")
	return e.arrayOf(x, n, elem)
}

func (e *evaluation) arrayOf(x ast.Expr, n int, elem goType) goType {
	if size := max(elem.host.Size(), 1); uint64(n) > maxTypeSize/uint64(size) {
		e.fail(x, "the array is larger than %d bytes", maxTypeSize)
	}
	name := "[" + constant.MakeInt64(int64(n)).String() + "]" + elem.name
	return goType{name: name, host: reflect.ArrayOf(n, elem.host), elem: &elem}
}

// constantIndex evaluates x to a constant that is not negative.
func (e *evaluation) constantIndex(x ast.Expr, what string) int {
	if op, ok := e.eval(x).(untyped); ok && op.c != nil {
		v, reason := represent(op, reflect.TypeFor[int]())
		if reason == "" && v.Int() >= 0 {
			return int(v.Int())
		}
	}
	e.fail(x, "invalid %s %s", what, types.ExprString(x))
	return 0
}

func (e *evaluation) structType(x *ast.StructType) goType {
	fields := []field{}
	var host []reflect.StructField
	seen := make(map[string]bool)
	for _, f := range x.Fields.List {
		t := e.typeOf(f.Type)
		for _, name := range f.Names {
			if seen[name.Name] {
				e.fail(name, "%s redeclared", name.Name)
			}
			seen[name.Name] = true
			fields = append(fields, field{name.Name, &t})
			host = append(host, reflect.StructField{Name: name.Name, Type: t.host, Tag: structTag(f)})
		}
	}
	t := goType{name: types.ExprString(x), host: reflect.StructOf(host), fields: fields}
	if t.host.Size() > maxTypeSize {
		e.fail(x, "the struct is larger than %d bytes", maxTypeSize)
	}
	return t
}

func structTag(f *ast.Field) reflect.StructTag {
	if f.Tag == nil {
		return ""
	}
	return reflect.StructTag(constant.StringVal(constant.MakeFromLiteral(f.Tag.Value, token.STRING, 0)))
}
