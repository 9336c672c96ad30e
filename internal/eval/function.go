package eval

import (
	"go/ast"
	"reflect"

	"github.com/loadgo/load/engine"
)

// functionValue is a function of the module as a value, an argument of another function: a function
// of the host that calls it. Its parameters and results have to be of types that the host has, too.
func (e *evaluation) functionValue(f callee) (operand, bool) {
	if !f.signature.known || f.call == nil {
		return nil, false
	}
	in, ok := e.hostTypes(f.signature.params)
	out, ok2 := e.hostTypes(f.signature.results)
	if !ok || !ok2 {
		return nil, false
	}
	if f.signature.variadic {
		in[len(in)-1] = reflect.SliceOf(in[len(in)-1])
	}
	t := reflect.FuncOf(in, out, f.signature.variadic)
	return value{reflect.MakeFunc(t, func(args []reflect.Value) []reflect.Value {
		given := make([]any, len(args))
		for i, arg := range args {
			given[i] = arg.Interface()
		}
		if f.signature.variadic {
			given[len(args)-1] = engine.Spread{Slice: given[len(args)-1]}
		}
		results, err := f.call(e.ctx, given)
		if err != nil && !f.signature.hasError() {
			panic(err)
		}
		values := make([]reflect.Value, len(out))
		for i, t := range out {
			values[i] = reflect.New(t).Elem()
			if i < len(results) && results[i] != nil {
				values[i].Set(reflect.ValueOf(results[i]))
			}
		}
		if err != nil {
			values[len(out)-1].Set(reflect.ValueOf(err))
		}
		return values
	})}, true
}

// hostTypes are the types of the host for parameters or results, if all of them have one.
func (e *evaluation) hostTypes(list []ast.Expr) ([]reflect.Type, bool) {
	found := make([]reflect.Type, len(list))
	for i, x := range list {
		t := e.declared(x, map[string]bool{})
		if t.open || t.name != t.host.String() && t.host.Name() != "" && !basicAlias(t.name) {
			return nil, false // of a named type the module returns an object
		}
		found[i] = t.host
	}
	return found, true
}

// basicAlias reports whether name is another name of a predeclared type.
func basicAlias(name string) bool { return name == "byte" || name == "rune" || name == "any" }
