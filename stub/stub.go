// Package stub is what packages written by "load gen" share: a package that is loaded when it is
// first used, its functions, and values that live in it.
//
//	load gen -o slug github.com/gosimple/slug     # writes the package slug
//
//	fmt.Println(slug.Make("Hello, Wörld"))        // loads the real one now; its API is the same
package stub

import (
	"context"
	"errors"
	"os"
	"sync"
	"sync/atomic"

	"github.com/loadgo/load"
	"github.com/loadgo/load/standard"
)

// ErrLinked is what Module answers in a program that is built with the tag load_linked: the package
// is part of the program, and there is no module.
var ErrLinked = errors.New("the package is linked into the program by the build tag load_linked")

// Module is what generated packages are loaded as: one package, or several that were generated
// together. Its zero value with a Name is ready to use, and all methods are safe for concurrent
// use.
type Module struct {
	Name   string   // what is loaded: an import path, with the version that the stub was asked for
	Along  []string // the other packages, as [load.Along] takes them
	loader atomic.Pointer[load.Loader]
}

// fallback is the loader of all stubs that were not given one. Its modules print where the program
// does.
var fallback = sync.OnceValues(func() (*load.Loader, error) {
	return standard.Printing(printer{&os.Stdout}, printer{&os.Stderr}, load.Config{})
})

// printer writes to what is the program's output at the time.
type printer struct{ to **os.File }

func (p printer) Write(data []byte) (int, error) { return (*p.to).Write(data) }

// Use sets the loader. Calls that begin later go to its module; nil stands for the default, which
// [standard.Printing] makes on first use: its modules print to the program's [os.Stdout] and
// [os.Stderr].
func (m *Module) Use(l *load.Loader) { m.loader.Store(l) }

// Module returns the module, and loads it if need be.
func (m *Module) Module(ctx context.Context) (*load.Module, error) {
	l, err := m.current()
	if err != nil {
		return nil, err
	}
	return l.Load(ctx, m.Name, m.options()...)
}

// Preload loads the module, so that the first call does not wait for it.
func (m *Module) Preload(ctx context.Context) error {
	_, err := m.Module(ctx)
	return err
}

func (m *Module) options() []load.LoadOption {
	if len(m.Along) == 0 {
		return nil
	}
	return []load.LoadOption{load.Along(m.Along...)}
}

// current returns the loader to use.
func (m *Module) current() (*load.Loader, error) {
	if l := m.loader.Load(); l != nil {
		return l, nil
	}
	return fallback()
}

// Package is one generated package.
type Package struct {
	Module *Module
	Prefix string // of its symbols in the module: "zapcore."
	// Twins lists the types and the errors that were generated for those of the module; nil for
	// none.
	Twins func() []Twin
	// Uses lists the packages generated with this one whose types its API mentions; nil for none.
	Uses     func() []*Package
	generics atomic.Pointer[map[instance]any] // to a *Func each; maps do not change
}

// module loads the module and lets it have the types of the package.
func (p *Package) module(ctx context.Context) (*load.Module, error) {
	m, err := p.Module.Module(ctx)
	if err == nil {
		p.adopt(m)
	}
	return m, err
}

func (p *Package) adopt(m *load.Module) {
	m.Adopt(p, p.all)
}

// all lists the twins of the package and of those that it uses.
func (p *Package) all() []Twin {
	var twins []Twin
	seen := map[*Package]bool{}
	for queue := []*Package{p}; len(queue) > 0; queue = queue[1:] {
		next := queue[0]
		if seen[next] {
			continue
		}
		seen[next] = true
		twins = append(twins, next.twins()...)
		if next.Uses != nil {
			queue = append(queue, next.Uses()...)
		}
	}
	return twins
}

// twins are the package's with the names that they have in the module.
func (p *Package) twins() []Twin {
	if p.Twins == nil {
		return nil
	}
	twins := p.Twins()
	for i := range twins {
		if twins[i].Held != nil {
			continue
		}
		twins[i].Symbol = p.Prefix + twins[i].Symbol
	}
	return twins
}
