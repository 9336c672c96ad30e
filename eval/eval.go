// Package eval evaluates Go expressions over modules, for hosts that take expressions from files or
// from their users, and for the command "load eval".
//
//	results, err := eval.Expr(ctx, m, `Make("Hello, Wörld") + ".html"`)
//
// An expression names what the module exports without the package's name, what companions export by
// theirs, and the variables that the host gives it. It has no loops: it ends when the calls of the
// module that it makes have ended, or with its context. It can call whatever the module exports, in
// the module's isolation, and touches nothing else of the host than its variables.
//
// Nothing is compiled. What only a compiler can do, such as function literals and statements, is an
// error here, and [Expression.Beyond] reports it; [load.Expression] builds it into a module.
package eval

import (
	"context"

	"github.com/loadgo/load"
	"github.com/loadgo/load/internal/eval"
)

// Expression is an expression that was parsed. It is safe for concurrent use, and may be evaluated
// over any number of modules.
type Expression struct{ x *eval.Expr }

// Parse reads an expression, and reports what no module can make right: its syntax, and mistakes
// among its constants. The error is a [*load.ExpressionError], which knows the line and the column.
func Parse(src string) (*Expression, error) {
	x, err := eval.Parse(src)
	if err != nil {
		return nil, err
	}
	return &Expression{x}, nil
}

// Scope is what an expression can name.
type Scope struct {
	// Module has the names that are written as they are.
	Module *load.Module
	// Name may stand before them as well, as the name of a package does in Go; "" is no name.
	Name string
	// Vars are the host's variables: any values that the module takes as arguments, and functions
	// for the expression to call. Their names go before those of the module.
	Vars map[string]any

	// Want is how many results are wanted, 0 for whatever there is. Where that is one more than the
	// values of the outermost call, the error that it returns last is a result, nil or not, as an
	// assignment in Go takes it.
	Want int
}

// Expr parses and evaluates an expression over a module, as [Parse] and [Expression.Eval] do.
func Expr(ctx context.Context, m *load.Module, src string) ([]any, error) {
	x, err := Parse(src)
	if err != nil {
		return nil, err
	}
	return x.Eval(ctx, Scope{Module: m})
}

// Eval evaluates the expression and returns its results: several for a call with several results,
// none for a call without. They are what [load.Module.Call] returns.
//
// An error that the outermost call itself returned comes back as it is; every other one is a
// [*load.ExpressionError]. Within a larger expression, a call that returns values and an error
// stands for its first value, and a non-nil error ends the evaluation.
func (x *Expression) Eval(ctx context.Context, s Scope) ([]any, error) {
	return x.x.Eval(ctx, eval.Scope{Module: module{s.Module}, Name: s.Name, Vars: s.Vars, Want: s.Want})
}

// String returns the expression as it was written.
func (x *Expression) String() string { return x.x.Source }

// Beyond says what the expression holds that only a compiler can do, or nil: then Eval can evaluate
// it. Without a module it says what can be said before one is loaded.
func (x *Expression) Beyond(s Scope) *load.ExpressionError {
	return x.x.Beyond(s.Name, module{s.Module}.Symbols())
}

// Instantiations lists the instantiations of generic symbols of the module that the expression
// names, for [load.Instantiate]. One that could as well be an element of a list, Table[Key], is
// among them where the module has a generic symbol of its name.
func (x *Expression) Instantiations(s Scope) []string {
	return x.x.Instantiations(s.Name, module{s.Module}.Symbols())
}

// Packages lists the names before a dot that the expression does not declare itself, such as those
// of packages to load the module along with: all of them where it is to be compiled, and else those
// that it needs values of.
func (x *Expression) Packages(compiled bool) []string { return x.x.Packages(compiled) }

// Free lists the names that the expression does not declare itself and that are not predeclared.
func (x *Expression) Free() []string { return x.x.Free() }

// module is a load.Module as expressions see it; without one there are no symbols.
type module struct{ *load.Module }

func (m module) Symbols() []load.Symbol {
	if m.Module == nil {
		return nil
	}
	return m.Module.Symbols()
}

func (m module) Value(_ context.Context, symbol string) (any, error) {
	return load.Value[any](m.Module, symbol)
}
