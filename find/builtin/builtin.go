// Package builtin finds the modules that the host program registers itself: values and functions of
// its own, under a name.
//
//	path := find.Path{builtin.New()} // package standard has both
//	engines := []engine.Engine{native.New()}
//	l, err := load.New(load.Config{Path: path, Engines: engines})
//	err = l.Register("greet", map[string]any{"Hello": hello})
//	m, err := l.Load(ctx, "greet")
package builtin

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"sync"

	"github.com/loadgo/load/find"
)

// Finder knows the registered modules of one loader. It implements [find.Registrar] and is safe for
// concurrent use. Package engine/native runs what it finds.
type Finder struct {
	mu      sync.RWMutex
	modules map[string]*find.HostSource
}

// New returns a finder that knows no module yet.
func New() *Finder { return &Finder{modules: make(map[string]*find.HostSource)} }

func (f *Finder) String() string { return "built-in" }

// Register implements [find.Registrar].
func (f *Finder) Register(name find.Name, source *find.HostSource) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, taken := f.modules[name.Target]; taken {
		return &find.NameError{Name: name.Target, Reason: "a built-in module has that name already"}
	}
	f.modules[name.Target] = source
	return nil
}

var (
	errForm     = fmt.Errorf("%w: not a plain name", find.ErrNotFound)
	errVersions = fmt.Errorf("%w: built-in modules have no versions", find.ErrNotFound)
	errName     = fmt.Errorf("%w: none of that name is registered", find.ErrNotFound)
)

// Find implements [find.Finder].
func (f *Finder) Find(ctx context.Context, name find.Name) (*find.Spec, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if name.Form != find.FormPath {
		return nil, errForm
	}
	f.mu.RLock()
	source := f.modules[name.Target]
	f.mu.RUnlock()
	switch {
	case source == nil:
		return nil, errName
	case name.Query != "":
		return nil, errVersions
	}
	return &find.Spec{
		Name:   name.Target,
		Why:    "the host program registered it",
		Origin: "built-in",
		Source: find.Source{Kind: find.KindBuiltin, Host: source},
	}, nil
}

// Names implements [find.Lister].
func (f *Finder) Names(context.Context) iter.Seq[string] {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return slices.Values(slices.Sorted(maps.Keys(f.modules)))
}
