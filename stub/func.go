package stub

import (
	"context"
	"reflect"
	"sync/atomic"

	"github.com/loadgo/load"
)

// Func is a function of a package, or a method with its receiver first, of type F. It follows its
// module as a [load.Derived] does.
//
// A program has one Func for each function of its stubs, and one instance of this code for each
// signature: so what is generic is the assertion alone.
type Func[F any] struct {
	Package *Package
	Symbol  string
	bound   bound
}

// Get returns the function of the module that runs, and loads it if need be. It panics with the
// typed error where that fails: the signatures of the original have no place for it.
func (f *Func[F]) Get() F {
	var none F
	return f.bound.get(f.Package, f.Symbol, none).(F)
}

// bound is a function as it is known now.
type bound struct{ now atomic.Pointer[binding] }

// binding is a function and the loader that it is of.
type binding struct {
	loader   *load.Loader
	function load.Derived[any]
}

// get returns the function of the type of like.
func (b *bound) get(p *Package, symbol string, like any) any {
	l, err := p.Module.current()
	if err != nil {
		panic(err)
	}
	now := b.now.Load()
	for now == nil || now.loader != l {
		fresh := &binding{l, load.Derive(l, p.Module.Name, p.binder(symbol, reflect.TypeOf(like)), p.Module.options()...)}
		if b.now.CompareAndSwap(now, fresh) {
			now = fresh
		} else {
			now = b.now.Load()
		}
	}
	function, err := now.function.Get(context.Background())
	if err != nil {
		panic(err)
	}
	return function
}

// binder returns what binds a symbol of the package.
func (p *Package) binder(symbol string, t reflect.Type) func(context.Context, *load.Module) (any, error) {
	return func(_ context.Context, m *load.Module) (any, error) {
		p.adopt(m)
		v, err := m.BindAs(p.Prefix+symbol, t)
		if err != nil {
			return nil, err
		}
		return v.Interface(), nil
	}
}

// Value returns the present value of a variable.
func Value[T any](p *Package, name string) T {
	m, err := p.module(context.Background())
	var v T
	if err == nil {
		v, err = load.Value[T](m, p.Prefix+name)
	}
	if err != nil {
		panic(err)
	}
	return v
}

// Set assigns to a variable.
func Set(p *Package, name string, value any) {
	m, err := p.module(context.Background())
	if err == nil {
		err = m.Set(context.Background(), p.Prefix+name, value)
	}
	if err != nil {
		panic(err)
	}
}
