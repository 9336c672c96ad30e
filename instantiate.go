package load

import (
	"context"
	"errors"
	"strings"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/internal/instantiation"
	"github.com/loadgo/load/internal/plan"
	"github.com/loadgo/load/internal/running"
)

// provider returns the module that has a symbol, and the symbol's name there. An instantiation that
// the module was not built with is built now, into a sibling: a further instance that runs the same
// package.
func (m *Module) provider(ctx context.Context, symbol string) (*Module, string, error) {
	if m.entry.Usage.Refused() {
		return nil, "", ErrUnloaded
	}
	if !instantiation.Is(symbol) || m.entry.Spec.Source.Go == nil {
		return m, symbol, nil
	}
	if name, ok := strings.CutPrefix(symbol, "*"); ok { // a pointer to a value of a type
		instance, name, err := m.provider(ctx, name)
		return instance, "*" + name, err
	}
	if sibling := m.entry.Siblings.Get(symbol); sibling != nil {
		return sibling, symbol, nil
	}
	name, err := instantiation.Parse(symbol)
	if err != nil {
		return nil, "", &SymbolError{Module: m.Name(), Symbol: symbol, Reason: err.Error()}
	}
	symbols := m.Symbols()
	if _, ok := engine.FindSymbol(symbols, name.Text); ok {
		return m, name.Text, nil
	}
	if _, ok := engine.FindSymbol(symbols, name.Symbol); !ok {
		return m, name.Symbol, nil // the instance tells what is spelled alike
	}
	sibling, err := m.sibling(ctx, name.Text)
	if err != nil {
		return nil, "", err
	}
	return sibling, name.Text, nil
}

// sibling returns the module with an instantiation, and makes it if there is none; goroutines that
// ask at once share one build. It lives as long as the module.
func (m *Module) sibling(ctx context.Context, symbol string) (*Module, error) {
	if crashed := m.entry.Siblings.Reap(symbol); crashed != nil {
		_ = crashed.entry.Close(context.WithoutCancel(ctx)) // the call that met the crash told how it ended
	}
	sibling, err := m.entry.Siblings.Load(ctx, symbol, symbol, nil, func(ctx context.Context, _ *running.Flight[Module]) (_ *Module, err error) {
		defer recovered(&err)
		return m.loader.start(ctx, plan.With(m.entry.Spec, []string{symbol}, ""), false, importer{loader: m.loader, imports: new(running.Imports[Module]), parent: m})
	})
	var unknown *SymbolError
	switch {
	case errors.Is(err, ErrClosed):
		return nil, ErrUnloaded
	case errors.As(err, &unknown):
		named := *unknown
		named.Module = m.Name()
		return nil, &named
	}
	return sibling, loadError(m.Name(), err)
}
