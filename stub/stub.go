// Package stub is what packages written by "load gen" share: a package that is loaded when it is
// first used, and its functions.
package stub

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"github.com/loadgo/load"
	"github.com/loadgo/load/standard"
)

// ErrLinked is what Module answers in a program that is built with the tag load_linked: the package
// is part of the program, and there is no module.
var ErrLinked = errors.New("the package is linked into the program by the build tag load_linked")

// Package is the module behind a generated package. Its zero value with a Name is ready to use, and
// all methods are safe for concurrent use.
type Package struct {
	Name   string // what is loaded: an import path, with the version that the stub was asked for
	loader atomic.Pointer[load.Loader]
}

// fallback is the loader of all stubs that were not given one.
var fallback = sync.OnceValues(func() (*load.Loader, error) { return standard.New(load.Config{}) })

// Use sets the loader. Calls that begin later go to its module; nil stands for the default, which
// [standard.New] makes on first use.
func (p *Package) Use(l *load.Loader) { p.loader.Store(l) }

// Module returns the module, and loads it if need be.
func (p *Package) Module(ctx context.Context) (*load.Module, error) {
	l, err := p.current()
	if err != nil {
		return nil, err
	}
	return l.Load(ctx, p.Name)
}

// Preload loads the module, so that the first call does not wait for it.
func (p *Package) Preload(ctx context.Context) error {
	_, err := p.Module(ctx)
	return err
}

// current returns the loader to use.
func (p *Package) current() (*load.Loader, error) {
	if l := p.loader.Load(); l != nil {
		return l, nil
	}
	return fallback()
}

// Func is a function of a package, of type F. It follows its module as a [load.Ref] does.
type Func[F any] struct {
	Package *Package
	Symbol  string
	bound   atomic.Pointer[binding[F]]
}

// binding is a reference and the loader that it is of.
type binding[F any] struct {
	loader *load.Loader
	ref    load.Ref[F]
}

// Get returns the function of the module that runs, and loads it if need be. It panics with the
// typed error where that fails: the signatures of the original have no place for it.
func (f *Func[F]) Get() F {
	l, err := f.Package.current()
	if err != nil {
		panic(err)
	}
	b := f.bound.Load()
	for b == nil || b.loader != l {
		fresh := &binding[F]{l, load.Lazy[F](l, f.Package.Name, f.Symbol)}
		if f.bound.CompareAndSwap(b, fresh) {
			b = fresh
		} else {
			b = f.bound.Load()
		}
	}
	function, err := b.ref.Load(context.Background())
	if err != nil {
		panic(err)
	}
	return function
}
