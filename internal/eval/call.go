package eval

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/types"
	"reflect"
	"slices"
	"strings"

	"github.com/loadgo/load/engine"
)

// callee is a function of the module, a method of an object, or a method of a host value.
type callee struct {
	name      string
	signature signature
	call      func(ctx context.Context, args []any) ([]any, error)
	host      reflect.Value // a method of a host value, instead of call
}

func (callee) operand() {}

func (e *evaluation) function(symbol engine.Symbol) callee {
	return callee{
		name:      symbol.Name,
		signature: signatureOf(symbol),
		call: func(ctx context.Context, args []any) ([]any, error) {
			return e.module.Call(ctx, symbol.Name, args...)
		},
	}
}

// call evaluates a call, a conversion or a built-in function. The error is the one that the
// function itself returned, or that calling it met; the operand with it is nil, or stands for it in
// a larger expression.
func (e *evaluation) call(x *ast.CallExpr) (operand, error) {
	if fun, ok := ast.Unparen(x.Fun).(*ast.Ident); ok {
		if _, ok := types.Universe.Lookup(fun.Name).(*types.Builtin); ok {
			return e.builtin(x, fun), nil
		}
	}
	fun := e.callee(x.Fun)
	switch f := fun.(type) {
	case goType:
		return e.conversion(x, f), nil
	case callee:
		if f.host.IsValid() {
			return e.callHost(x, f)
		}
		return e.callModule(x, f)
	case value:
		if f.Kind() == reflect.Func && !f.IsNil() { // a function of the host
			return e.callHost(x, callee{name: types.ExprString(x.Fun), host: f.Value})
		}
		if o := f.object(); o != nil { // a function that the module returned
			return e.callModule(x, callee{name: types.ExprString(x.Fun), call: func(ctx context.Context, args []any) ([]any, error) {
				return o.Call(ctx, "", args...)
			}})
		}
	}
	e.fail(x.Fun, "invalid operation: cannot call non-function %s", describe(x.Fun, fun))
	return nil, nil
}

// callee evaluates what is called. A parenthesised or written type is a conversion.
func (e *evaluation) callee(x ast.Expr) operand {
	if star, ok := ast.Unparen(x).(*ast.StarExpr); ok {
		if t, ok := e.eval(star.X).(goType); ok {
			return pointerTo(t)
		}
	}
	symbol, found := e.symbol(x)
	if found && symbol.Kind == engine.KindVar && e.holdsFunction(symbol) {
		return e.function(symbol)
	}
	return e.eval(x)
}

// holdsFunction reports whether a variable's type is a function type of the module or of another
// package; of the latter only the engine knows.
func (e *evaluation) holdsFunction(symbol engine.Symbol) bool {
	spec, ok := declarationOf(symbol).(*ast.ValueSpec)
	if !ok {
		return false
	}
	switch t := spec.Type.(type) {
	case *ast.FuncType:
		return true
	case *ast.Ident:
		named, _ := engine.FindSymbol(e.symbols, t.Name)
		inner, ok := declarationOf(named).(*ast.TypeSpec)
		if ok {
			_, ok = inner.Type.(*ast.FuncType)
		}
		return ok
	}
	_, err := e.module.Value(e.ctx, symbol.Name)
	return err != nil
}

// callModule calls a function that runs in the module.
func (e *evaluation) callModule(x *ast.CallExpr, f callee) (operand, error) {
	ops := e.operands(x)
	skip := 0 // a leading context is not written: it is the evaluation's own
	if params := f.signature.params; len(params) > 0 && e.isContext(params[0]) && len(ops) < len(params) {
		skip = 1
	}
	if f.signature.known {
		ops = withError(x, f.signature, ops, skip)
		e.checkCount(x, f.name, len(f.signature.params)-skip, f.signature.variadic, ops, f.signature.want())
	}
	args := make([]any, 0, len(ops))
	for i, op := range ops {
		if x.Ellipsis.IsValid() && i == len(ops)-1 {
			args = append(args, e.spread(x.Args[i], op))
			continue
		}
		args = append(args, e.argument(argumentAt(x, i), op, f.signature.parameter(i+skip), f.name))
	}
	if f.signature.hasError() {
		e.counts[x] = len(f.signature.results) - 1
	}
	results, err := f.call(e.ctx, args)
	var misfit *engine.SymbolError
	switch {
	case errors.As(err, &misfit): // a mistake in the expression, not the function's answer
		e.failAt(x.Pos(), err, err.Error())
	case err != nil:
		return returnedError(f.signature, err), err
	}
	hasError := f.signature.hasError()
	if n := len(results); !hasError && n > 0 && e.isError(f.signature.lastResult()) {
		if returned, ok := results[n-1].(*engine.Object); ok {
			err := &engine.ModuleError{Message: returned.String(), Type: returned.TypeName(), Object: returned}
			return nil, err
		}
		results, hasError = results[:n-1], true
	}
	e.returned[x] = f.signature.onlyResult()
	if len(results) == 1 {
		return operandOf(results[0]), nil
	}
	return tuple{results, hasError}, nil
}

// isError reports whether a type, as it is written in the module's own scope, is an interface that
// extends error.
func (e *evaluation) isError(x ast.Expr) bool {
	if x == nil {
		return false
	}
	if name, ok := x.(*ast.Ident); ok && name.Name == "error" {
		return true
	}
	if iface, ok := x.(*ast.InterfaceType); ok {
		return slices.ContainsFunc(iface.Methods.List, func(f *ast.Field) bool {
			if len(f.Names) == 0 {
				return e.isError(f.Type)
			}
			t, ok := f.Type.(*ast.FuncType)
			return ok && f.Names[0].Name == "Error" && types.ExprString(t) == "func() string"
		})
	}
	symbol, _ := e.symbol(x)
	spec, ok := declarationOf(symbol).(*ast.TypeSpec)
	return ok && symbol.Kind == engine.KindType && e.isError(spec.Type)
}

// returnedError is the error as a value, where it is the only result of the function and really
// what the function returned: New("x").Error() and Check(x) == nil use it. Otherwise it is nil.
func returnedError(s signature, err error) operand {
	var returned *engine.ModuleError
	if len(s.results) == 1 && s.hasError() && errors.As(err, &returned) {
		return value{reflect.ValueOf(returned)}
	}
	return nil
}

// withError completes Must(Parse(x)): the error that Parse did not return is nil.
func withError(x *ast.CallExpr, s signature, ops []operand, skip int) []operand {
	if len(x.Args) != 1 || len(ops) != len(s.params)-skip-1 || s.variadic {
		return ops
	}
	_, call := ast.Unparen(x.Args[0]).(*ast.CallExpr)
	last, ok := s.params[len(s.params)-1].(*ast.Ident)
	if call && ok && last.Name == "error" {
		return append(ops, untyped{kind: types.UntypedNil})
	}
	return ops
}

// operands evaluates the arguments. A single call with several results gives them all.
func (e *evaluation) operands(x *ast.CallExpr) []operand {
	ops := make([]operand, len(x.Args))
	for i, arg := range x.Args {
		op := e.eval(arg)
		results, ok := op.(tuple)
		if ok && len(x.Args) == 1 && len(results.values) > 1 && !results.hasError && !x.Ellipsis.IsValid() {
			ops = ops[:0]
			for _, v := range results.values {
				ops = append(ops, operandOf(v))
			}
			return ops
		}
		if f, ok := op.(callee); ok {
			if op, ok = e.functionValue(f); !ok {
				op = f
			}
		}
		ops[i] = e.one(arg, op)
	}
	return ops
}

// argumentAt returns the expression to blame for the i-th argument.
func argumentAt(x *ast.CallExpr, i int) ast.Expr {
	if i < len(x.Args) {
		return x.Args[i]
	}
	return x.Args[0]
}

// checkCount compares the number of arguments with that of parameters, in the compiler's words.
func (e *evaluation) checkCount(x *ast.CallExpr, name string, params int, variadic bool, ops []operand, want string) {
	if x.Ellipsis.IsValid() && !variadic {
		e.fail(x.Args[len(x.Args)-1], "have (...) but function is not variadic: %s%s", name, want)
	}
	switch {
	case len(ops) < params && !(variadic && len(ops) == params-1), x.Ellipsis.IsValid() && len(ops) < params:
		e.failAt(x.Rparen, nil, fmt.Sprintf("not enough arguments in call to %s\n\thave %s\n\twant %s", name, have(ops), want))
	case len(ops) > params && (!variadic || x.Ellipsis.IsValid()):
		e.fail(argumentAt(x, params), "too many arguments in call to %s\n\thave %s\n\twant %s", name, have(ops), want)
	}
}

// argument makes an operand ready for a parameter of the module. Basic parameters are checked here,
// in the compiler's words; everything else the module compares by structure.
func (e *evaluation) argument(x ast.Expr, op operand, param ast.Expr, name string) any {
	use := "argument to " + name
	if param != nil {
		op = e.forType(x, op, param)
	}
	ident, ok := param.(*ast.Ident)
	if !ok {
		return e.plain(x, op, use)
	}
	t, ok := predeclaredType(ident.Name)
	if !ok || t.host.Kind() == reflect.Interface {
		return e.plain(x, op, use)
	}
	op = e.copied(op)
	v, typed := op.(value)
	if typed && v.object() == nil && sameSort(v.Kind(), t.host.Kind()) {
		return v.Interface()
	}
	return e.assign(x, op, t.host, use).Interface()
}

// sameSort reports whether a value of one kind may stand for one of the other: the module checks
// that a number fits.
func sameSort(a, b reflect.Kind) bool {
	sort := func(k reflect.Kind) reflect.Kind {
		if k >= reflect.Int && k <= reflect.Complex128 {
			return reflect.Int
		}
		return k
	}
	return sort(a) == sort(b)
}

// spread is xs in f(xs...).
func (e *evaluation) spread(x ast.Expr, op operand) engine.Spread {
	v, ok := op.(value)
	if ok && v.object() == nil && v.Kind() != reflect.Slice {
		e.fail(x, "cannot use %s...: it is not a slice", describe(x, op))
	}
	return engine.Spread{Slice: e.plain(x, op, "argument")}
}

// callHost calls a method of a value of the host, such as a time.Time.
func (e *evaluation) callHost(x *ast.CallExpr, f callee) (op operand, err error) {
	t := f.host.Type()
	ops := e.operands(x)
	params := make([]string, t.NumIn())
	for i := range params {
		params[i] = t.In(i).String()
	}
	e.checkCount(x, f.name, len(params), t.IsVariadic(), ops, "("+strings.Join(params, ", ")+")")
	args := make([]reflect.Value, len(ops))
	for i, op := range ops {
		in := t.In(min(i, t.NumIn()-1))
		if t.IsVariadic() && i >= t.NumIn()-1 && !x.Ellipsis.IsValid() {
			in = t.In(t.NumIn() - 1).Elem()
		}
		args[i] = e.assign(argumentAt(x, i), op, in, "argument to "+f.name)
	}
	out, err := callSafely(f.host, args, x.Ellipsis.IsValid())
	if err != nil {
		return nil, err
	}
	hasError := len(out) > 0 && t.Out(len(out)-1) == reflect.TypeFor[error]()
	if hasError {
		e.counts[x] = len(out) - 1
		if err, _ := out[len(out)-1].Interface().(error); err != nil {
			return nil, err
		}
		out = out[:len(out)-1]
	}
	if len(out) == 1 {
		return dynamic(out[0]), nil
	}
	results := make([]any, len(out))
	for i := range out {
		results[i] = out[i].Interface()
	}
	return tuple{results, hasError}, nil
}

// callSafely turns a panic of the method into an error.
func callSafely(f reflect.Value, args []reflect.Value, spread bool) (out []reflect.Value, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	if spread {
		return f.CallSlice(args), nil
	}
	return f.Call(args), nil
}
