package eval

import (
	"go/ast"
	"go/types"
	"reflect"
)

// maxIndex bounds the indices of a composite literal: []int{1 << 40: 0} is short to write.
const maxIndex = 1 << 16

// literalType is the type of a composite literal, with the length of [...] counted.
func (e *evaluation) literalType(x *ast.CompositeLit) goType {
	array, ok := x.Type.(*ast.ArrayType)
	if !ok {
		if x.Type == nil {
			e.fail(x, "invalid composite literal: it has no type")
		}
		return e.typeOf(x.Type)
	}
	if _, ok := array.Len.(*ast.Ellipsis); !ok {
		return e.typeOf(x.Type)
	}
	n, next := 0, 0
	for _, elt := range x.Elts {
		if kv, ok := elt.(*ast.KeyValueExpr); ok {
			next = e.elementIndex(kv.Key)
		}
		next++
		n = max(n, next)
	}
	return e.arrayOf(x.Type, n, e.typeOf(array.Elt))
}

// composite builds the value of a composite literal of type t.
func (e *evaluation) composite(x *ast.CompositeLit, t goType) reflect.Value {
	switch {
	case t.open && !t.pointer() && t.fields == nil && !namesFields(x):
		return e.unknownLiteral(x, t)
	case t.open && !t.pointer(), !t.open && t.fields != nil:
		return e.structLiteral(x, t)
	case t.host.Kind() == reflect.Slice, t.host.Kind() == reflect.Array:
		return e.listLiteral(x, t)
	case t.host.Kind() == reflect.Map:
		return e.mapLiteral(x, t)
	}
	e.fail(x, "invalid composite literal type %s", t.name)
	return reflect.Value{}
}

// namesFields reports whether a literal may be one of a struct.
func namesFields(x *ast.CompositeLit) bool {
	if len(x.Elts) == 0 {
		return true
	}
	kv, ok := x.Elts[0].(*ast.KeyValueExpr)
	if !ok {
		return false
	}
	_, ok = kv.Key.(*ast.Ident)
	return ok
}

// unknownLiteral builds a list or a map of a type of which the module alone knows what it is made
// of: an alias of another package's. Only what the module can make a value of is taken.
func (e *evaluation) unknownLiteral(x *ast.CompositeLit, t goType) reflect.Value {
	unknown := goType{host: reflect.TypeFor[any](), open: true} // of its elements
	var given reflect.Value
	if _, keyed := x.Elts[0].(*ast.KeyValueExpr); keyed {
		given = e.mapLiteral(x, goType{host: reflect.TypeFor[map[any]any](), key: &unknown, elem: &unknown})
	} else {
		given = e.listLiteral(x, sliceOf(unknown))
	}
	if t.name == "" {
		return given
	}
	if _, err := e.module.Call(e.ctx, t.name, given.Interface()); err != nil {
		e.failAt(x.Elts[0].Pos(), err, "the fields of "+t.name+" are not known here: write them as Field: value")
	}
	return given
}

// element evaluates an element of a literal whose type is t; within one, {…} stands for T{…} or
// &T{…}.
func (e *evaluation) element(x ast.Expr, t goType, use string) reflect.Value {
	lit, ok := x.(*ast.CompositeLit)
	if !ok || lit.Type != nil {
		return e.assignType(x, e.single(x), t, use)
	}
	if t.pointer() {
		return pointerToValue(e.composite(lit, *t.elem))
	}
	return e.composite(lit, t)
}

// assignType is assign with a type of the module allowed: its values are taken as they are.
func (e *evaluation) assignType(x ast.Expr, op operand, t goType, use string) reflect.Value {
	if !t.open {
		if t.host.Kind() == reflect.Interface {
			op = e.made(x, op)
		}
		return e.assign(x, op, t.host, use)
	}
	if name, ok := e.madeAs(x); ok && name != t.name && t.iface {
		op = e.made(x, op)
	}
	if v := e.plain(x, op, use); v != nil {
		return reflect.ValueOf(v)
	}
	return reflect.Zero(reflect.TypeFor[any]())
}

// listLiteral builds a slice or an array.
func (e *evaluation) listLiteral(x *ast.CompositeLit, t goType) reflect.Value {
	length := 0
	elements := make(map[int]reflect.Value, len(x.Elts))
	next := 0
	for _, elt := range x.Elts {
		if kv, ok := elt.(*ast.KeyValueExpr); ok {
			next, elt = e.elementIndex(kv.Key), kv.Value
		}
		if _, twice := elements[next]; twice {
			e.fail(elt, "duplicate index %d in array or slice literal", next)
		}
		if t.host.Kind() == reflect.Array && next >= t.host.Len() {
			e.fail(elt, "index %d out of bounds for %s", next, t.name)
		}
		elements[next] = e.element(elt, *t.elem, "array or slice literal")
		next++
		length = max(length, next)
	}
	v := reflect.New(t.host).Elem()
	if t.host.Kind() == reflect.Slice {
		v = reflect.MakeSlice(t.host, length, length)
	}
	for i, element := range elements {
		v.Index(i).Set(element)
	}
	return v
}

func (e *evaluation) elementIndex(x ast.Expr) int {
	i := e.constantIndex(x, "index")
	if i >= maxIndex {
		e.fail(x, "index %s is larger than %d", types.ExprString(x), maxIndex)
	}
	return i
}

func (e *evaluation) mapLiteral(x *ast.CompositeLit, t goType) reflect.Value {
	m := reflect.MakeMapWithSize(t.host, len(x.Elts))
	for _, elt := range x.Elts {
		kv, ok := elt.(*ast.KeyValueExpr)
		if !ok {
			e.fail(elt, "missing key in map literal")
		}
		key := e.element(kv.Key, *t.key, "map literal")
		if !key.Comparable() {
			e.fail(kv.Key, "%s cannot be a map key: it is not comparable", types.ExprString(kv.Key))
		}
		if m.MapIndex(key).IsValid() {
			e.fail(kv.Key, "duplicate key %s in map literal", types.ExprString(kv.Key))
		}
		m.SetMapIndex(key, e.element(kv.Value, *t.elem, "map literal"))
	}
	return m
}

// structLiteral builds a struct. One of the module's type has the fields that were written and no
// others: the module takes the rest as zero.
func (e *evaluation) structLiteral(x *ast.CompositeLit, t goType) reflect.Value {
	var names []string
	values := make(map[string]reflect.Value)
	for i, elt := range x.Elts {
		f, expr := e.literalField(x, t, i, elt)
		if _, twice := values[f.name]; twice {
			e.fail(elt, "duplicate field name %s in struct literal", f.name)
		}
		names = append(names, f.name)
		values[f.name] = e.element(expr, *f.typ, "struct literal")
	}
	if !t.open {
		v := reflect.New(t.host).Elem()
		for name, value := range values {
			v.FieldByName(name).Set(value)
		}
		return v
	}
	fields := make([]reflect.StructField, len(names))
	for i, name := range names {
		fields[i] = reflect.StructField{Name: name, Type: values[name].Type()}
	}
	v := reflect.New(reflect.StructOf(fields)).Elem()
	for i, name := range names {
		v.Field(i).Set(values[name])
	}
	return v
}

// literalField tells which field the i-th element of a struct literal is for, and its value.
func (e *evaluation) literalField(x *ast.CompositeLit, t goType, i int, elt ast.Expr) (field, ast.Expr) {
	unknown := goType{name: "any", host: reflect.TypeFor[any](), open: true}
	kv, keyed := elt.(*ast.KeyValueExpr)
	if _, first := x.Elts[0].(*ast.KeyValueExpr); first != keyed {
		e.fail(elt, "mixture of field:value and value elements in struct literal")
	}
	if !keyed {
		switch {
		case t.fields == nil:
			e.fail(elt, "the fields of %s are not known here: write them as Field: value", t.name)
		case i >= len(t.fields):
			e.fail(elt, "too many values in struct literal of type %s", t.name)
		case i == len(x.Elts)-1 && len(x.Elts) < len(t.fields):
			e.fail(elt, "too few values in struct literal of type %s", t.name)
		}
		if f := t.fields[i]; !ast.IsExported(f.name) {
			e.fail(elt, "implicit assignment to unexported field %s in struct literal of type %s", f.name, t.name)
		}
		return t.fields[i], elt
	}
	key, ok := kv.Key.(*ast.Ident)
	if !ok {
		e.fail(kv.Key, "invalid field name %s in struct literal", types.ExprString(kv.Key))
	}
	if !key.IsExported() {
		e.fail(key, "cannot refer to unexported field %s in struct literal of type %s", key.Name, t.name)
	}
	for _, f := range t.fields {
		if f.name == key.Name {
			return f, kv.Value
		}
	}
	if t.fields != nil {
		e.fail(key, "unknown field %s in struct literal of type %s", key.Name, t.name)
	}
	return field{key.Name, &unknown}, kv.Value
}

// pointerToValue returns a pointer to a fresh copy of v.
func pointerToValue(v reflect.Value) reflect.Value {
	p := reflect.New(v.Type())
	p.Elem().Set(v)
	return p
}
