package host

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/internal/goglue/api"
	"github.com/loadgo/load/internal/goglue/host/adapted"
	"github.com/loadgo/load/internal/goglue/host/codec"
	"github.com/loadgo/load/internal/goglue/host/given"
	"github.com/loadgo/load/internal/wire"
	"github.com/loadgo/load/internal/wire/dynamic"
)

// peer carries what values of type any cannot copy.
type peer struct{ *Instance }

// Hold implements [dynamic.Peer].
func (p peer) Hold(e *wire.Encoder, v reflect.Value) error {
	if held, _ := codec.HeldTwin(v.Type()); held {
		o, err := p.heldObject(v)
		if err != nil {
			return err
		}
		v = reflect.ValueOf(o)
	}
	o, ok := v.Interface().(*engine.Object)
	if !ok {
		return fmt.Errorf("a value of type %s cannot be given to a module: %s", v.Type(), cmp.Or(p.Refused(v.Type()), "it cannot be copied"))
	}
	if o == nil {
		return errors.New("the object is nil")
	}
	ref, ok := o.Ref().(*object)
	switch {
	case !ok || ref.instance != p.Instance:
		return fmt.Errorf("the object %s belongs to another module", o.TypeName())
	case ref.released.Load():
		return errReleased
	}
	e.Handle(ref.handle)
	return nil
}

// Take implements [dynamic.Peer].
func (p peer) Take(d *wire.Decoder) any {
	in := codec.Incoming{Decoder: *d, Ctx: context.Background()}
	o := p.takeObject(&in, 0)
	*d = in.Decoder
	if o == nil {
		return nil
	}
	v, ok, err := p.asTwin(context.Background(), o, codec.AnyType)
	if err != nil {
		d.Fail(err)
	}
	if ok {
		return v.Interface()
	}
	if p.twins.table.Load() == nil {
		return o
	}
	if own := p.errorOf(d, o); own != nil {
		return own
	}
	return p.same.Object(o) // a program of stubs closes none
}

// errorOf returns the error that an object is, or nil: only the module knows of a type that its API
// does not describe.
func (p peer) errorOf(d *wire.Decoder, o *engine.Object) (err error) {
	ref := o.Ref().(*object)
	if ref.name == "" && !slices.ContainsFunc(ref.described().Methods, func(m api.Method) bool { return m.Name == "Error" }) {
		return nil
	}
	in := codec.Incoming{Ctx: context.Background()}
	p.askError(&in, o, reflect.ValueOf(&err).Elem())
	if failure := in.Err(); failure != nil {
		d.Fail(failure)
	}
	if err != nil {
		o.Close()
	}
	return err
}

// Opaque implements [dynamic.Peer].
func (p peer) Opaque(t reflect.Type) bool {
	if n, _ := p.typed(t); t == codec.ObjectType || n != 0 {
		return t.Kind() != reflect.Slice || t.Name() != "" || p.StandardName(t.Elem()) == ""
	}
	held, _ := codec.HeldTwin(t)
	return held
}

// StandardName implements [dynamic.Peer]. A type that was generated is the module's own, so that
// decoders and encoders find its methods in what it is a part of.
func (p peer) StandardName(t reflect.Type) string {
	n := p.twin(t)
	if held, _ := codec.HeldTwin(t); n == 0 || held {
		return p.Types.StandardName(t)
	}
	return p.Types.Generated(t, n)
}

// PutTyped implements [dynamic.Peer].
func (p peer) PutTyped(e *wire.Encoder, v reflect.Value) bool {
	return p.putTyped(e, v) || p.PutStanding(e, v)
}

// asItself reports whether values of a type are in an any what they are, whatever methods they have.
func (p peer) asItself(t reflect.Type) bool {
	return p.Opaque(t) || p.isTwin(t) || t.Implements(codec.ErrorType) || t == reflect.TypeFor[time.Time]() || p.TextName(t) != "" || p.StandardName(t) != ""
}

// Form implements [dynamic.Peer].
func (p peer) Form(t reflect.Type, addressable bool) string {
	if form := p.Types.Form(t, addressable); form == "" || !p.asItself(t) {
		return form
	}
	return ""
}

// Refused implements [dynamic.Peer].
func (p peer) Refused(t reflect.Type) string {
	if p.asItself(t) {
		return ""
	}
	return p.Types.Refused(t)
}

// Typed implements [dynamic.Peer]: a module holds such values.
func (p peer) Typed(d *wire.Decoder) any {
	d.Fail(wire.ErrTag)
	return nil
}

// Give implements [dynamic.Peer].
func (p peer) Give(e *wire.Encoder, v reflect.Value) error {
	p.Values.Give(e, &given.Value{Value: v, Methods: given.Func}, []uint64{0})
	return nil
}

// Lend implements [dynamic.Home].
func (p peer) Lend(e *wire.Encoder, v reflect.Value) {
	p.Values.Refer(e, &given.Value{Value: given.Still(v), Lent: true, Identity: given.Identify(codec.AnyType, v)})
}

// LendWhole implements [dynamic.Home].
func (p peer) LendWhole(e *wire.Encoder, v reflect.Value) {
	methods := given.WholeMethods(v.Type())
	p.Values.Give(e, &given.Value{Value: given.Still(v), Methods: methods, Identity: given.Identify(codec.AnyType, v)}, make([]uint64, len(methods)))
}

// LendTarget implements [dynamic.Home]. What a stub's error can be is filled by the module.
func (p peer) LendTarget(e *wire.Encoder, v reflect.Value) bool {
	if n, _ := p.typed(v.Type()); n != 0 {
		return false
	}
	if p.isTwin(v.Type().Elem()) {
		e.Fail(fmt.Errorf("a %s cannot be filled: the module has no such variable", v.Type()))
		return true
	}
	p.Values.Give(e, &given.Value{Value: given.Still(v), Methods: given.Target}, []uint64{0})
	return true
}

// GiveError implements [dynamic.Home].
func (p peer) GiveError(e *wire.Encoder, v reflect.Value) bool {
	e.Byte(wire.TagError)
	p.encodeError(e, v)
	return true
}

// Own implements [dynamic.Home].
func (p peer) Own(handle uint64, changed bool) reflect.Value {
	own := p.Values.Given(handle)
	if own == nil || own.Released != nil || changed && !own.Lent {
		return reflect.Value{}
	}
	if w, ok := own.Value.Interface().(adapted.Given); ok {
		return w.Original()
	}
	return own.Value
}

// TakeError implements [dynamic.Home].
func (p peer) TakeError(d *wire.Decoder) any {
	in := codec.Incoming{Decoder: *d, Ctx: context.Background()}
	err := p.takeError(&in)
	*d = in.Decoder
	if err == nil {
		return nil
	}
	return err
}

// Borrow implements [dynamic.Home]: a module does.
func (p peer) Borrow(*wire.Decoder) dynamic.Reference { return nil }

// BorrowWhole implements [dynamic.Home]: a module does.
func (p peer) BorrowWhole(*wire.Decoder) any { return nil }

// HandleOf implements [dynamic.Home].
func (p peer) HandleOf(v reflect.Value) (uint64, bool) {
	var o *engine.Object
	switch v.Kind() {
	case reflect.Func:
		o = p.functions.find(v)
	case reflect.Struct, reflect.Pointer:
		if v.Type() != codec.ObjectType && v.CanInterface() {
			o = p.ownObject(v)
		}
	}
	if !p.owns(o) {
		return 0, false
	}
	ref := o.Ref().(*object)
	return ref.handle, !ref.released.Load()
}

// Func implements [dynamic.Peer]: a function of the host comes back as itself.
func (p peer) Func(d *wire.Decoder, t reflect.Type) reflect.Value {
	own := p.Values.Given(d.Uint())
	switch {
	case own == nil:
		d.Fail(errGone)
	case own.Value.Type() != t:
		d.Fail(fmt.Errorf("the host's %s does not fit %s", own.Value.Type(), t))
	default:
		return own.Value
	}
	return reflect.Zero(t)
}

// Forms implements [dynamic.Peer].
func (p peer) Forms() bool { return true }
