package standard_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/loadgo/load"
)

// binding is a package whose functions are bound to Go types of the host.
type binding struct {
	name      string
	along     []string
	instances []string
	calls     func(b *bound)
}

// bindings are the packages of the tests of bound functions, by what crosses.
var bindings = slices.Concat(decoders, callbacks, streams, programs)

// bound is a package under test.
type bound struct {
	*testing.T
	packages *packages
	name     string
	module   *load.Module
}

// bindings runs the calls of one package.
func (p *packages) bindings(t *testing.T, b binding) {
	m, err := p.loader.Load(t.Context(), b.name, load.Along(b.along...), load.Instantiate(b.instances...))
	if err != nil {
		p.result(b.name, "load", err.Error(), "")
		return
	}
	b.calls(&bound{T: t, packages: p, name: b.name, module: m})
}

// call makes one call, or a few that belong together, and counts it: right is what Go prints for
// what f returns. A panic and a failed fn within f are failures.
func (b *bound) call(name, right string, f func() any) {
	got := ""
	func() {
		defer func() {
			if r := recover(); r != nil {
				got = fmt.Sprint("panic: ", r)
			}
		}()
		got = fmt.Sprint(f())
	}()
	b.packages.result(b.name, name, got, right)
}

// fn binds a function; it panics where that fails.
func fn[F any](b *bound, symbol string) F {
	f, err := load.Func[F](b.module, symbol)
	if err != nil {
		panic(err)
	}
	return f
}

// method binds a method; it panics where that fails.
func method[F any](o *load.Object, name string) F {
	f, err := load.Method[F](o, name)
	if err != nil {
		panic(err)
	}
	return f
}

// value reads a variable or a constant; it panics where that fails.
func value[T any](b *bound, symbol string) T {
	v, err := load.Value[T](b.module, symbol)
	if err != nil {
		panic(err)
	}
	return v
}

// pair is a value and an error, as Println prints them.
func pair(v any, err error) any {
	if err != nil {
		return fmt.Sprint(v, " ", err)
	}
	return v
}
