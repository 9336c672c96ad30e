// Package host is the host's side of a module: it binds the module's functions to the host's types,
// calls them, and answers the module's own calls. What runs the module's program, and how frames
// reach it, is an engine's business.
package host

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/internal/goglue/api"
	"github.com/loadgo/load/internal/goglue/host/codec"
	"github.com/loadgo/load/internal/goglue/host/given"
	"github.com/loadgo/load/internal/goglue/host/hosthttp"
	"github.com/loadgo/load/internal/goglue/host/inflight"
	"github.com/loadgo/load/internal/goglue/host/listed"
	"github.com/loadgo/load/internal/goglue/host/named"
	"github.com/loadgo/load/internal/goglue/host/same"
	"github.com/loadgo/load/internal/goglue/host/standing"
	"github.com/loadgo/load/internal/spelling"
	"github.com/loadgo/load/internal/wire"
	"github.com/loadgo/load/internal/wire/dynamic"
)

// Transport carries calls to a running module. It is safe for concurrent use.
type Transport interface {
	// Call sends a call and returns what follows the outcome [wire.Done] of its result. The message
	// has Headroom bytes before its arguments, which the transport may use; it calls its Written,
	// if there is one, as soon as it needs it no more, and keeps nothing of it when it returns.
	Call(ctx context.Context, symbol string, function int, mode uint64, message *wire.Encoder) (Reply, error)
	// Release tells the module to forget a handle, soon. It does not block.
	Release(handle uint64)
	// Given is told whenever the module gets a reference to a value of the host: from then on it
	// may call the host at any time. It does not block.
	Given()
}

// Direct is an optional ability of a [Transport]: it calls functions whose parameters and results
// are numbers and booleans without a message.
type Direct interface {
	// HasDirect reports whether the function with that number can be called so.
	HasDirect(function int) bool
	// Direct calls it. The stack holds the arguments, integers and booleans as themselves and
	// floats as the bits of a float64, and then its result, if it has one. It has space for at
	// least one value.
	Direct(ctx context.Context, symbol string, function int, stack []uint64) error
}

// Instance is the host's side of a running module: it implements the symbols part of
// [engine.Instance].
type Instance struct {
	name      string
	api       *api.API
	transport Transport
	dynamic   *dynamic.Codec
	codec     *codec.Codec
	*standing.Table
	*inflight.Memory
	*given.Values
	*named.Types
	symbols  func() []engine.Symbol
	usage    engine.Usage
	callTime time.Duration // see Limit
	serving  map[int]bool  // the functions that answer a request, whose time a clock counts
	staying  map[int]bool  // see [hosthttp.Staying]

	fields shownValues
	twins  twins
	same   same.Values

	refusals Refusals
	told     sync.Map // kinds of refusals

	functions   functions
	requests    hosthttp.Requests
	servePlan   func() (*plan, error) // see serve
	bridgeFuncs sync.Map              // name → function
}

// NewInstance returns the host's side of the module of that name.
func NewInstance(name string, described *api.API, transport Transport, limits inflight.Limits) *Instance {
	i := &Instance{name: name, api: described, transport: transport, Memory: inflight.NewMemory(limits), Types: named.New(described)}
	i.dynamic = dynamic.New(peer{i})
	i.codec = codec.New(described, references{i}, i.dynamic)
	i.Table = standing.New(described, i.codec, peer{i}.asItself)
	i.Values = given.New(references{i}, described, i.codec, i.dynamic, i.Memory)
	i.symbols = sync.OnceValue(func() []engine.Symbol { return listed.Symbols(described) })
	i.serving, i.staying = hosthttp.Serving(described), hosthttp.Staying(described)
	i.requests.Serve, i.servePlan = i.serve, sync.OnceValues(i.planServe)
	return i
}

// Usage implements [engine.Counted].
func (i *Instance) Usage() *engine.Usage { return &i.usage }

// Limit sets how long a call may take; 0 is no limit. It is called before the first call.
func (i *Instance) Limit(callTime time.Duration) {
	i.callTime, i.requests.Limit, i.requests.Module = callTime, callTime, i.name
}

// TakesContext reports whether the function with that number has a context among its parameters.
func (i *Instance) TakesContext(function int) bool {
	n := function - wire.FuncCount
	return n >= 0 && slices.ContainsFunc(i.api.Funcs[n].In, func(n int) bool { return i.api.Types[n].Kind == api.KindContext })
}

// send makes a call, within the limit, and counts it.
func (i *Instance) send(ctx context.Context, symbol string, function int, mode uint64, message *wire.Encoder) (Reply, error) {
	began := engine.Now()
	if err := i.usage.Begin(); err != nil {
		return Reply{}, err
	}
	err := errExited // where a function of the host that it calls ends the goroutine
	defer func() { i.usage.EndSince(began, err) }()
	var reply Reply
	reply, err = i.transfer(ctx, symbol, function, mode, message)
	return reply, err
}

// access reads or writes a variable, which is like a call that is not counted.
func (i *Instance) access(ctx context.Context, symbol string, function int, mode uint64, message *wire.Encoder) (Reply, error) {
	if err := i.usage.Begin(); err != nil {
		return Reply{}, err
	}
	defer i.usage.Leave()
	return i.transfer(ctx, symbol, function, mode, message)
}

// transfer carries a message within the limit of time.
func (i *Instance) transfer(ctx context.Context, symbol string, function int, mode uint64, message *wire.Encoder) (Reply, error) {
	ctx, cancel := i.within(ctx, symbol, function)
	defer cancel()
	if i.staying[function] {
		mode |= wire.ModeStay
	}
	return i.transport.Call(ctx, symbol, function, mode, message)
}

// within bounds a context by the limit of time.
func (i *Instance) within(ctx context.Context, symbol string, function int) (context.Context, context.CancelFunc) {
	if i.callTime > 0 && !i.serving[function] {
		return context.WithTimeoutCause(ctx, i.callTime, engine.TimeLimit(i.name, symbol, i.callTime))
	}
	return ctx, func() {}
}

// Symbols implements [engine.Instance].
func (i *Instance) Symbols() []engine.Symbol { return i.symbols() }

// find returns the symbol, or an error that names those that are spelled alike.
func (i *Instance) find(name string) (*api.Symbol, error) {
	j, ok := slices.BinarySearchFunc(i.api.Symbols, name, func(s api.Symbol, name string) int { return strings.Compare(s.Name, name) })
	if ok {
		return &i.api.Symbols[j], nil
	}
	names := make([]string, len(i.api.Symbols))
	for j, s := range i.api.Symbols {
		names[j] = s.Name
	}
	return nil, &engine.SymbolError{Module: i.name, Symbol: name, NearMiss: spelling.Near(name, slices.Values(names), 3)}
}

// Bind implements [engine.Instance].
func (i *Instance) Bind(symbol string, t reflect.Type) (reflect.Value, error) {
	if typ, method, ok := i.methodSymbol(symbol); ok {
		return i.bindMethod(symbol, typ, method, t)
	}
	s, err := i.find(strings.TrimPrefix(symbol, "*"))
	if err != nil {
		return reflect.Value{}, err
	}
	fail := func(reason string) (reflect.Value, error) {
		return reflect.Value{}, &engine.SymbolError{Module: i.name, Symbol: symbol, Want: t.String(), Have: s.Text, Reason: reason}
	}
	switch {
	case s.Limit != "":
		return fail(s.Limit)
	case s.Kind == engine.KindType && t.Kind() != reflect.Func:
		return fail("it is a type, not a value")
	case s.Kind != engine.KindType && symbol != s.Name:
		return fail("it is not a type: * makes pointers to values of types")
	case s.Kind == engine.KindConst && !i.heldConstant(s, t):
		v, err := codec.ConstantAs(s, i.api.Types[s.Type].Kind, t)
		if err != nil {
			return fail(err.Error())
		}
		return v, nil
	}
	call, isFunc := i.target(s, symbol)
	if isFunc {
		if t.Kind() != reflect.Func {
			return fail("it is a function")
		}
		v, err := i.bindFunc(call, t)
		if err != nil {
			return fail(err.Error())
		}
		return v, nil
	}
	value, err := i.plan(call, nil, []reflect.Type{t}, false, i.codec)
	if err != nil {
		return fail(err.Error())
	}
	value.carry = i.access
	results, err := value.run(context.Background(), nil, nil)
	if err != nil {
		return reflect.Value{}, err
	}
	return results[0], nil
}

// heldConstant reports whether a constant is bound as what its type is in the module.
func (i *Instance) heldConstant(s *api.Symbol, t reflect.Type) bool {
	if t == codec.AnyType {
		return s.Func != 0 && i.api.Types[s.Type].Class == api.Both
	}
	return s.Func != 0 && (t.Kind() == reflect.Interface || t == codec.ObjectType)
}

// callee is something of the module that can be called.
type callee struct {
	symbol   string // for messages
	function int    // number on the wire
	*api.Func
	receiver *object // of a method, else nil
	// expression says that the receiver is the first argument.
	expression bool
}

// target returns what to call for a symbol, and whether it is a function rather than what reads a
// value. A type is called to convert to it; as "*T" it gives a pointer.
func (i *Instance) target(s *api.Symbol, name string) (callee, bool) {
	f := s.Func - 1
	if name != s.Name {
		f++
	}
	called := i.api.Funcs[f].Text != "" // what reads a variable has no signature
	isFunc := s.Kind == engine.KindFunc || s.Kind == engine.KindType || s.Kind == engine.KindVar && called
	return callee{symbol: name, function: f + wire.FuncCount, Func: &i.api.Funcs[f]}, isFunc
}

// Call implements [engine.Instance].
func (i *Instance) Call(ctx context.Context, symbol string, args []any) ([]any, error) {
	s, err := i.find(strings.TrimPrefix(symbol, "*"))
	if err != nil {
		return nil, err
	}
	if s.Limit != "" || s.Func == 0 || s.Kind != engine.KindType && symbol != s.Name {
		reason := s.Limit
		if reason == "" {
			reason = "it is not a function"
		}
		return nil, &engine.SymbolError{Module: i.name, Symbol: symbol, Have: s.Text, Reason: reason}
	}
	target, isFunc := i.target(s, symbol)
	if !isFunc {
		return nil, &engine.SymbolError{Module: i.name, Symbol: symbol, Have: s.Text, Reason: "it is not a function"}
	}
	return i.call(ctx, target, args)
}

// call calls with arguments whose types are seen only now.
func (i *Instance) call(ctx context.Context, target callee, args []any) ([]any, error) {
	fail := func(reason string) error {
		have := "func" + target.Text
		return &engine.SymbolError{Module: i.name, Symbol: target.symbol, Have: have, Want: wanted(args), Reason: reason}
	}
	params := i.params(target)
	if len(params) < len(target.In) && len(args) > 0 {
		if own, ok := args[0].(context.Context); ok {
			ctx, args = own, args[1:]
		}
	}
	if second, ok := i.servedArguments(target, args); ok {
		return i.call(ctx, i.served(target), second)
	}
	types := make([]reflect.Type, len(args))
	values := make([]reflect.Value, len(args))
	for j := range args {
		types[j], values[j] = codec.AnyType, reflect.ValueOf(&args[j]).Elem()
	}
	if target.Variadic {
		fixed := len(params) - 1
		if len(args) < fixed {
			return nil, fail("not enough arguments")
		}
		if spread, ok := lastSpread(args, fixed); ok {
			values = append(values[:fixed:fixed], reflect.ValueOf(&spread).Elem())
		} else {
			rest := append([]any(nil), args[fixed:]...)
			values = append(values[:fixed:fixed], reflect.ValueOf(rest))
			types = append(types[:fixed:fixed], reflect.TypeFor[[]any]())
		}
	}
	switch {
	case len(values) < len(params):
		return nil, fail("not enough arguments")
	case len(values) > len(params):
		return nil, fail("too many arguments")
	}
	results := make([]reflect.Type, len(target.Out))
	for j := range results {
		results[j] = codec.AnyType
	}
	plan, err := i.plan(target, types, results, true, i.codec)
	if err != nil {
		return nil, fail(err.Error())
	}
	out, err := plan.run(ctx, target.receiver, values)
	runtime.KeepAlive(args)
	if err != nil {
		var unfit *argumentError
		if errors.As(err, &unfit) {
			return nil, fail(unfit.reason())
		}
		return nil, err
	}
	var failure error
	if n := len(out); n > 0 && i.api.Types[target.Out[n-1]].Kind == api.KindError {
		failure, _ = out[n-1].Interface().(error)
		out = out[:n-1]
	}
	found := make([]any, len(out))
	for j, v := range out {
		found[j] = v.Interface()
	}
	return found, failure
}

func lastSpread(args []any, fixed int) (any, bool) {
	if len(args) == fixed+1 {
		if s, ok := args[fixed].(engine.Spread); ok {
			return s.Slice, true
		}
	}
	return nil, false
}

// wanted spells the types of arguments as a parameter list.
func wanted(args []any) string {
	names := make([]string, len(args))
	for j, arg := range args {
		switch arg := arg.(type) {
		case nil:
			names[j] = "nil"
		case *engine.Object:
			names[j] = arg.TypeName()
		case engine.Spread:
			names[j] = fmt.Sprintf("%T...", arg.Slice)
		default:
			names[j] = fmt.Sprintf("%T", arg)
		}
	}
	return "(" + strings.Join(names, ", ") + ")"
}
