package load

import (
	"cmp"
	"context"

	"github.com/loadgo/load/find"
)

// LoadOption says what a module is built with besides its package, and what runs it: [Along],
// [Instantiate], [Expression], [WithEngine]. It is part of what is asked for: a module with an
// option is one of its own, beside the one without. Everything that takes a name takes these
// options.
type LoadOption interface {
	ReloadOption
	UnloadOption
	load(*request)
}

// ReloadOption is an option of [Loader.Reload]: a [LoadOption], or a [Check].
type ReloadOption interface{ reload(*request) }

// UnloadOption is an option of [Loader.Unload]: a [LoadOption], or [Force].
type UnloadOption interface{ unload(*request) }

// option is a [LoadOption].
type option func(*request)

func (o option) load(r *request)   { o(r) }
func (o option) reload(r *request) { o(r) }
func (o option) unload(r *request) { o(r) }

// WithEngine lets the engine of that name run the module, whatever the order of [Config].Engines.
// An engine that does not take the module is an [*EngineError].
func WithEngine(name string) LoadOption {
	return option(func(r *request) { r.engine = cmp.Or(name, r.engine) })
}

// Along builds further packages, the companions, into the module, so that values flow between them.
// Each is an import path, with an alias before it and a version query after it where need be:
// "go.uber.org/zap/zapcore", "zc=go.uber.org/zap/zapcore", "golang.org/x/text/language@v0.14.0". A
// companion comes from the standard library, from the package's own module, from the modules that
// it is built from, or else it is installed. Its symbols go by its alias or its package's name:
// "zapcore.NewCore".
//
// The order does not matter, and neither does a companion that is named twice.
func Along(packages ...string) LoadOption {
	return option(func(r *request) { r.along = append(r.along, packages...) })
}

// Instantiate builds instantiations of generic functions and types into the module, where they are
// symbols of these names: "Uniq[int]", "Map[string, time.Duration]", "Set[Point]". Type arguments
// are made of predeclared types, of the package's own exported types, and of those of companions
// and of the standard library, which go by the names of their packages.
//
// [Func] and [Module.Call] instantiate on demand as well; see there for what is different.
func Instantiate(symbols ...string) LoadOption {
	return option(func(r *request) { r.instances = append(r.instances, symbols...) })
}

// Expression builds a Go expression into the module, as the result of a function without parameters
// that is called [ExpressionSymbol]. It may be any expression, or statements of which the last is
// an expression; it names what the package exports without the package's name, and what companions
// export by theirs:
//
//	load.Expression(`Map([]string{"a"}, func(s string) string { return s + "!" })`)
//
// It is Go code of its author, and runs with what the module is granted. Package eval evaluates
// expressions over a module that runs, without compiling them, where they need no more than that.
// One that does not compile is an [*ExpressionError].
func Expression(src string) LoadOption {
	return option(func(r *request) { r.expression = src })
}

// ExpressionSymbol is the name of the function that [Expression] builds.
const ExpressionSymbol = find.ExpressionSymbol

// Check tries a new instance before it takes the old one's place: a reload whose check returns an
// error, or panics, leaves the old one where it is. It is an option of [Loader.Reload] and
// [Loader.Watch].
type Check func(ctx context.Context, m *Module) error

func (f Check) reload(r *request) { r.check = f }

type force struct{}

func (force) unload(r *request) { r.force = true }

// Force makes [Loader.Unload] unload a module that other modules imported, and these before it.
func Force() UnloadOption { return force{} }
