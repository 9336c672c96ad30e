package goglue

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync/atomic"

	"github.com/loadgo/load"
	"github.com/loadgo/load/internal/spelling"
	"github.com/loadgo/load/internal/wire"
)

var errReleased = errors.New("the object was released")

// object is the host's reference to a value in the module. It implements [load.ObjectRef].
type object struct {
	instance *Instance
	handle   uint64
	typ      int    // its type: the dynamic one, or the interface that it came as, or 0
	name     string // of the dynamic type, where the API does not describe it
	released atomic.Bool
}

// takeObject takes a handle and its type. static is the interface that the value came as, or 0.
func (i *Instance) takeObject(d *wire.Decoder, static int) *load.Object {
	o := &object{instance: i, handle: d.Uint(), typ: int(d.UintN(31))}
	if o.typ == 0 {
		o.name, o.typ = d.String(), static
	}
	if o.typ >= len(i.api.Types) {
		d.Fail(wire.ErrTag)
	}
	if d.Err() != nil {
		return nil
	}
	return load.NewObject(o)
}

// decodeObject decodes a value of type n that arrives as a handle.
func (i *Instance) decodeObject(n int) decoder {
	return func(d *wire.Decoder, v reflect.Value) {
		switch d.Byte() {
		case wire.TagNil:
		case wire.TagHandle:
			if o := i.takeObject(d, n); o != nil {
				v.Set(reflect.ValueOf(o))
			}
		default:
			d.Fail(wire.ErrTag)
		}
	}
}

func decodeError(d *wire.Decoder, v reflect.Value) {
	switch d.Byte() {
	case wire.TagNil:
	case wire.TagValue:
		v.Set(reflect.ValueOf(&load.ModuleError{Message: d.String(), Type: d.String()}))
	default:
		d.Fail(wire.ErrTag)
	}
}

// skip drops a value of any form.
func (i *Instance) skip(d *wire.Decoder, n int) {
	if !d.Enter() {
		return
	}
	defer d.Leave()
	typ := &i.api.Types[n]
	switch {
	case typ.Kind == KindAny:
		i.dynamic.Decode(d)
		return
	case typ.Kind == KindError:
		decodeError(d, reflect.New(errorType).Elem())
		return
	case typ.Class == Data && typ.Kind != KindContext:
		i.skipValue(d, n)
		return
	}
	switch d.Byte() {
	case wire.TagNil:
	case wire.TagHandle:
		if o := i.takeObject(d, n); o != nil {
			o.Close()
		}
	case wire.TagValue:
		if typ.Kind == KindPointer {
			n = typ.Elem
		}
		i.skipValue(d, n)
	default:
		d.Fail(wire.ErrTag)
	}
}

func (i *Instance) skipValue(d *wire.Decoder, n int) {
	typ := &i.api.Types[n]
	switch typ.Kind {
	case KindString:
		_ = d.String()
	case KindFloat32, KindFloat64:
		d.Float()
	case KindComplex64, KindComplex128:
		d.Float()
		d.Float()
	case KindTime:
		d.Time()
	case KindPointer:
		if d.Bool() {
			i.skip(d, typ.Elem)
		}
	case KindSlice:
		if i.isBytes(n) {
			d.Bytes()
			return
		}
		count, _ := d.Len(1)
		for ; count > 0 && d.Err() == nil; count-- {
			i.skip(d, typ.Elem)
		}
	case KindArray:
		if typ.Len == 0 {
			d.Byte()
		}
		for count := typ.Len; count > 0 && d.Err() == nil; count-- {
			i.skip(d, typ.Elem)
		}
	case KindMap:
		count, _ := d.Len(2)
		for ; count > 0 && d.Err() == nil; count-- {
			i.skip(d, typ.Key)
			i.skip(d, typ.Elem)
		}
	case KindStruct:
		if len(typ.Fields) == 0 {
			d.Byte()
		}
		for _, f := range typ.Fields {
			i.skip(d, f.Type)
		}
	default:
		d.Uint() // numbers and booleans
	}
}

// TypeName implements [load.ObjectRef].
func (o *object) TypeName() string {
	if o.name != "" {
		return o.name
	}
	return o.instance.api.Types[o.typ].Text
}

// Methods implements [load.ObjectRef].
func (o *object) Methods() []load.Symbol { return o.instance.methods(o.typ) }

// described returns the type whose methods and fields the object has.
func (o *object) described() *Type { return o.instance.pointed(o.typ) }

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
			return callee{}, &load.SymbolError{Module: o.instance.name, Symbol: o.TypeName() + "." + name, Have: "method", Reason: "its parameters have types that other packages cannot name"}
		}
		names = append(names, m.Name)
	}
	if name == "" {
		return callee{}, &load.SymbolError{Module: o.instance.name, Symbol: o.TypeName(), Have: o.TypeName(), Reason: "it is not a function"}
	}
	near := spelling.Near(name, slices.Values(names), 3)
	for j := range near {
		near[j] = o.TypeName() + "." + near[j]
	}
	return callee{}, &load.SymbolError{Module: o.instance.name, Symbol: o.TypeName() + "." + name, NearMiss: near}
}

// Bind implements [load.ObjectRef].
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
		return reflect.Value{}, &load.SymbolError{Module: o.instance.name, Symbol: target.symbol, Want: t.String(), Have: "func" + target.Text, Reason: err.Error()}
	}
	return v, nil
}

// Call implements [load.ObjectRef].
func (o *object) Call(ctx context.Context, method string, args []any) ([]any, error) {
	target, err := o.method(method)
	if err != nil {
		return nil, err
	}
	return o.instance.call(ctx, target, args)
}

// Field implements [load.ObjectRef].
func (o *object) Field(ctx context.Context, name string) (any, error) {
	if o.released.Load() {
		return nil, errReleased
	}
	typ := o.described()
	if f := typ.field(name); f != nil {
		if f.Get == 0 {
			return nil, &load.SymbolError{Module: o.instance.name, Symbol: o.TypeName() + "." + name, Have: "field", Reason: "the module does not answer for it"}
		}
		get := callee{symbol: o.TypeName() + "." + name, function: f.Get - 1 + wire.FuncCount, Func: &o.instance.api.Funcs[f.Get-1], receiver: o}
		plan, err := o.instance.plan(get, nil, []reflect.Type{anyType}, true)
		if err != nil {
			return nil, err
		}
		results, err := plan.run(ctx, nil)
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
		if embedded, ok := inner.(*load.Object); ok && embedded != nil {
			if v, err := embedded.Field(ctx, name); err == nil {
				return v, nil
			}
		} else if v := reflect.ValueOf(inner); v.Kind() == reflect.Struct && v.FieldByName(name).IsValid() {
			return v.FieldByName(name).Interface(), nil
		}
	}
	names := make([]string, len(typ.Fields))
	for j, f := range typ.Fields {
		names[j] = f.Name
	}
	return nil, &load.SymbolError{Module: o.instance.name, Symbol: o.TypeName() + "." + name, NearMiss: spelling.Near(name, slices.Values(names), 3)}
}

// Text implements [load.ObjectRef].
func (o *object) Text(ctx context.Context) (string, error) {
	text, err := o.own(ctx, wire.FuncText)
	return text, err
}

// JSON implements [load.ObjectRef].
func (o *object) JSON(ctx context.Context) ([]byte, error) {
	text, err := o.own(ctx, wire.FuncJSON)
	if err != nil || text != "" {
		return []byte(text), err
	}
	return o.fieldsJSON(ctx)
}

// own calls one of the functions that every module answers.
func (o *object) own(ctx context.Context, function int) (string, error) {
	if o.released.Load() {
		return "", errReleased
	}
	e := &wire.Encoder{Buf: make([]byte, Headroom, Headroom+16)}
	e.Uint(o.handle)
	reply, err := o.instance.transport.Call(ctx, o.TypeName(), function, 0, e)
	if err != nil {
		return "", err
	}
	d := wire.NewOwner(reply)
	text := d.String()
	if function == wire.FuncJSON {
		failure := reflect.New(errorType).Elem()
		decodeError(&d, failure)
		if !failure.IsNil() {
			return "", failure.Interface().(error)
		}
	}
	return text, d.End()
}

// Release implements [load.ObjectRef].
func (o *object) Release() {
	if !o.released.Swap(true) {
		o.instance.transport.Release(o.handle)
	}
}
