package host

import (
	"context"
	"fmt"
	"reflect"
	"runtime"
	"slices"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/internal/goglue/api"
	"github.com/loadgo/load/internal/goglue/guest/guestfs"
	"github.com/loadgo/load/internal/goglue/guest/guesthttp"
	"github.com/loadgo/load/internal/goglue/host/adapted"
	"github.com/loadgo/load/internal/goglue/host/codec"
	"github.com/loadgo/load/internal/goglue/host/hosthttp"
	"github.com/loadgo/load/internal/wire"
)

// decodeFunc builds what makes a function of the module a function of the host.
func (i *Instance) decodeFunc(t reflect.Type, n int) (codec.Decoder, codec.Form, error) {
	typ := &i.api.Types[n]
	call := typ.Answered()
	if len(call) == 0 || call[0].Func == 0 {
		return nil, codec.AsHandle, i.codec.Mismatch(t, n)
	}
	f := call[0].Func
	target := callee{symbol: typ.Text, function: f - 1 + wire.FuncCount, Func: &i.api.Funcs[f-1]}
	b, err := i.bind(target, t, i.codec.Building())
	if err != nil {
		return nil, codec.AsHandle, fmt.Errorf("%s: %w", typ.Text, err)
	}
	hold := i.decodeObject(n)
	return func(d *codec.Incoming, v reflect.Value) {
		boxed := reflect.New(codec.ObjectType).Elem()
		if hold(d, boxed); boxed.IsNil() {
			v.SetZero()
			return
		}
		o := boxed.Interface().(*engine.Object)
		function := b.function(o.Ref().(*object))
		v.Set(reflect.MakeFunc(t, func(args []reflect.Value) []reflect.Value {
			defer runtime.KeepAlive(o)
			return hosthttp.CallWith(function, args)
		}))
		i.functions.add(v, o)
	}, codec.AsHandle, nil
}

// maxReceived is how many values of a channel are asked for at a time.
const maxReceived = 64

// decodeSeq builds what makes a channel of the module an iterator of the host, an iter.Seq of its
// elements. It ends when the channel is closed, when the loop does, and when the context of the
// call that returned the channel ends; a value that was received and not reached by the loop is
// lost. A failure of the module panics.
func (i *Instance) decodeSeq(t reflect.Type, n int) (codec.Decoder, codec.Form, error) {
	typ := &i.api.Types[n]
	if len(typ.Methods) == 0 || t.NumIn() != 1 || t.NumOut() != 0 || t.In(0).Kind() != reflect.Func ||
		t.In(0).NumIn() != 1 || t.In(0).NumOut() != 1 || t.In(0).Out(0).Kind() != reflect.Bool {
		return nil, codec.AsHandle, i.codec.Mismatch(t, n)
	}
	f := typ.Methods[0].Func
	receive := reflect.FuncOf([]reflect.Type{codec.ContextType, reflect.TypeFor[int]()}, []reflect.Type{reflect.SliceOf(t.In(0).In(0)), reflect.TypeFor[bool](), codec.ErrorType}, false)
	b, err := i.bind(callee{symbol: typ.Text, function: f - 1 + wire.FuncCount, Func: &i.api.Funcs[f-1]}, receive, i.codec.Building())
	if err != nil {
		return nil, codec.AsHandle, fmt.Errorf("%s: %w", typ.Text, err)
	}
	hold := i.decodeObject(n)
	return func(d *codec.Incoming, v reflect.Value) {
		boxed := reflect.New(codec.ObjectType).Elem()
		if hold(d, boxed); boxed.IsNil() {
			v.Set(reflect.MakeFunc(t, func([]reflect.Value) []reflect.Value { return nil }))
			return
		}
		o, ctx := boxed.Interface().(*engine.Object), d.Ctx
		next := b.function(o.Ref().(*object))
		v.Set(reflect.MakeFunc(t, func(args []reflect.Value) []reflect.Value {
			defer runtime.KeepAlive(o)
			iterate(ctx, next, args[0])
			return nil
		}))
	}, codec.AsHandle, nil
}

// iterate receives and yields until one side has enough.
func iterate(ctx context.Context, next, yield reflect.Value) {
	for most := 1; ; most = maxReceived {
		results := next.Call([]reflect.Value{reflect.ValueOf(ctx), reflect.ValueOf(most)})
		if err, ok := results[2].Interface().(error); ok {
			if ctx.Err() != nil {
				return
			}
			panic(err)
		}
		for j := range results[0].Len() {
			if !yield.Call([]reflect.Value{results[0].Index(j)})[0].Bool() {
				return
			}
		}
		if !results[1].Bool() || ctx.Err() != nil {
			return
		}
	}
}

// chunk reads at most size bytes from a reader of the module.
func (i *Instance) chunk(ctx context.Context, reader *engine.Object, size int) ([]byte, error) {
	defer runtime.KeepAlive(reader)
	ref := reader.Ref().(*object)
	if ref.released.Load() {
		return nil, errReleased
	}
	e := &wire.Encoder{Buf: make([]byte, Headroom, Headroom+16)}
	e.Handle(ref.handle)
	e.Uint(uint64(size))
	reply, err := i.send(ctx, ref.TypeName()+".Read", wire.FuncRead, 0, e)
	if err != nil {
		return nil, err
	}
	d := i.decode(ctx, reply)
	defer i.decoded(&d, reply)
	data := d.Bytes()
	failure := i.takeError(&d)
	if err := d.End(); err != nil {
		return nil, err
	}
	return data, failure
}

// adapter returns what makes a value of the module a value of the host's interface t, or nil.
func (i *Instance) adapter(t reflect.Type) func(*engine.Object) any {
	switch t {
	case fsType:
		return func(o *engine.Object) any { return guestfs.New(adaptedSystem{adapted.Value{Object: o}, i}) }
	case handlerType:
		return func(o *engine.Object) any { return i.requests.Handler(o) }
	case reflect.TypeFor[guesthttp.Response]():
		return func(o *engine.Object) any { return hosthttp.NewResponse(o) }
	case reflect.TypeFor[guesthttp.Conn]():
		return func(o *engine.Object) any { return hosthttp.NewConn(o) }
	}
	return adapted.As(t, i.chunk)
}

// adaptable finds what makes values of the module's type n values of the host's interface t.
func (i *Instance) adaptable(t reflect.Type, n int) (func(*engine.Object) any, error) {
	adapter := i.adapter(t)
	if adapter == nil {
		return nil, fmt.Errorf("%s stays in the module: use *engine.Object; only interfaces of the standard library such as io.Reader can be had, not %s", i.api.Types[n].Text, t)
	}
	if t == fsType || t == handlerType {
		return adapter, i.bridgeable(t)
	}
	typ := i.api.Pointed(n)
	for j := range t.NumMethod() {
		name := t.Method(j).Name
		if !slices.ContainsFunc(typ.Methods, func(m api.Method) bool { return m.Name == name && m.Func != 0 }) {
			return nil, fmt.Errorf("%s has no method %s that can be called", typ.Text, name)
		}
	}
	return adapter, nil
}

// adapt makes a value of the module a value of the host. One that came as a type without the
// methods that are needed is an error.
func adapt(adapter func(*engine.Object) any, o *engine.Object) (own any, err error) {
	defer func() {
		switch missing := recover().(type) {
		case nil:
		case *engine.SymbolError:
			err = missing
		default:
			panic(missing)
		}
	}()
	return adapter(o), nil
}

// Adapt implements [engine.Adapter].
func (o *object) Adapt(own *engine.Object, t reflect.Type) (reflect.Value, error) {
	if o.released.Load() {
		return reflect.Value{}, errReleased
	}
	adapter, err := o.instance.adaptable(t, o.typ)
	if err != nil {
		return reflect.Value{}, &engine.SymbolError{Module: o.instance.name, Symbol: o.TypeName(), Want: t.String(), Have: o.TypeName(), Reason: err.Error()}
	}
	return reflect.ValueOf(adapter(own)), nil
}

// decodeAdapted builds what makes a value of the module a value of the host's interface t.
func (i *Instance) decodeAdapted(t reflect.Type, n int) (codec.Decoder, codec.Form, error) {
	adapter, err := i.adaptable(t, n)
	if err != nil && !i.comesHome(n) && !i.adapts(t, n) {
		return nil, codec.AsCopy, err
	}
	typ := i.api.Pointed(n)
	form := codec.AsHandle
	if typ.Kind == api.KindInterface { // a value of the host may come back
		form = codec.AsCopy
	}
	return func(d *codec.Incoming, v reflect.Value) {
		switch d.Byte() {
		case wire.TagNil:
			v.SetZero()
		case wire.TagHandle:
			o := i.takeObject(d, n)
			if o != nil {
				own, ok, err := i.asTwin(d.Ctx, o, t)
				if err != nil {
					d.Fail(err)
				}
				if ok {
					v.Set(own)
					return
				}
			}
			switch {
			case o == nil:
			case adapter == nil:
				o.Close()
				d.Fail(fmt.Errorf("a %s of the module stays in the module: use *engine.Object, not %s", o.TypeName(), t))
			default:
				own, err := adapt(adapter, o)
				if err != nil {
					o.Close()
					d.Fail(err)
					return
				}
				v.Set(reflect.ValueOf(own))
			}
		case wire.TagHost:
			i.takeOwn(d, v)
		default:
			d.Fail(i.codec.BadForm(t, n))
		}
	}, form, nil
}
