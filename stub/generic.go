package stub

import (
	"fmt"
	"maps"
	"reflect"
	"strings"
	"time"
)

// Generic returns a generic function of a package for type arguments, which are the parameters of
// the function type A. It is instantiated at its first use. Constraints are the module's names of
// the interfaces that the arguments implement, "" for those that need no methods; none stands for
// that.
func Generic[F, A any](p *Package, name string, constraints ...string) F {
	key := instance{name, reflect.TypeFor[F](), reflect.TypeFor[A]()}
	if known := p.generics.Load(); known != nil {
		if f, ok := (*known)[key].(*Func[F]); ok {
			return f.Get()
		}
	}
	return p.instantiate(key, func() any {
		return &Func[F]{Package: p, Symbol: name + "[" + strings.Join(p.arguments(key.arguments, constraints), ", ") + "]"}
	}).(*Func[F]).Get()
}

// instance is a generic function with type arguments.
type instance struct {
	name      string
	function  reflect.Type
	arguments reflect.Type // whose parameters they are
}

// instantiate returns the function of an instance, a *Func, and makes it if there is none.
func (p *Package) instantiate(key instance, make func() any) any {
	for {
		old, fresh := p.generics.Load(), map[instance]any{}
		if old != nil {
			if known := (*old)[key]; known != nil {
				return known
			}
			fresh = maps.Clone(*old)
		}
		fresh[key] = make()
		if p.generics.CompareAndSwap(old, &fresh) {
			return fresh[key]
		}
	}
}

// arguments spells the type arguments of an instantiation.
func (p *Package) arguments(list reflect.Type, constraints []string) (names []string) {
	for n := range list.NumIn() {
		arg := list.In(n)
		if n < len(constraints) && constraints[n] != "" && !p.isOwn(arg) {
			names = append(names, constraints[n])
		} else {
			names = append(names, p.argument(arg))
		}
	}
	return names
}

// isOwn reports whether the module has a type, or what it points to, by its name.
func (p *Package) isOwn(t reflect.Type) bool {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	for _, twin := range p.all() {
		if twin.Type == t {
			return true
		}
	}
	return t == reflect.TypeFor[time.Time]() || t == reflect.TypeFor[time.Duration]()
}

// argument spells a type argument: what the module has, too, by its name, basic types by what they
// are made of, and other types of the program as any, as which they cross.
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
