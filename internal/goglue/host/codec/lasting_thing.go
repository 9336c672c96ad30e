package codec

import (
	"fmt"
	"reflect"
	"unsafe"

	"github.com/loadgo/load/internal/goglue/api"
	"github.com/loadgo/load/internal/wire"
)

// differs reports whether the host has changed the content.
func (s *shared) differs() bool {
	if s.own != nil && s.own.kept() { // what both sides have is what they have of that
		return s.own.differs()
	}
	if s.Value.Kind() != reflect.Slice {
		return s.Dirty()
	}
	size := s.t.Elem().Size() * uintptr(s.Value.Len())
	return s.kept() && !wire.Same(s.Value.UnsafePointer(), s.Base.UnsafePointer(), size)
}

// renew notes that both sides have the content, of what a call shares, too.
func (s *shared) renew() {
	s.keep()
	if s.own != nil && s.own.kept() {
		s.of.Try(s.own.keep)
	}
}

// Array implements [wire.Array].
func (s *shared) Array() (at unsafe.Pointer, size uintptr) {
	if !s.Value.IsValid() || s.Value.Kind() != reflect.Slice {
		return nil, 0
	}
	return s.Value.UnsafePointer(), s.t.Elem().Size() * uintptr(s.Value.Len())
}

// putWhole appends a content that the module may have already.
func (s *shared) putWhole(e *wire.Encoder, v reflect.Value) {
	switch {
	case s.putErr != nil:
		e.Fail(s.putErr)
	case s.partial:
		e.Fail(s.lacking())
	default:
		s.put(e, v)
	}
}

func (s *shared) lacking() error {
	return fmt.Errorf("the module holds a %s, whose type has fewer fields than the module's: give it all fields, or change it by the module's functions", s.t)
}

// Place implements [wire.Placed].
func (s *shared) Place(t *wire.Sharing, n int) {
	switch {
	case !s.Value.IsValid():
	case s.Value.Kind() == reflect.Slice:
		t.PlaceArray(n, s.Value.UnsafePointer(), s.t.Elem().Size()*uintptr(s.Value.Len()), s.t, s.n)
	default:
		t.Place(n, s.Value.UnsafePointer(), s.t, s.n)
	}
}

// takeWhole takes a content, in place.
func (s *shared) takeWhole(d *Incoming) {
	if s.Value.Kind() == reflect.Slice {
		s.changeElements(d, 0, s.Value.Len())
	} else {
		s.change(d)
	}
	if s.own != nil && d.Err() == nil {
		s.renew()
	}
}

// takeKnown takes a thing of an update that the host has, into v, and reports whether it has.
func (x *crossing) takeKnown(d *Incoming, last wire.Number, v reflect.Value) bool {
	s, ok := last.Thing.(*shared)
	if !ok || s.t != x.t || s.n != x.n || !s.Value.IsValid() || v.Kind() == reflect.Slice {
		return false
	}
	s.Place(d.Sharing, d.Sharing.NumberAgain(last, s))
	v.Set(s.Value)
	switch {
	case !last.Old:
		s.takeNews(d, last)
	case v.Kind() == reflect.Map:
		x.take(d, reflect.MakeMap(x.t))
	case d.ChargeEach(1, x.t.Elem().Size()):
		x.take(d, reflect.New(x.t.Elem()).Convert(x.t))
	}
	return true
}

// takeNews takes what the module has changed of a thing, in place.
func (s *shared) takeNews(d *Incoming, last wire.Number) {
	if last.Passed || s.differs() {
		d.Fail(wire.ErrBoth)
		return
	}
	s.takeWhole(d)
}

// Unseen implements [wire.Unseen], for a map, which others may be changing at other times.
func (s *shared) Unseen() bool {
	if !s.Value.IsValid() || s.Value.Kind() != reflect.Map || !s.Dirty() {
		return false
	}
	s.keep()
	return true
}

// lacks reports whether a host's type has fewer fields than the module's, which the module would
// lose.
func (c *Codec) lacks(t reflect.Type, n int) bool {
	typ := &c.api.Types[n]
	switch {
	case typ.Kind == api.KindArray && t.Kind() == reflect.Array:
		return c.lacks(t.Elem(), typ.Elem)
	case typ.Kind != api.KindStruct || t.Kind() != reflect.Struct || t == timeType || typ.Class != api.Data:
		return false
	}
	for _, f := range typ.Fields {
		host, ok := t.FieldByName(f.Name)
		if !ok || c.lacks(host.Type, f.Type) {
			return true
		}
	}
	return false
}
