package host

import (
	"context"
	"errors"
	"reflect"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/internal/goglue/api"
	"github.com/loadgo/load/internal/goglue/host/codec"
	"github.com/loadgo/load/internal/goglue/host/given"
	"github.com/loadgo/load/internal/goglue/host/said"
	"github.com/loadgo/load/internal/wire"
)

// encodeError encodes an error of the host and what it wraps: a sentinel by its name, an error that
// came from the module as what it was there, and every other one as a reference, so that it can
// come back. The forms are at guest's Call.InError.
func (i *Instance) encodeError(e *wire.Encoder, v reflect.Value) {
	switch v.Kind() {
	case reflect.Interface, reflect.Pointer, reflect.Map, reflect.Slice, reflect.Func, reflect.Chan:
		if v.IsNil() {
			e.Byte(wire.TagNil)
			return
		}
	}
	left := wire.MaxErrors
	i.putError(e, v.Interface().(error), &left)
}

func (i *Instance) putError(e *wire.Encoder, err error, left *int) {
	if err == nil {
		e.Byte(wire.TagNil)
		return
	}
	*left--
	if name := i.sentinelName(err); name != "" {
		e.Byte(wire.TagText)
		e.String(name)
		e.String(err.Error())
		e.Byte(0)
		return
	}
	for name, sentinel := range api.Sentinels {
		if isComparable(err) && err == sentinel {
			e.Byte(wire.TagText)
			e.String(name)
			e.String(err.Error())
			wire.PutAbilities(e, err)
			return
		}
	}
	if own, ok := engine.OfModule(err); ok && own.Module == i.name {
		switch {
		case own.Sentinel != "":
			e.Byte(wire.TagText)
			e.String(own.Sentinel)
			e.String(own.Message)
			e.Byte(0)
			return
		case own.Object != nil && i.owns(own.Object):
			i.encodeObject(e, reflect.ValueOf(own.Object))
			return
		}
	}
	if i.putErrorTwin(e, reflect.ValueOf(err)) {
		return
	}
	i.Values.Give(e, &given.Value{Value: reflect.ValueOf(err), Identity: given.Identify(codec.ErrorType, reflect.ValueOf(err))}, nil)
	e.String(said.Text(err))
	wire.PutAbilities(e, err)
	inner, form := said.Unwrapped(err)
	whole := len(inner) <= *left
	var matches []string
	for name, sentinel := range api.Sentinels {
		if said.Accepts(err, sentinel) || !whole && errors.Is(err, sentinel) {
			matches = append(matches, name)
		}
	}
	e.Len(len(matches), false)
	for _, name := range matches {
		e.String(name)
	}
	if !whole {
		e.Byte(wire.WrapsNone)
		return
	}
	e.Byte(form)
	if form == wire.WrapsSeveral {
		e.Len(len(inner), false)
	}
	for _, err := range inner {
		i.putError(e, err, left)
	}
}

func isComparable(err error) bool { return reflect.TypeOf(err).Comparable() }

// owns reports whether an object belongs to this module.
func (i *Instance) owns(o *engine.Object) bool {
	if o == nil {
		return false
	}
	ref, ok := o.Ref().(*object)
	return ok && ref.instance == i
}

// decodeError decodes an error of the module, in the forms at guest's Call.Error.
func (i *Instance) decodeError(d *codec.Incoming, v reflect.Value) {
	if err := i.takeError(d); err != nil {
		v.Set(reflect.ValueOf(err))
	} else {
		v.SetZero()
	}
}

// matchSize is what one of the sentinels that an error matches takes.
const matchSize = 32

func (i *Instance) takeError(d *codec.Incoming) error {
	if !d.Enter() {
		return nil
	}
	defer d.Leave()
	switch d.Byte() {
	case wire.TagNil:
		return nil
	case wire.TagHost:
		if own := i.Values.Given(d.Uint()); own != nil {
			if err, ok := own.Value.Interface().(error); ok {
				return err
			}
		}
		d.Fail(wire.ErrTag)
		return nil
	case wire.TagValue:
	default:
		d.Fail(wire.ErrTag)
		return nil
	}
	if !d.Charge(objectSize) {
		return nil
	}
	err := &engine.ModuleError{Module: i.name, Message: d.String(), Type: d.String(), Sentinel: d.String()}
	if handle := d.Uint(); handle != 0 {
		o := &object{instance: i, handle: handle, typ: int(d.UintN(31)), judges: d.Bool()}
		if o.typ == 0 {
			o.name = err.Type
		}
		if o.typ >= len(i.api.Types) {
			d.Fail(wire.ErrTag)
			return nil
		}
		err.Object = engine.NewObject(o)
	}
	for n := d.Uint(); n > 0 && d.Charge(matchSize) && d.Err() == nil; n-- {
		err.Matches = append(err.Matches, d.String())
	}
	for n := d.Uint(); n > 0 && d.Err() == nil; n-- {
		if inner := i.takeError(d); inner != nil {
			err.Wrapped = append(err.Wrapped, inner)
		}
	}
	able := said.Able(err.Message, d.Byte())
	standard, within := said.TakeStandard(&d.Decoder, err.Wrapped), i.takeError(d)
	if d.Err() != nil {
		return nil
	}
	if sentinel, ok := api.Sentinels[err.Sentinel]; ok {
		return sentinel
	}
	if own := i.errorTwin(d, err); own != nil {
		return own
	}
	for _, name := range err.Matches {
		if sentinel, ok := i.sentinel(name); ok {
			err.Known = append(err.Known, sentinel)
		}
	}
	err.Known = said.Add(err.Known, standard, able, within)
	err.Refusal = i.refusal(err)
	return i.same.Error(err).Whole()
}

// Accepts implements [engine.Judge].
func (o *object) Accepts(ctx context.Context, target error) (accepts bool, err error) {
	if !o.judges {
		return false, nil
	}
	err = o.own(ctx, wire.FuncIs, func(d *codec.Incoming) error {
		accepts = d.Bool()
		return nil
	}, func(e *wire.Encoder) { o.instance.encodeError(e, reflect.ValueOf(&target).Elem()) })
	return accepts, err
}

// decodeHeldError decodes a value of a type that is an error as the error that it is. Only the
// module knows what it wraps, so it is asked.
func (i *Instance) decodeHeldError(n int) codec.Decoder {
	return func(d *codec.Incoming, v reflect.Value) {
		switch d.Byte() {
		case wire.TagNil:
			v.SetZero()
		case wire.TagHandle:
			if o := i.takeObject(d, n); o != nil {
				i.askError(d, o, v)
				o.Close()
			}
		case wire.TagHost:
			if own := i.Values.Given(d.Uint()); own != nil {
				if err, ok := own.Value.Interface().(error); ok {
					v.Set(reflect.ValueOf(err))
					return
				}
			}
			d.Fail(wire.ErrTag)
		default:
			d.Fail(wire.ErrTag)
		}
	}
}

// askError asks for the error that a value is: nil for one that is none.
func (i *Instance) askError(d *codec.Incoming, o *engine.Object, v reflect.Value) {
	e := &wire.Encoder{Buf: make([]byte, Headroom, Headroom+16)}
	e.Handle(o.Ref().(*object).handle)
	reply, err := i.send(d.Ctx, o.TypeName(), wire.FuncError, 0, e)
	if err != nil {
		d.Fail(err)
		return
	}
	answer := i.decode(d.Ctx, reply)
	defer i.decoded(&answer, reply)
	i.decodeError(&answer, v)
	if err := answer.End(); err != nil {
		d.Fail(err)
	}
}
