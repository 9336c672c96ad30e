package load

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"reflect"
	"slices"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/event"
	"github.com/loadgo/load/find"
)

// imports are the modules that one module has imported, while it was loaded or later. The set is
// guarded by the loader's cache.mu.
type imports struct {
	set map[*Module]bool
}

// importer loads for a module: for its flight while it is loaded, and later for the module itself.
type importer struct {
	loader     *Loader
	flight     *flight
	imports    *imports
	generation *generation // that the module belongs to while it is loaded beside another, or nil
	parent     *Module     // whose sibling is loaded, or nil
}

// imported is a module as those that import it see it.
type imported struct{ *Module }

func (m imported) Bind(symbol string, t reflect.Type) (reflect.Value, error) {
	return m.bind(symbol, t)
}

// Import implements [engine.Importer]. A module that was imported has a dependant from then on.
func (i importer) Import(ctx context.Context, name string) (engine.Imported, error) {
	if i.generation != nil && i.generation.over.Load() {
		i.generation, i.flight = nil, nil
	}
	for {
		m, err := i.loader.load(ctx, name, nil, i)
		if err != nil {
			return nil, err
		}
		if i.loader.cache.depend(i.imports, m) {
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
	typed, ok := m.instance.(engine.Typed)
	if !ok {
		return nil, &SymbolError{Module: m.Name(), Symbol: symbol, Reason: "its type is not one of this program"}
	}
	return typed.TypeOf(symbol)
}

// depend notes an import and reports whether the module can still be relied on.
func (c *cache) depend(of *imports, on *Module) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if on.standing.dropped && !c.closed {
		return false
	}
	if of.set == nil {
		of.set = make(map[*Module]bool)
	}
	of.set[on] = true
	return true
}

// dependants lists the running modules that imported one directly, sorted. It is called with mu
// held.
func (c *cache) dependants(of *Module) []*Module {
	var all []*Module
	for _, m := range c.all() {
		if m != of && !m.crashed() && m.imports.set[of] {
			all = append(all, m)
		}
	}
	return all
}

// users names who imported a module: the modules that run, and those that are being loaded. It is
// called with mu held.
func (c *cache) users(of *Module) []string {
	var names []string
	for _, m := range c.dependants(of) {
		names = append(names, m.String())
	}
	for _, f := range c.flights {
		if f.imports.set[of] && !slices.Contains(names, f.name) {
			names = append(names, f.name)
		}
	}
	slices.Sort(names)
	return names
}

// dependantsFirst sorts modules so that each comes before those that it imports, and returns for
// each those that import it.
func (c *cache) dependantsFirst(modules []*Module) (order []*Module, before [][]*Module) {
	c.mu.Lock()
	defer c.mu.Unlock()
	slices.SortStableFunc(modules, func(a, b *Module) int { return cmp.Compare(a.String(), b.String()) })
	seen := make(map[*Module]bool)
	var visit func(m *Module)
	visit = func(m *Module) {
		seen[m] = true
		for _, on := range modules {
			if m.imports.set[on] && !seen[on] {
				visit(on)
			}
		}
		order = append(order, m)
	}
	for _, m := range modules {
		if !seen[m] {
			visit(m)
		}
	}
	slices.Reverse(order)
	before = make([][]*Module, len(order))
	for i, m := range order {
		for _, d := range order[:i] {
			if d.imports.set[m] {
				before[i] = append(before[i], d)
			}
		}
	}
	return order, before
}

// outdated reports whether one of the modules is registered no more. It is called with mu held.
func (i *imports) outdated() bool {
	for m := range i.set {
		if m.standing.dropped {
			return true
		}
	}
	return false
}

// crash returns how one of the modules has crashed, or nil. It is called with mu held.
func (i *imports) crash() *error {
	for m := range i.set {
		if err := m.crash.Load(); err != nil {
			return err
		}
	}
	return nil
}

// desert takes out what imported a module that has crashed, directly or not: the functions of it
// that they hold answer with the crash for ever. The next use of one loads it, and what it imports,
// anew. It is called with mu held.
func (c *cache) desert(crashed *Module) {
	users := c.closure([]*Module{crashed})
	if delete(users, crashed); len(users) > 0 {
		c.withdraw(slices.Collect(maps.Keys(users)), crashedImport)
	}
}

const crashedImport = "what it imports crashed"

// seeing is the loader's sink for an engine, by which the loader hears of the crash of the instance
// of a module before the calls that meet it return. of tells the module once there is one.
func (l *Loader) seeing(of func() *Module) event.Sink {
	return func(e event.Event) {
		_, crashed := e.(event.Crashed)
		if m := of(); crashed && m != nil {
			l.cache.mu.Lock()
			l.cache.desert(m)
			l.cache.mu.Unlock()
		}
		l.emit(e)
	}
}

// importsOf lists the modules that one imported, sorted.
func (c *cache) importsOf(m *Module) iter.Seq[string] {
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []string
	for on := range m.imports.set {
		all = append(all, on.String())
	}
	slices.Sort(all)
	return slices.Values(all)
}
