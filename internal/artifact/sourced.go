package artifact

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/internal/plan"
)

// Sourced is an optional ability of a bundle: Sources returns the sources of what it has, which
// installers are given, or nil.
type Sourced interface{ Sources() fs.FS }

// Finder returns the finder of a bundle. One with sources does not find what is not prepared for
// this host and the engine that is asked for: it is installed from there.
func (m *Maker) Finder(b find.Finder) find.Finder {
	if sourced, ok := b.(Sourced); ok && sourced.Sources() != nil {
		return prepared{b, m}
	}
	return b
}

type prepared struct {
	find.Finder
	maker *Maker
}

func (p prepared) Find(ctx context.Context, name find.Name) (*find.Spec, error) {
	found, err := p.Finder.Find(ctx, name)
	if err != nil {
		return nil, err
	}
	spec := *found
	spec.Engine = name.Engine
	if spec.Source.Go != nil {
		spec = *plan.With(&spec, name.Instances, name.Expression)
	}
	eng, _, err := p.maker.Choose(&spec)
	if err == nil {
		_, err = p.maker.Plan(eng, &spec)
	}
	var missing *engine.NotPreparedError
	if errors.As(err, &missing) {
		return nil, fmt.Errorf("%w: it is not prepared for %s, and its sources are there", find.ErrNotFound, missing.For)
	}
	return found, nil
}

func (p prepared) String() string { return find.Describe(p.Finder) }

// Names implements [find.Lister].
func (p prepared) Names(ctx context.Context) iter.Seq[string] {
	if lister, ok := p.Finder.(find.Lister); ok {
		return lister.Names(ctx)
	}
	return func(func(string) bool) {}
}
