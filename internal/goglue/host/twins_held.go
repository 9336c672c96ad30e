package host

import (
	"context"
	"fmt"
	"reflect"
	"strings"
	"weak"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/internal/goglue/api"
	"github.com/loadgo/load/internal/goglue/host/codec"
	"github.com/loadgo/load/internal/goglue/host/given"
	"github.com/loadgo/load/internal/wire"
)

// makeHeld returns what makes the zero value of a type, or a copy of an object.
func (i *Instance) makeHeld(t reflect.Type, pointer bool) func(*engine.Object) (*engine.Object, error) {
	return func(from *engine.Object) (*engine.Object, error) {
		n, err := i.numberOf(t)
		if err != nil {
			return nil, err
		}
		s := i.twins.table.Load().symbols[n]
		if s.Func == 0 {
			return nil, fmt.Errorf("%s: %s", s.Name, s.Limit)
		}
		name := s.Name
		if pointer {
			name = "*" + name
		}
		target, _ := i.target(s, name)
		plan, err := i.plan(target, []reflect.Type{codec.ObjectType}, []reflect.Type{codec.ObjectType}, false, i.codec)
		if err != nil {
			return nil, err
		}
		results, err := plan.run(context.Background(), nil, []reflect.Value{reflect.ValueOf(&from).Elem()})
		if err != nil {
			return nil, err
		}
		return results[0].Interface().(*engine.Object), nil
	}
}

// heldObject returns the object behind a value of a held type, or behind a pointer to one; nil for
// a nil pointer.
func (i *Instance) heldObject(v reflect.Value) (*engine.Object, error) {
	t := v.Type()
	if t.Kind() == reflect.Pointer {
		if v.IsNil() {
			return nil, nil
		}
		h := engine.HeldAt(v.Elem())
		make := i.makeHeld(t.Elem(), true)
		if h.Variable != "" {
			h.Refresh(i.owns)
			make = i.variable(h, false, make)
		}
		o, made, err := h.Pointer(make)
		if made && i.owns(o) {
			i.twins.remember(o, h, t)
			i.note(o, h, t.Elem())
		}
		return o, err
	}
	if !v.CanAddr() {
		v = given.Still(v)
	}
	h, make := engine.HeldAt(v), i.makeHeld(t, false)
	if h.Variable != "" {
		make = i.variable(h, true, make)
	}
	s, err := i.shown(t)
	if err != nil || s == nil || !s.dirty(v) {
		return h.Object(make)
	}
	o, _, err := h.Pointer(i.makeHeld(t, true))
	if err == nil {
		err = i.exchangeFields(context.Background(), s, o.Ref().(*object).handle, v)
	}
	return o, err
}

// variable returns what makes the value of a variable of the module: the pointer that is in it, or
// a copy, which need not be a pointer where it is only read.
func (i *Instance) variable(h *engine.Held, reading bool, make func(*engine.Object) (*engine.Object, error)) func(*engine.Object) (*engine.Object, error) {
	return func(from *engine.Object) (*engine.Object, error) {
		if from != nil {
			return make(from)
		}
		v, err := i.Bind(h.Variable, codec.ObjectType)
		if err != nil {
			return nil, err
		}
		o := v.Interface().(*engine.Object)
		if o == nil || !h.Copied() || reading && (!strings.HasPrefix(o.TypeName(), "*") || !i.makes(o)) {
			return o, nil
		}
		return make(o)
	}
}

// makes reports whether the host can have a copy made of a pointer's value.
func (i *Instance) makes(o *engine.Object) bool {
	s := i.twins.table.Load().symbols[i.api.Types[o.Ref().(*object).typ].Elem]
	return s == nil || s.Func != 0
}

// encodeHeld encodes a value of a held type, or a pointer to one.
func (i *Instance) encodeHeld(e *wire.Encoder, v reflect.Value) {
	o, err := i.heldObject(v)
	if err != nil {
		e.Fail(err)
		return
	}
	e.Keep = append(e.Keep, o)
	i.encodeObject(e, reflect.ValueOf(o))
}

// decodeHeld builds what decodes the module's type n into a held type, or a pointer to one.
func (i *Instance) decodeHeld(t reflect.Type, n int) (codec.Decoder, codec.Form, error) {
	form := codec.EitherForm
	switch typ := i.api.Pointed(n); {
	case typ.Class != api.Held:
		form = codec.AsHandle
	case typ.Codec != api.CodecNone:
		form = codec.AsCopy // with wire.ModeOpaque
	}
	return func(d *codec.Incoming, v reflect.Value) {
		switch d.Byte() {
		case wire.TagNil:
			v.SetZero()
		case wire.TagHandle:
			if o := i.takeObject(d, n); o != nil {
				held, err := i.holdAs(d.Ctx, t, o)
				if err != nil {
					d.Fail(err)
				}
				v.Set(held)
			}
		default:
			d.Fail(i.codec.BadForm(t, n))
		}
	}, form, nil
}

// holdAs makes an object a value of a held type, or a pointer to one: always the same pointer for
// one pointer of the module, as long as the program has it.
func (i *Instance) holdAs(ctx context.Context, t reflect.Type, o *engine.Object) (reflect.Value, error) {
	if t.Kind() != reflect.Pointer {
		v := reflect.New(t).Elem()
		engine.HeldAt(v).Hold(o, false)
		return v, i.show(ctx, o, v)
	}
	v, o := i.holdPointer(t, o)
	return v, i.show(ctx, o, v.Elem())
}

// holdPointer is holdAs for pointers, without their fields. It returns the object that is kept,
// too.
func (i *Instance) holdPointer(t reflect.Type, o *engine.Object) (reflect.Value, *engine.Object) {
	key := twinPointer{o.Ref().(*object).handle, t}
	i.twins.pointersMu.Lock()
	defer i.twins.pointersMu.Unlock()
	if h := i.twins.pointers[key].Value(); h != nil {
		defer o.Close()
		return reflect.NewAt(t.Elem(), h.At()).Convert(t), o
	}
	v := reflect.New(t.Elem()).Convert(t)
	h := engine.HeldAt(v.Elem())
	h.Hold(o, true)
	i.twins.keep(key, o, h)
	i.note(o, h, t.Elem())
	return v, o
}

// remember notes that the host has a pointer of the module.
func (t *twins) remember(o *engine.Object, h *engine.Held, pointer reflect.Type) {
	t.pointersMu.Lock()
	defer t.pointersMu.Unlock()
	t.keep(twinPointer{o.Ref().(*object).handle, pointer}, o, h)
}

func (t *twins) keep(key twinPointer, o *engine.Object, h *engine.Held) {
	if t.pointers == nil {
		t.pointers = map[twinPointer]weak.Pointer[engine.Held]{}
	}
	t.pointers[key] = weak.Make(h)
	o.Ref().(*object).twin = key.t
}

// forgetTwin is told that the reference of a pointer was released.
func (i *Instance) forgetTwin(handle uint64, t reflect.Type) {
	i.twins.pointersMu.Lock()
	defer i.twins.pointersMu.Unlock()
	if key := (twinPointer{handle, t}); i.twins.pointers[key].Value() == nil {
		delete(i.twins.pointers, key)
	}
}

// opaque reports whether a host's type for the module's type n has held types in it that have a
// text form in the module.
func (i *Instance) opaque(t reflect.Type, n int, seen map[int]bool) bool {
	if held, _ := codec.HeldTwin(t); held {
		return i.api.Pointed(n).Codec != api.CodecNone
	}
	if i.twins.table.Load() == nil || seen[n] {
		return false
	}
	seen[n] = true
	typ := &i.api.Types[n]
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array:
		return typ.Elem != 0 && i.opaque(t.Elem(), typ.Elem, seen)
	case reflect.Map:
		return typ.Elem != 0 && i.opaque(t.Elem(), typ.Elem, seen)
	case reflect.Struct:
		for _, f := range typ.Fields {
			if host, ok := t.FieldByName(f.Name); ok && i.opaque(host.Type, f.Type, seen) {
				return true
			}
		}
	}
	return false
}

// opaqueMode is [wire.ModeOpaque] where a value needs it.
func (i *Instance) opaqueMode(t reflect.Type, n int) uint64 {
	if i.opaque(t, n, map[int]bool{}) {
		return wire.ModeOpaque
	}
	return 0
}

// standsFor reports whether a host's type, which is held, or a pointer to one, was generated for
// the module's type n.
func (i *Instance) standsFor(t reflect.Type, n int) bool {
	typ := &i.api.Types[n]
	if t.Kind() == reflect.Pointer {
		return typ.Kind == api.KindPointer && i.twin(t.Elem()) == typ.Elem
	}
	return i.twin(t) == n
}
