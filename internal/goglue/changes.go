package goglue

import (
	"fmt"
	"reflect"

	"github.com/loadgo/load/internal/goglue/guest/guesthttp"
	"github.com/loadgo/load/internal/wire"
)

// messageTypes are types whose values belong to who gets them: nobody changes them for the other side.
var messageTypes = map[reflect.Type]bool{
	reflect.TypeFor[guesthttp.Answer]():  true,
	reflect.TypeFor[guesthttp.Changes](): true,
	reflect.TypeFor[guesthttp.Piece]():   true,
}

// shares reports whether values of a host's type lead to something that a module's function can
// change where it takes type n.
func (i *Instance) shares(t reflect.Type, n int) bool { return i.leads(t, n, map[int]bool{}) }

func (i *Instance) leads(t reflect.Type, n int, seen map[int]bool) bool {
	typ := &i.api.Types[n]
	if t == objectType || messageTypes[t] || seen[n] {
		return false
	}
	seen[n] = true
	switch typ.Kind {
	case KindPointer, KindSlice, KindMap, KindAny:
		return true
	case KindArray:
		return t.Kind() != reflect.Array || i.leads(t.Elem(), typ.Elem, seen)
	case KindStruct:
		for _, f := range typ.Fields {
			if t.Kind() != reflect.Struct {
				return i.codec(t, n) == CodecNone
			}
			if host, ok := t.FieldByName(f.Name); ok && i.leads(host.Type, f.Type, seen) {
				return true
			}
		}
	}
	return false
}

// takeChanges takes what the module changed, in place.
func (i *Instance) takeChanges(d *incoming) error {
	for n := d.Uint(); n > 0 && d.Err() == nil; n = d.Uint() {
		if n > uint64(len(d.Sharing.Things)) {
			d.Fail(wire.ErrTag)
			break
		}
		switch t := d.Sharing.Things[n-1].(type) {
		case *shared:
			if t.takeErr != nil {
				return fmt.Errorf("what the module changed of a %s cannot be taken over: %w", t.t, t.takeErr)
			}
			t.change(d)
		case wire.Thing:
			t.Take(&d.Decoder)
		}
	}
	return d.Err()
}

// change takes a new content, in place.
func (s *shared) change(d *incoming) {
	switch {
	case s.take == nil || !s.value.IsValid():
		d.Fail(wire.ErrTag)
	case s.value.Kind() == reflect.Pointer:
		if !d.ChargeEach(1, s.t.Elem().Size()) {
			return
		}
		fresh := reflect.New(s.t.Elem())
		if !s.text {
			fresh.Elem().Set(s.value.Elem())
		}
		if s.take(d, fresh.Convert(s.t)); d.Err() != nil {
			return
		}
		if s.fields == nil {
			s.value.Elem().Set(fresh.Elem())
		}
		for _, j := range s.fields {
			s.value.Elem().Field(j).Set(fresh.Elem().Field(j))
		}
	case s.value.Kind() == reflect.Slice:
		from, to := d.Range(s.value.Len())
		if !d.ChargeEach(to-from, s.t.Elem().Size()) {
			return
		}
		fresh := reflect.MakeSlice(s.value.Type(), to-from, to-from)
		if !s.bytes {
			reflect.Copy(fresh, s.value.Slice(from, to))
		}
		if s.take(d, fresh); d.Err() == nil {
			reflect.Copy(s.value.Slice(from, to), fresh)
		}
	default:
		fresh := reflect.MakeMap(s.t)
		if s.take(d, fresh); d.Err() != nil {
			return
		}
		s.value.Clear()
		for it := fresh.MapRange(); it.Next(); {
			s.value.SetMapIndex(it.Key(), it.Value())
		}
	}
}

// keep remembers the content before a function of the host is called.
func (s *shared) keep() {
	switch {
	case !s.value.IsValid():
		return
	case s.text:
		s.was = reflect.ValueOf(s.content())
		return
	}
	s.was = wire.Content(s.value)
}

// content is the content of what crosses as text.
func (s *shared) content() string {
	var e wire.Encoder
	s.put(&e, s.value)
	return string(e.Buf)
}

// putChange appends the content where it is another one, after the number of the thing.
func (s *shared) putChange(e *wire.Encoder, n int) {
	from, to := 0, 1
	switch {
	case !s.was.IsValid() || s.text && s.content() == s.was.String():
		return
	case !s.text:
		from, to = wire.Difference(s.value, s.was)
	}
	if from == to {
		return
	}
	e.Uint(uint64(n) + 1)
	switch {
	case s.putErr != nil:
		e.Fail(s.putErr)
	case s.value.Kind() == reflect.Slice:
		e.Uint(uint64(from))
		e.Uint(uint64(to - from))
		s.put(e, s.value.Slice(from, to))
	default:
		s.put(e, s.value)
	}
}

// keepThings remembers what the host shares with the module before a function of the host is
// called.
func keepThings(s *wire.Sharing) {
	for _, t := range s.Things {
		switch t := t.(type) {
		case *shared:
			t.keep()
		case wire.Thing:
			t.Keep()
		}
	}
}

// putChanges appends what the host changed of the first things.
func putChanges(e *wire.Encoder, things []any) {
	for n, t := range things {
		switch t := t.(type) {
		case *shared:
			t.putChange(e, n)
		case wire.Thing:
			if t.Changed() {
				e.Uint(uint64(n) + 1)
				t.Put(e)
			}
		}
	}
	e.Uint(0)
}
