package host

import (
	"context"
	"errors"
	"fmt"
	"go/token"
	"reflect"
	"slices"
	"strings"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/internal/goglue/api"
	"github.com/loadgo/load/internal/goglue/host/codec"
	"github.com/loadgo/load/internal/goglue/host/given"
	"github.com/loadgo/load/internal/spelling"
	"github.com/loadgo/load/internal/wire"
)

// methodSymbol splits "Type.Method", the method as a function whose first parameter is the
// receiver. ok reports whether it is one: companions have a dot in the names of their symbols, too.
func (i *Instance) methodSymbol(symbol string) (typ *api.Symbol, method string, ok bool) {
	dot := strings.LastIndexByte(symbol, '.')
	if dot < 0 {
		return nil, "", false
	}
	if _, err := i.find(symbol); err == nil {
		return nil, "", false
	}
	typ, err := i.find(symbol[:dot])
	if err != nil {
		typ, err = i.mentioned(symbol[:dot])
	}
	if err != nil || typ.Kind != engine.KindType || typ.Type == 0 {
		return nil, "", false
	}
	return typ, symbol[dot+1:], true
}

// mentioned finds a type that is no symbol by the name of its package and its own: one that the
// package returns and does not export, or an interface of the standard library. Values of it are
// the module's to make.
func (i *Instance) mentioned(symbol string) (*api.Symbol, error) {
	name := symbol[strings.LastIndexByte(symbol, '.')+1:]
	whole := symbol
	if parts := strings.Split(symbol, "."); len(parts) > 2 { // after what a companion goes by
		whole = strings.Join(parts[len(parts)-2:], ".")
	}
	found := 0
	for n, typ := range i.api.Types {
		pkg, own, ok := strings.Cut(typ.Text, ".")
		if !ok || own != name || !token.IsIdentifier(pkg) || typ.Text != whole && token.IsExported(name) {
			continue
		}
		if found != 0 {
			return nil, fmt.Errorf("%s is the name of several types", symbol)
		}
		found = n
	}
	if found == 0 {
		return nil, fmt.Errorf("the module has no %s", symbol)
	}
	return &api.Symbol{Name: symbol, Kind: engine.KindType, Type: found, Limit: "the package does not export it"}, nil
}

// bindMethod binds a method as a function whose first parameter is the receiver: an object, a
// pointer to a value, or the value itself where it has been generated for the type. What the method
// changes of what a pointer points to is changed there.
func (i *Instance) bindMethod(symbol string, typ *api.Symbol, method string, t reflect.Type) (reflect.Value, error) {
	methods := i.api.Pointed(typ.Type).Methods
	j := slices.IndexFunc(methods, func(m api.Method) bool { return m.Name == method && m.Func != 0 })
	if j < 0 {
		names := make([]string, len(methods))
		for j, m := range methods {
			names[j] = m.Name
		}
		return reflect.Value{}, &engine.SymbolError{Module: i.name, Symbol: symbol, NearMiss: spelling.Near(method, slices.Values(names), 3)}
	}
	f := methods[j].Func
	target := callee{symbol: symbol, function: f - 1 + wire.FuncCount, Func: &i.api.Funcs[f-1], expression: true}
	err := errors.New("it is a method: its first parameter is the receiver")
	var v reflect.Value
	if t.Kind() == reflect.Func && t.NumIn() > 0 {
		v, err = i.bindFunc(target, t)
	}
	if err != nil {
		return reflect.Value{}, &engine.SymbolError{Module: i.name, Symbol: symbol, Want: t.String(), Have: "func" + target.Text, Reason: err.Error()}
	}
	return v, nil
}

// receiverEncoder builds what encodes the receiver of a method that is called as a function: a
// handle, or 0 and the value itself.
func (i *Instance) receiverEncoder(t reflect.Type, f *api.Func, pairs codec.Pairs) (codec.Encoder, error) {
	handle := func(e *wire.Encoder, o *engine.Object) {
		if own := i.own(e, o); own != nil {
			e.Handle(own.handle)
		}
	}
	held, _ := codec.HeldTwin(t)
	switch {
	case t == codec.ObjectType:
		return func(e *wire.Encoder, v reflect.Value) {
			if v.IsNil() {
				e.Fail(errors.New("the receiver is nil"))
				return
			}
			handle(e, v.Interface().(*engine.Object))
		}, nil
	case held:
		return func(e *wire.Encoder, v reflect.Value) {
			o, err := i.heldObject(v)
			switch {
			case err != nil:
				e.Fail(err)
			case o == nil && f.Pointer == 0:
				e.Fail(errors.New("the receiver is nil"))
			case o == nil:
				e.Uint(0)
				e.Byte(wire.TagNil)
			default:
				handle(e, o)
			}
		}, nil
	case t.Kind() == reflect.Func && i.twin(t) != 0:
		return func(e *wire.Encoder, v reflect.Value) {
			o, err := i.functionObject(v)
			if err != nil {
				e.Fail(err)
				return
			}
			e.Keep = append(e.Keep, o)
			handle(e, o)
		}, nil
	case f.Pointer == 0:
		return nil, fmt.Errorf("its receiver is a %s that stays in the module: use *load.Object, not %s", i.api.Types[f.Receiver].Text, t)
	}
	if t.Kind() != reflect.Pointer || i.twin(t) != 0 {
		t = reflect.PointerTo(t)
	}
	encode, err := pairs.Encoder(t, f.Pointer, false)
	return func(e *wire.Encoder, v reflect.Value) {
		if v.Type() != t {
			v = given.Still(v).Addr()
		}
		e.Uint(0)
		encode(e, v)
	}, err
}

// functionObject makes a function of a type that was generated for one of the module an object of
// that type.
func (i *Instance) functionObject(v reflect.Value) (*engine.Object, error) {
	if v.IsNil() {
		return nil, errors.New("the receiver is nil")
	}
	s := i.twins.table.Load().symbols[i.twin(v.Type())]
	if s.Func == 0 {
		return nil, fmt.Errorf("%s: %s", s.Name, s.Limit)
	}
	target, _ := i.target(s, s.Name)
	plan, err := i.plan(target, []reflect.Type{v.Type()}, []reflect.Type{codec.ObjectType}, false, i.codec)
	if err != nil {
		return nil, err
	}
	results, err := plan.run(context.Background(), nil, []reflect.Value{v})
	if err != nil {
		return nil, err
	}
	return results[0].Interface().(*engine.Object), nil
}

// receiverShares reports whether a receiver that is given by value leads to what the method can
// change.
func (i *Instance) receiverShares(t reflect.Type, f *api.Func) bool {
	if t.Kind() == reflect.Pointer {
		return f.Pointer != 0 && i.codec.Shares(t, f.Pointer)
	}
	return f.Pointer != 0 && t != codec.ObjectType && i.codec.Shares(t, f.Receiver)
}

// contextAt is where the host's function has a context, if it has one.
func (c *callee) contextAt() int {
	if c.expression {
		return 1
	}
	return 0
}
