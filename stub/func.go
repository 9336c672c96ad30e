package stub

import (
	"context"
	"sync/atomic"

	"github.com/loadgo/load"
)

// Func is a function of a package, or a method with its receiver first, of type F. It follows its
// module as a [load.Derived] does.
type Func[F any] struct {
	Package *Package
	Symbol  string
	bound   atomic.Pointer[binding[F]]
}

// binding is a function and the loader that it is of.
type binding[F any] struct {
	loader   *load.Loader
	function load.Derived[F]
}

// Get returns the function of the module that runs, and loads it if need be. It panics with the
// typed error where that fails: the signatures of the original have no place for it.
func (f *Func[F]) Get() F {
	l, err := f.Package.Module.current()
	if err != nil {
		panic(err)
	}
	b := f.bound.Load()
	for b == nil || b.loader != l {
		fresh := &binding[F]{l, load.Derive(l, f.Package.Module.Name, f.bind, f.Package.Module.options()...)}
		if f.bound.CompareAndSwap(b, fresh) {
			b = fresh
		} else {
			b = f.bound.Load()
		}
	}
	function, err := b.function.Get(context.Background())
	if err != nil {
		panic(err)
	}
	return function
}

func (f *Func[F]) bind(_ context.Context, m *load.Module) (F, error) {
	f.Package.adopt(m)
	return load.Func[F](m, f.Package.Prefix+f.Symbol)
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
