package dynamic

import (
	"reflect"
	"unsafe"

	"github.com/loadgo/load/internal/wire"
)

// lost is what is known of a thing of the module that nothing here keeps alive.
type lost struct {
	weak    wire.Weak[byte]
	typ     reflect.Type
	count   int        // of elements
	print   wire.Print // of what it held, while it is frozen
	changed bool       // it has, while it was
}

// Lasts implements [wire.LastingThing].
func (t *Thing) Lasts() bool {
	return t.Value.IsValid() && (t.Value.Kind() != reflect.Slice || t.Value.Len() <= wire.MaxLastingElements)
}

// IsMap implements [wire.LastingThing].
func (t *Thing) IsMap() bool { return t.kind() == reflect.Map }

func (t *Thing) kind() reflect.Kind {
	if t.Value.IsValid() {
		return t.Value.Kind()
	}
	return t.last.typ.Kind()
}

// Address implements [wire.LastingThing].
func (t *Thing) Address() uintptr { return t.Value.Pointer() }

// Place implements [wire.Placed].
func (t *Thing) Place(s *wire.Sharing, n int) {
	if !t.Value.IsValid() {
		return
	}
	typ, form := t.Value.Type().Elem(), t.codec.form(t.shape)
	if t.Value.Kind() == reflect.Slice {
		s.PlaceArray(n, t.Value.UnsafePointer(), typ.Size()*uintptr(t.Value.Len()), typ, form)
		return
	}
	s.Place(n, t.Value.UnsafePointer(), typ, form)
}

// Loosen implements [wire.LastingThing].
func (t *Thing) Loosen() {
	if !t.Value.IsValid() {
		return
	}
	if t.last == nil {
		t.last = &lost{typ: t.Value.Type()}
		if t.Value.Kind() == reflect.Slice {
			t.last.count = t.Value.Len()
		}
		t.keep()
	}
	if t.isText() {
		t.Base = reflect.Zero(t.last.typ)
	}
	if t.last.weak == (wire.Weak[byte]{}) {
		at, size := t.memory(t.Value)
		t.last.weak = wire.MakeWeak((*byte)(at), size)
	}
	t.Value = reflect.Value{}
}

// Tighten implements [wire.LastingThing].
func (t *Thing) Tighten() bool {
	if t.Value.IsValid() || t.last == nil {
		return t.Value.IsValid()
	}
	at := unsafe.Pointer(t.last.weak.Value())
	switch {
	case at == nil:
	case t.last.typ.Kind() == reflect.Slice:
		t.Value = reflect.SliceAt(t.last.typ.Elem(), at, t.last.count).Convert(t.last.typ)
	default:
		t.Value = reflect.NewAt(t.last.typ, unsafe.Pointer(&at)).Elem()
	}
	return t.Value.IsValid()
}

// Revive implements [wire.LastingThing].
func (t *Thing) Revive() {
	t.last.weak = wire.Weak[byte]{}
	switch typ := t.last.typ; typ.Kind() {
	case reflect.Slice:
		t.Value = reflect.MakeSlice(typ, t.last.count, t.last.count)
	case reflect.Map:
		t.Value = reflect.MakeMap(typ)
	default:
		t.Value = reflect.New(typ.Elem()).Convert(typ)
	}
	if !t.last.text(t) { // what is taken is taken onto the content that both sides had
		t.keep()
	}
}

// memory is what is compared of a pointer or a slice; nothing of one that exists no more.
func (t *Thing) memory(v reflect.Value) (at unsafe.Pointer, size uintptr) {
	if at = v.UnsafePointer(); at == nil {
		return nil, 0
	}
	size = v.Type().Elem().Size()
	if v.Kind() == reflect.Slice {
		size *= uintptr(v.Len())
	}
	return at, size
}

// Freeze implements [wire.LastingThing].
func (t *Thing) Freeze() {
	switch {
	case t.last.text(t):
	case t.IsMap():
		t.last.changed = t.last.changed || t.Tighten() && t.Kept.Dirty()
		t.Loosen()
		t.Base = reflect.Zero(t.last.typ)
	default:
		t.last.print.Take(t.memory(t.Base))
		t.Base = reflect.Zero(t.last.typ)
	}
}

// Thaw implements [wire.LastingThing].
func (t *Thing) Thaw() {
	if !t.Tighten() || t.last.text(t) {
		return
	}
	t.keep()
	if !t.IsMap() {
		t.last.changed = t.last.changed || !t.last.print.Is(t.memory(t.Base))
	}
	t.last.print = wire.Print{}
}

// text reports whether a thing crosses as text, which keeps nothing alive.
func (l *lost) text(t *Thing) bool {
	return l.typ.Kind() == reflect.Pointer && t.shape.elem.kind == kindText
}

// Differs implements [wire.LastingThing].
func (t *Thing) Differs(keep bool) bool {
	differs := t.last != nil && t.last.changed
	switch {
	case differs:
	case t.isText():
		differs = t.text() != t.was
	case t.Value.Kind() == reflect.Slice:
		at, size := t.memory(t.Value)
		differs = !wire.Same(at, t.Base.UnsafePointer(), size)
	default:
		differs = t.Kept.Dirty()
	}
	if differs && keep {
		t.Renew()
	}
	return differs
}

// Unseen implements [wire.Unseen], for a map: the host looks at it at no other time.
func (t *Thing) Unseen() bool {
	return t.Value.IsValid() && t.IsMap() && t.Base.IsValid() && t.Differs(true)
}

// Renew implements [wire.LastingThing].
func (t *Thing) Renew() {
	t.keep()
	if t.last != nil {
		t.last.changed = false
	}
	t.codec.kept.renew(t.Value)
}

// Settled implements [wire.LastingThing].
func (t *Thing) Settled() bool {
	if t.isText() || !t.Differs(false) {
		return true
	}
	t.last.changed = true
	return false
}

// Array implements [wire.Array].
func (t *Thing) Array() (at unsafe.Pointer, size uintptr) {
	if !t.Value.IsValid() || t.Value.Kind() != reflect.Slice {
		return nil, 0
	}
	return t.memory(t.Value)
}

// PutWhole implements [wire.LastingThing]. Others may be changing the value itself.
func (t *Thing) PutWhole(e *wire.Encoder) {
	v := t.Value
	if t.Base.IsValid() {
		v = t.Base
	}
	if v.Kind() == reflect.Map {
		e.Len(v.Len(), false)
	}
	t.codec.content(e, t.shape, v)
}

// TakeWhole implements [wire.LastingThing].
func (t *Thing) TakeWhole(d *wire.Decoder) {
	switch t.Value.Kind() {
	case reflect.Pointer:
		t.takePointee(d)
	case reflect.Slice:
		t.takeElements(d, 0, t.Value.Len())
	case reflect.Map:
		t.takeEntries(d)
	}
	if d.Err() == nil {
		t.Renew()
	}
}

// renew notes what a value has that stands for one of the host: both sides have it.
func (t *keptTable) renew(v reflect.Value) {
	if k := t.standsFor(v); k != nil && k.shape != nil {
		now := prints(k.shape, v)
		t.mu.Lock()
		defer t.mu.Unlock()
		k.prints = now
	}
}
