package load

import (
	"context"
	"errors"
	"strings"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/internal/instantiation"
	"github.com/loadgo/load/internal/plan"
)

// provider returns the module that has a symbol, and the symbol's name there. An instantiation that
// the module was not built with is built now, into a sibling: a further instance that runs the same
// package.
func (m *Module) provider(ctx context.Context, symbol string) (*Module, string, error) {
	if m.usage.Refused() {
		return nil, "", ErrUnloaded
	}
	if !instantiation.Is(symbol) || m.spec.Source.Go == nil {
		return m, symbol, nil
	}
	if name, ok := strings.CutPrefix(symbol, "*"); ok { // a pointer to a value of a type
		instance, name, err := m.provider(ctx, name)
		return instance, "*" + name, err
	}
	if sibling := m.siblings.get(symbol); sibling != nil {
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
	if crashed := m.siblings.reap(symbol); crashed != nil {
		_ = crashed.close(context.WithoutCancel(ctx)) // the call that met the crash told how it ended
	}
	sibling, err := m.siblings.load(ctx, symbol, symbol, nil, func(ctx context.Context, _ *flight) (*Module, error) {
		return m.loader.start(ctx, plan.With(m.spec, []string{symbol}, ""), false, importer{loader: m.loader, imports: new(imports), parent: m})
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

// close closes the instance and those of the siblings. Where ctx ends first, a build that is under
// way ends in the background.
func (m *Module) close(ctx context.Context) error {
	siblings, ended := m.siblings.close()
	var errs []error
	for _, sibling := range siblings {
		errs = append(errs, sibling.close(ctx))
	}
	errs = append(errs, m.instance.Close(ctx))
	select {
	case <-ended:
	case <-ctx.Done():
		errs = append(errs, context.Cause(ctx))
	}
	return errors.Join(errs...)
}
