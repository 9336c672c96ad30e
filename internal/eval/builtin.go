package eval

import (
	"go/ast"
	"go/token"
	"go/types"
	"reflect"
	"slices"
)

// evaluated reports whether builtin evaluates a built-in function; constants are computed before.
func evaluated(name string) bool {
	return slices.Contains([]string{"len", "cap", "min", "max", "append", "make", "new"}, name)
}

// builtin evaluates a call of a built-in function whose arguments are not all constants.
func (e *evaluation) builtin(x *ast.CallExpr, fun *ast.Ident) operand {
	if fun.Name == "make" || fun.Name == "new" {
		return e.allocated(x, fun.Name)
	}
	if x.Ellipsis.IsValid() && fun.Name != "append" {
		e.fail(x, "invalid operation: invalid use of ... with built-in %s", fun.Name)
	}
	ops := e.operands(x)
	if len(ops) == 0 {
		e.failAt(x.Rparen, nil, "not enough arguments for "+types.ExprString(x)+" (expected 1, found 0)")
	}
	switch fun.Name {
	case "len", "cap":
		if len(ops) > 1 {
			e.fail(argumentAt(x, 1), "too many arguments for %s (expected 1, found %d)", types.ExprString(x), len(ops))
		}
		return e.length(x, fun.Name, ops[0])
	case "append":
		return e.appended(x, ops)
	}
	best := ops[0]
	for i, op := range ops[1:] {
		a, b := e.match(argumentAt(x, 0), best, argumentAt(x, i+1), op, x)
		less, ok := ordered(a, b, token.LSS)
		if !ok {
			e.fail(argumentAt(x, i+1), "invalid argument: %s cannot be ordered", describe(argumentAt(x, i+1), op))
		}
		if best = (value{b}); less == (fun.Name == "min") {
			best = value{a}
		}
	}
	return best
}

// maxMade bounds what make makes: make([]byte, 1<<40) is short to write.
const maxMade = 16 << 20

// allocated evaluates make([]T, n), make(map[K]V) and new(T).
func (e *evaluation) allocated(x *ast.CallExpr, name string) operand {
	if len(x.Args) == 0 {
		e.failAt(x.Rparen, nil, "not enough arguments for "+types.ExprString(x)+" (expected 1, found 0)")
	}
	t := e.typeOf(x.Args[0])
	most := map[string]int{"make": 3, "new": 1}[name]
	if len(x.Args) > most {
		e.fail(x, "invalid operation: %s expects no more than %d arguments; found %d", types.ExprString(x), most, len(x.Args))
	}
	switch {
	case name == "new" && t.open:
		return value{reflect.New(reflect.TypeFor[struct{}]())}
	case name == "new":
		return value{reflect.New(t.host)}
	case t.host.Kind() == reflect.Map:
		return value{reflect.MakeMap(t.host)}
	case t.host.Kind() != reflect.Slice || t.open:
		e.fail(x.Args[0], "invalid argument: cannot make %s; type must be slice or map", t.name)
	case len(x.Args) == 1:
		e.fail(x, "invalid operation: %s expects 2 or 3 arguments; found 1", types.ExprString(x))
	}
	size := make([]int, 0, 2)
	for _, arg := range x.Args[1:] {
		n := e.position(arg)
		if uint64(n) > maxMade/uint64(max(t.elem.host.Size(), 1)) {
			e.fail(arg, "the slice is larger than %d bytes", maxMade)
		}
		size = append(size, n)
	}
	if size[0] > size[len(size)-1] {
		e.fail(x.Args[1], "invalid argument: length and capacity swapped")
	}
	return value{reflect.MakeSlice(t.host, size[0], size[len(size)-1])}
}

func (e *evaluation) length(x *ast.CallExpr, name string, op operand) operand {
	if v, ok := op.(value); ok && v.object() != nil && name == "len" {
		if n, err := v.object().Len(e.ctx); err == nil {
			return value{reflect.ValueOf(n)}
		}
	}
	op = e.copied(op)
	v, ok := op.(value)
	if ok && v.Kind() == reflect.Pointer && v.Type().Elem().Kind() == reflect.Array {
		return value{reflect.ValueOf(v.Type().Elem().Len())}
	}
	if ok {
		switch k := v.Kind(); {
		case k == reflect.Slice || k == reflect.Array:
			if name == "cap" {
				return value{reflect.ValueOf(v.Cap())}
			}
			return value{reflect.ValueOf(v.Len())}
		case (k == reflect.String || k == reflect.Map) && name == "len":
			return value{reflect.ValueOf(v.Len())}
		}
	}
	e.fail(x.Args[0], "invalid argument: %s for built-in %s", describe(x.Args[0], op), name)
	return nil
}

func (e *evaluation) appended(x *ast.CallExpr, ops []operand) operand {
	list, ok := ops[0].(value)
	if !ok || list.Kind() != reflect.Slice {
		e.fail(x.Args[0], "invalid argument: %s is not a slice", describe(x.Args[0], ops[0]))
	}
	if x.Ellipsis.IsValid() {
		if len(ops) != 2 {
			e.fail(x, "can only use ... with final argument in list")
		}
		if text, ok := e.bytesOf(ops[1]); ok && list.Type().Elem().Kind() == reflect.Uint8 {
			return value{reflect.AppendSlice(list.Value, reflect.ValueOf(text).Convert(list.Type()))}
		}
		return value{reflect.AppendSlice(list.Value, e.assign(x.Args[1], ops[1], list.Type(), "argument to append"))}
	}
	result := list.Slice3(0, list.Len(), list.Len()) // the module's or the literal's array is left alone
	for i, op := range ops[1:] {
		at := argumentAt(x, i+1)
		result = reflect.Append(result, e.assign(at, op, list.Type().Elem(), "argument to append"))
	}
	return value{result}
}

// bytesOf returns the bytes of a string operand.
func (e *evaluation) bytesOf(op operand) ([]byte, bool) {
	switch op := op.(type) {
	case untyped:
		if op.c != nil {
			if v, reason := represent(op, reflect.TypeFor[string]()); reason == "" {
				return []byte(v.String()), true
			}
		}
	case value:
		if op.Kind() == reflect.String {
			return []byte(op.String()), true
		}
	}
	return nil, false
}

// conversion evaluates T(x).
func (e *evaluation) conversion(x *ast.CallExpr, t goType) operand {
	if len(x.Args) != 1 || x.Ellipsis.IsValid() {
		e.fail(x, "wrong argument count in conversion to %s", t.name)
	}
	op := e.single(x.Args[0])
	if !t.open && t.host.Kind() != reflect.Interface {
		op = e.copied(op)
	}
	if t.open { // what it is made of is the module's business
		return operandOf(e.plain(x.Args[0], op, "conversion"))
	}
	switch op := op.(type) {
	case untyped:
		if op.c == nil || t.host.Kind() == reflect.Interface {
			return dynamic(e.assign(x.Args[0], op, t.host, "conversion"))
		}
		if v, reason := represent(op, t.host); reason == "" {
			return value{v}
		}
		v := reflect.ValueOf(e.plain(x.Args[0], op, "conversion"))
		// Among constants only strings convert to slices, and integers to strings.
		if v.Kind() == reflect.String && v.CanConvert(t.host) || v.CanInt() && t.host.Kind() == reflect.String {
			return value{v.Convert(t.host)}
		}
	case value:
		if op.CanConvert(t.host) {
			return dynamic(op.Convert(t.host))
		}
	}
	e.fail(x.Args[0], "cannot convert %s to type %s", describe(x.Args[0], op), t.name)
	return nil
}
