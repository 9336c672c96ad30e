// Package native is the engine of built-in modules: values and functions of the host program
// itself. It compiles nothing, and a function bound with its own type is called as any other
// function of the host.
//
//	path := find.Path{builtin.New()} // package standard has both
//	engines := []engine.Engine{native.New()}
//	l, err := load.New(load.Config{Path: path, Engines: engines})
//	err = l.Register("greet", map[string]any{"Hello": hello})
package native

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/find"
)

// Engine runs built-in modules. It has no state.
type Engine struct{}

// New returns an engine.
func New() *Engine { return &Engine{} }

// Name implements [engine.Engine].
func (*Engine) Name() string { return "native" }

// Accepts implements [engine.Engine]: every built-in module.
func (*Engine) Accepts(src find.Source) bool {
	return src.Kind == find.KindBuiltin && src.Host != nil
}

// Open implements [engine.Engine].
func (*Engine) Open(ctx context.Context, a engine.Artifact, _ engine.Importer) (engine.Instance, error) {
	value, err := create(ctx, a.Spec)
	if err != nil {
		return nil, err
	}
	in := &instance{module: module{name: a.Spec.Name}}
	if in.members, err = membersOf(value); err != nil {
		return nil, &engine.InitError{Reason: err.Error(), Err: err}
	}
	in.symbols = symbolsOf(in.members)
	return in, nil
}

// create runs the module's factory.
func create(ctx context.Context, spec *find.Spec) (value any, err error) {
	defer func() {
		if r := recover(); r != nil {
			panicked := &engine.PanicError{Module: spec.Name, Symbol: "its factory", Value: fmt.Sprint(r), Stack: string(debug.Stack())}
			err = &engine.InitError{Reason: "its factory panicked: " + panicked.Value, Err: panicked}
		}
	}()
	value, err = spec.Source.Host.Create(ctx)
	if cause := context.Cause(ctx); err != nil && cause != nil && errors.Is(err, ctx.Err()) {
		err = cause
	}
	if err != nil {
		return nil, &engine.InitError{Reason: "its factory failed: " + err.Error(), Err: err}
	}
	return value, nil
}
