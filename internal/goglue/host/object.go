package host

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync/atomic"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/internal/goglue/api"
	"github.com/loadgo/load/internal/goglue/host/codec"
	"github.com/loadgo/load/internal/goglue/host/listed"
	"github.com/loadgo/load/internal/spelling"
	"github.com/loadgo/load/internal/wire"
)

var errReleased = errors.New("the object was released")

// object is the host's reference to a value in the module. It implements [engine.ObjectRef].
type object struct {
	instance *Instance
	handle   uint64
	typ      int    // its type: the dynamic one, or the interface that it came as, or 0
	name     string // of the dynamic type, where the API does not describe it
	released atomic.Bool
	twin     reflect.Type // the pointer that the host has for it, or nil
	judges   bool         // it is an error with an Is method
	leave    func() bool  // leaves the context of the call that it came from; nil where that cannot end
}

// objectSize is about how much memory an object takes with the function or the adapter that is made
// of it, in bytes.
const objectSize = 512

// takeObject takes a handle and its type. static is the interface that the value came as, or 0.
func (i *Instance) takeObject(d *codec.Incoming, static int) *engine.Object {
	o := &object{instance: i, handle: d.Uint(), typ: int(d.UintN(31))}
	if o.typ == 0 {
		o.name, o.typ = d.String(), static
	}
	if o.typ >= len(i.api.Types) {
		d.Fail(wire.ErrTag)
	}
	if !d.Charge(objectSize) || d.Err() != nil {
		return nil
	}
	d.Object = o
	if i.fields.active.Load() {
		d.Mentioned = append(d.Mentioned, o.handle)
	}
	return engine.NewObject(o)
}

// lastUntil ends the context that the call which returned the object was given, in the module, when
// it ends here.
func (o *object) lastUntil(ctx context.Context) {
	if o.released.Load() {
		return
	}
	o.leave = context.AfterFunc(ctx, func() {
		e := &wire.Encoder{Buf: make([]byte, Headroom, Headroom+16)}
		e.Uint(o.handle)
		_, _ = o.instance.transport.Call(context.Background(), o.TypeName(), wire.FuncEnd, 0, e)
	})
}

// decodeObject decodes a value of type n that arrives as a handle.
func (i *Instance) decodeObject(n int) codec.Decoder {
	return func(d *codec.Incoming, v reflect.Value) {
		switch d.Byte() {
		case wire.TagNil:
			v.SetZero()
		case wire.TagHandle:
			if o := i.takeObject(d, n); o != nil {
				v.Set(reflect.ValueOf(o))
			}
		default:
			d.Fail(i.codec.BadForm(codec.ObjectType, n))
		}
	}
}

// Handle and Gone implement [same.Ref].
func (o *object) Handle() uint64 { return o.handle }
func (o *object) Gone() bool     { return o.released.Load() }

// Usage implements [engine.Counted].
func (o *object) Usage() *engine.Usage { return &o.instance.usage }

// TypeName implements [engine.ObjectRef].
func (o *object) TypeName() string {
	if o.name != "" {
		return o.name
	}
	return o.instance.api.Types[o.typ].Text
}

// Methods implements [engine.ObjectRef].
func (o *object) Methods() []engine.Symbol { return listed.Methods(o.instance.api, o.typ) }

// described returns the type whose methods and fields the object has.
func (o *object) described() *api.Type { return o.instance.api.Pointed(o.typ) }

// method finds what to call; the empty name is the value itself, where it is a function.
func (o *object) method(name string) (callee, error) {
	if o.released.Load() {
		return callee{}, errReleased
	}
	var names []string
	for _, m := range o.described().Methods {
		if m.Name == name && m.Func != 0 {
			return callee{symbol: o.TypeName() + "." + name, function: m.Func - 1 + wire.FuncCount, Func: &o.instance.api.Funcs[m.Func-1], receiver: o}, nil
		}
		if m.Name == name {
			return callee{}, &engine.SymbolError{Module: o.instance.name, Symbol: o.TypeName() + "." + name, Have: "method", Reason: "its parameters have types that other packages cannot name"}
		}
		names = append(names, m.Name)
	}
	if name == "" {
		return callee{}, &engine.SymbolError{Module: o.instance.name, Symbol: o.TypeName(), Have: o.TypeName(), Reason: "it is not a function"}
	}
	near := spelling.Near(name, slices.Values(names), 3)
	for j := range near {
		near[j] = o.TypeName() + "." + near[j]
	}
	return callee{}, &engine.SymbolError{Module: o.instance.name, Symbol: o.TypeName() + "." + name, NearMiss: near}
}

// Bind implements [engine.ObjectRef].
func (o *object) Bind(method string, t reflect.Type) (reflect.Value, error) {
	target, err := o.method(method)
	if err != nil {
		return reflect.Value{}, err
	}
	if t.Kind() != reflect.Func {
		err = fmt.Errorf("it is a method, not a %s", t)
	}
	var v reflect.Value
	if err == nil {
		v, err = o.instance.bindFunc(target, t)
	}
	if err != nil {
		return reflect.Value{}, &engine.SymbolError{Module: o.instance.name, Symbol: target.symbol, Want: t.String(), Have: "func" + target.Text, Reason: err.Error()}
	}
	return v, nil
}

// Call implements [engine.ObjectRef].
func (o *object) Call(ctx context.Context, method string, args []any) ([]any, error) {
	target, err := o.method(method)
	if err != nil {
		return nil, err
	}
	return o.instance.call(ctx, target, args)
}

// Field implements [engine.ObjectRef].
func (o *object) Field(ctx context.Context, name string) (any, error) {
	if o.released.Load() {
		return nil, errReleased
	}
	typ := o.described()
	if f := typ.Field(name); f != nil {
		if f.Get == 0 {
			return nil, &engine.SymbolError{Module: o.instance.name, Symbol: o.TypeName() + "." + name, Have: "field", Reason: "the module does not answer for it"}
		}
		get := callee{symbol: o.TypeName() + "." + name, function: f.Get - 1 + wire.FuncCount, Func: &o.instance.api.Funcs[f.Get-1], receiver: o}
		plan, err := o.instance.plan(get, nil, []reflect.Type{codec.AnyType}, true, o.instance.codec)
		if err != nil {
			return nil, err
		}
		results, err := plan.run(ctx, o, nil)
		if err != nil {
			return nil, err
		}
		return results[0].Interface(), nil
	}
	for _, f := range typ.Fields { // promoted fields
		if !f.Embedded || f.Get == 0 {
			continue
		}
		inner, err := o.Field(ctx, f.Name)
		if err != nil {
			return nil, err
		}
		if embedded, ok := inner.(*engine.Object); ok && embedded != nil {
			if v, err := embedded.Field(ctx, name); err == nil {
				return v, nil
			}
		} else if v := reflect.ValueOf(inner); v.Kind() == reflect.Struct && v.FieldByName(name).IsValid() {
			return v.FieldByName(name).Interface(), nil
		}
	}
	return nil, o.noField(name)
}

func (o *object) noField(name string) error {
	names := make([]string, len(o.described().Fields))
	for j, f := range o.described().Fields {
		names[j] = f.Name
	}
	return &engine.SymbolError{Module: o.instance.name, Symbol: o.TypeName() + "." + name, NearMiss: spelling.Near(name, slices.Values(names), 3)}
}

// SetField implements [engine.ObjectRef].
func (o *object) SetField(ctx context.Context, name string, value any) error {
	if o.released.Load() {
		return errReleased
	}
	typ := o.described()
	symbol := o.TypeName() + "." + name
	f := typ.Field(name)
	switch {
	case f == nil:
		return o.noField(name)
	case f.Get == 0:
		return &engine.SymbolError{Module: o.instance.name, Symbol: symbol, Have: "field", Reason: "the module does not answer for it"}
	}
	return o.instance.set(ctx, symbol, f.Get, f.Type, o, value)
}

// Assign implements [engine.Assigner].
func (i *Instance) Assign(ctx context.Context, symbol string, value any) error {
	s, err := i.find(symbol)
	if err != nil {
		return err
	}
	if s.Kind != engine.KindVar || s.Func == 0 || len(i.api.Funcs[s.Func-1].Out) != 1 || i.api.Types[s.Type].Kind == api.KindFunc {
		return &engine.SymbolError{Module: i.name, Symbol: symbol, Have: s.Text, Reason: "it is not a variable that can be set"}
	}
	return i.set(ctx, symbol, s.Func, s.Type, nil, value)
}

// set writes a variable, or a field of the receiver.
func (i *Instance) set(ctx context.Context, symbol string, function, n int, receiver *object, value any) error {
	target := callee{symbol: symbol, function: function - 1 + wire.FuncCount, Func: &api.Func{In: []int{n}}, receiver: receiver}
	plan, err := i.plan(target, []reflect.Type{codec.AnyType}, nil, true, i.codec)
	if err != nil {
		return err
	}
	plan.mode = plan.mode&^wire.ModeShare | wire.ModeSet
	plan.carry = i.access
	_, err = plan.run(ctx, receiver, []reflect.Value{reflect.ValueOf(&value).Elem()})
	var unfit *argumentError
	if errors.As(err, &unfit) {
		return &engine.SymbolError{Module: i.name, Symbol: symbol, Have: i.api.Types[n].Text, Want: wanted([]any{value}), Reason: unfit.err.Error()}
	}
	return err
}

// Equal implements [engine.ObjectRef].
func (o *object) Equal(ctx context.Context, other engine.ObjectRef) (bool, error) {
	b, ok := other.(*object)
	switch {
	case !ok || b.instance != o.instance:
		return false, nil
	case o.released.Load() || b.released.Load():
		return false, errReleased
	}
	e := &wire.Encoder{Buf: make([]byte, Headroom, Headroom+16)}
	e.Handle(o.handle)
	e.Handle(b.handle)
	reply, err := o.instance.send(ctx, o.TypeName(), wire.FuncEqual, 0, e)
	if err != nil {
		return false, err
	}
	d := o.instance.decode(ctx, reply)
	defer o.instance.decoded(&d, reply)
	equal := d.Bool()
	if failure := o.instance.takeError(&d); failure != nil {
		return false, failure
	}
	return equal, o.instance.Memory.TooMuch(d.End())
}

// Text implements [engine.ObjectRef].
func (o *object) Text(ctx context.Context) (string, error) {
	text := ""
	err := o.own(ctx, wire.FuncText, func(d *codec.Incoming) error {
		text = d.String()
		return nil
	})
	return text, err
}

// own calls one of the functions that every module answers, with further arguments, and takes what
// it answers.
func (o *object) own(ctx context.Context, function int, take func(d *codec.Incoming) error, args ...func(e *wire.Encoder)) error {
	if o.released.Load() {
		return errReleased
	}
	e := &wire.Encoder{Buf: make([]byte, Headroom, Headroom+16)}
	e.Handle(o.handle)
	for _, put := range args {
		put(e)
	}
	reply, err := o.instance.send(ctx, o.TypeName(), function, 0, e)
	if err != nil {
		o.instance.Values.TakeBack(e)
		return err
	}
	d := o.instance.decode(ctx, reply)
	defer o.instance.decoded(&d, reply)
	if failure := take(&d); failure != nil {
		return failure
	}
	return o.instance.Memory.TooMuch(d.End())
}

// Release implements [engine.ObjectRef].
func (o *object) Release() {
	if !o.released.Swap(true) {
		if o.leave != nil {
			o.leave()
		}
		if o.twin != nil {
			o.instance.forgetTwin(o.handle, o.twin)
		}
		o.instance.transport.Release(o.handle)
	}
}

// encodeObject encodes a reference to a value of the module.
func (i *Instance) encodeObject(e *wire.Encoder, v reflect.Value) {
	o := v.Interface().(*engine.Object)
	if o == nil {
		e.Byte(wire.TagNil)
		return
	}
	if own := i.own(e, o); own != nil {
		e.Byte(wire.TagHandle)
		e.Handle(own.handle)
	}
}

// own returns an object of this module that was not released; for another one it leaves an error in
// the encoder and returns nil.
func (i *Instance) own(e *wire.Encoder, o *engine.Object) *object {
	own, ok := o.Ref().(*object)
	switch {
	case !ok || own.instance != i:
		e.Fail(fmt.Errorf("the object %s belongs to another module", o.TypeName()))
	case own.released.Load():
		e.Fail(errReleased)
	default:
		return own
	}
	return nil
}
