package dynamic

import (
	"reflect"

	"github.com/loadgo/load/internal/wire"
)

// Thing is a thing of a value of type any. It implements [wire.Thing].
type Thing struct {
	wire.Kept
	codec *Codec
	shape *shape
	was   string // the content that both sides have, of what crosses as text
	last  *lost  // where it lasts, in the module
}

// text is the content of what crosses as text.
func (t *Thing) text() string {
	var e wire.Encoder
	t.codec.content(&e, t.shape, t.Value)
	return string(e.Buf)
}

func (t *Thing) isText() bool {
	return t.shape.elem.kind == kindText && t.Value.Kind() == reflect.Pointer
}

// Keep implements [wire.Thing].
func (t *Thing) Keep() {
	if t.Value.IsValid() && !t.Base.IsValid() {
		t.keep()
	}
}

func (t *Thing) keep() {
	if t.isText() {
		t.Base, t.was = t.Value, t.text()
		return
	}
	t.Kept.Keep()
}

// Tears implements [wire.Thing].
func (t *Thing) Tears() bool { return t.Value.IsValid() && t.isText() || t.Kept.Tears() }

// Whole implements [wire.Thing].
func (t *Thing) Whole() bool { return t.Value.IsValid() && t.Value.Kind() != reflect.Slice }

// Dirty implements [wire.Thing].
func (t *Thing) Dirty() bool {
	switch {
	case !t.Base.IsValid():
		return false
	case t.isText():
		return t.text() != t.was
	}
	return t.Kept.Dirty()
}

// Changed implements [wire.Thing]. A text waits as a map does.
func (t *Thing) Changed(beside bool) (bool, error) {
	switch {
	case !t.Base.IsValid():
		return false, nil
	case t.isText():
		if beside || !t.Dirty() {
			return false, nil
		}
		t.keep()
		return true, nil
	}
	return t.Kept.Changed(beside)
}

// Put implements [wire.Thing].
func (t *Thing) Put(e *wire.Encoder) {
	t.Kept.Put(e, func(v reflect.Value) {
		if v.Kind() == reflect.Map {
			e.Len(v.Len(), false)
		}
		t.codec.content(e, t.shape, v)
	})
}

// Take implements [wire.Thing]. Unexported fields keep their values.
func (t *Thing) Take(d *wire.Decoder) {
	if !t.Value.IsValid() {
		d.Fail(wire.ErrTag)
		return
	}
	switch t.Value.Kind() {
	case reflect.Pointer:
		t.takePointee(d)
	case reflect.Slice:
		d.TakeRuns(t.Value.Len(), func(from, to int) { t.takeElements(d, from, to) })
		return
	case reflect.Map:
		t.takeEntries(d)
	}
	if t.Base.IsValid() && d.Err() == nil {
		t.keep()
	}
}

func (t *Thing) takePointee(d *wire.Decoder) {
	fresh, ok := fresh(d, t.Value.Type().Elem())
	if !ok {
		return
	}
	if !t.isText() || t.shape.elem.inForms() { // an Unmarshal… may leave a part as it was
		fresh.Set(t.Value.Elem())
	}
	if t.codec.decode(d, t.shape.elem, fresh); d.Err() != nil {
		return
	}
	if t.shape.elem.kind != byte(reflect.Struct) {
		t.Value.Elem().Set(fresh)
		return
	}
	t.shape.elem.assign(d, t.Value.Elem(), fresh)
}

func (t *Thing) takeElements(d *wire.Decoder, from, to int) {
	part := t.Value.Slice(from, to)
	if t.shape.elem.kind == byte(reflect.Uint8) {
		copy(part.Bytes(), d.Raw(to-from))
	} else {
		if !d.ChargeEach(to-from, part.Type().Elem().Size()) {
			return
		}
		fresh := reflect.MakeSlice(part.Type(), to-from, to-from)
		reflect.Copy(fresh, part)
		for i := 0; i < to-from && d.Err() == nil; i++ {
			t.codec.decode(d, t.shape.elem, fresh.Index(i))
		}
		if d.Err() != nil {
			return
		}
		reflect.Copy(part, fresh)
	}
	if t.Base.IsValid() {
		reflect.Copy(t.Base.Slice(from, to), part)
	}
}

func (t *Thing) takeEntries(d *wire.Decoder) {
	typ := t.Value.Type()
	n, _ := d.Len(2)
	if !chargeMap(d, typ, n) {
		return
	}
	fresh := reflect.MakeMapWithSize(typ, n)
	if t.codec.entries(d, t.shape, fresh, n); d.Err() != nil {
		return
	}
	t.Value.Clear()
	for it := fresh.MapRange(); it.Next(); {
		t.Value.SetMapIndex(it.Key(), it.Value())
	}
}
