package stub

import (
	"fmt"
	"reflect"
	"strings"
	"time"
)

// Generic returns a generic function of a package for type arguments. It is instantiated at its
// first use.
func Generic[F any](p *Package, name string, args ...reflect.Type) F {
	key := instance{name, reflect.TypeFor[F](), fmt.Sprint(args)}
	known, ok := p.generics.Load(key)
	if !ok {
		names := make([]string, len(args))
		for i, arg := range args {
			names[i] = p.argument(arg)
		}
		symbol := name + "[" + strings.Join(names, ", ") + "]"
		known, _ = p.generics.LoadOrStore(key, &Func[F]{Package: p, Symbol: symbol})
	}
	return known.(*Func[F]).Get()
}

// instance is a generic function with type arguments.
type instance struct {
	name     string
	function reflect.Type
	args     string
}

// Arg is a type argument.
func Arg[T any]() reflect.Type { return reflect.TypeFor[T]() }

// argument spells the type argument of an instantiation: what the module has, too, by its name,
// basic types by what they are made of, and other types of the program as any, as which they cross.
func (p *Package) argument(t reflect.Type) string {
	for _, twin := range p.all() {
		if twin.Type == t {
			return twin.Symbol
		}
	}
	switch t {
	case reflect.TypeFor[time.Time](), reflect.TypeFor[time.Duration]():
		return t.String()
	case reflect.TypeFor[error]():
		return "error"
	}
	switch t.Kind() {
	case reflect.Slice:
		return "[]" + p.argument(t.Elem())
	case reflect.Array:
		return fmt.Sprintf("[%d]%s", t.Len(), p.argument(t.Elem()))
	case reflect.Map:
		return "map[" + p.argument(t.Key()) + "]" + p.argument(t.Elem())
	case reflect.Pointer:
		return "*" + p.argument(t.Elem())
	case reflect.Func:
		return p.function(t)
	case reflect.Struct, reflect.Interface, reflect.Chan, reflect.UnsafePointer:
		return "any"
	}
	return t.Kind().String()
}

func (p *Package) function(t reflect.Type) string {
	var in, out []string
	for param := range t.Ins() {
		in = append(in, p.argument(param))
	}
	for result := range t.Outs() {
		out = append(out, p.argument(result))
	}
	if t.IsVariadic() {
		in[len(in)-1] = "..." + strings.TrimPrefix(in[len(in)-1], "[]")
	}
	return "func(" + strings.Join(in, ", ") + ") (" + strings.Join(out, ", ") + ")"
}
