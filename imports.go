package load

import (
	"context"
	"errors"
	"fmt"
	"reflect"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/event"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/internal/running"
)

// importer loads for a module: for its flight while it is loaded, and later for the module itself.
type importer struct {
	loader     *Loader
	flight     *running.Flight[Module]
	imports    *running.Imports[Module]
	generation *generation // that the module belongs to while it is loaded beside another, or nil
	parent     *Module     // whose sibling is loaded, or nil
}

// imported is a module as those that import it see it.
type imported struct{ *Module }

func (m imported) Bind(symbol string, t reflect.Type) (reflect.Value, error) {
	return m.BindAs(symbol, t)
}

// Import implements [engine.Importer]. A module that was imported has a dependant from then on.
func (i importer) Import(ctx context.Context, name string) (engine.Imported, error) {
	if i.generation != nil && i.generation.Over() {
		i.generation, i.flight = nil, nil
	}
	for {
		m, err := i.loader.load(ctx, name, nil, i)
		if err != nil {
			return nil, err
		}
		if i.loader.cache.Depend(i.imports, m) {
			return imported{m}, nil
		}
	}
}

// Registered implements [engine.Registry].
func (i importer) Registered(ctx context.Context, name string) (engine.Imported, error) {
	spec, err := i.loader.Find(ctx, name)
	switch {
	case errors.Is(err, ErrNotFound):
		return nil, engine.ErrNotRegistered
	case err != nil:
		return nil, err
	case spec.Source.Kind != find.KindBuiltin:
		return nil, fmt.Errorf("%w: %s is found before", engine.ErrNotRegistered, spec.Name)
	}
	return i.Import(ctx, name)
}

// TypeOf implements [engine.Typed].
func (m imported) TypeOf(symbol string) (reflect.Type, error) {
	typed, ok := m.entry.Instance.(engine.Typed)
	if !ok {
		return nil, &SymbolError{Module: m.Name(), Symbol: symbol, Reason: "its type is not one of this program"}
	}
	return typed.TypeOf(symbol)
}

// seeing is the loader's sink for an engine, by which the loader hears of the crash of the instance
// of a module before the calls that meet it return. of tells the module once there is one.
func (l *Loader) seeing(of func() *Module) event.Sink {
	return func(e event.Event) {
		_, crashed := e.(event.Crashed)
		if m := of(); crashed && m != nil {
			l.cache.Crashed(m)
		}
		l.emit(e)
	}
}
