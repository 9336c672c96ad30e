package codec

import (
	"fmt"
	"reflect"
	"slices"

	"github.com/loadgo/load/internal/goglue/api"
	"github.com/loadgo/load/internal/goglue/guest/guesthttp"
	"github.com/loadgo/load/internal/wire"
)

// messageTypes are types whose values belong to who gets them: nobody changes them for the other
// side.
var messageTypes = map[reflect.Type]bool{
	reflect.TypeFor[guesthttp.Answer]():  true,
	reflect.TypeFor[guesthttp.Changes](): true,
	reflect.TypeFor[guesthttp.Message](): true,
	reflect.TypeFor[guesthttp.Piece]():   true,
}

// Shares reports whether values of a host's type lead to something that a module's function can
// change where it takes type n.
func (c *Codec) Shares(t reflect.Type, n int) bool { return c.leads(t, n, map[int]bool{}) }

func (c *Codec) leads(t reflect.Type, n int, seen map[int]bool) bool {
	typ := &c.api.Types[n]
	if held, _ := HeldTwin(t); held || t == ObjectType || messageTypes[t] || seen[n] {
		return false
	}
	seen[n] = true
	switch typ.Kind {
	case api.KindPointer, api.KindSlice, api.KindMap, api.KindAny:
		return true
	case api.KindArray:
		return t.Kind() != reflect.Array || c.leads(t.Elem(), typ.Elem, seen)
	case api.KindStruct:
		for _, f := range typ.Fields {
			if t.Kind() != reflect.Struct {
				return c.textCodec(t, n) == api.CodecNone
			}
			if host, ok := t.FieldByName(f.Name); ok && c.leads(host.Type, f.Type, seen) {
				return true
			}
		}
	}
	return false
}

// Keeps reports whether a module's function may hold what it is given, or what that leads to, when
// it has returned: something of it is a pointer, or the function makes a sort.Interface of a list.
func (c *Codec) Keeps(f *api.Func, results []reflect.Type) bool {
	for _, n := range f.In {
		if c.pointers(n, map[int]bool{}) {
			return true
		}
	}
	return f.Receiver != 0 && f.Pointer != 0 || c.sorts(f, results)
}

func (c *Codec) pointers(n int, seen map[int]bool) bool {
	typ := &c.api.Types[n]
	if seen[n] {
		return false
	}
	seen[n] = true
	switch typ.Kind {
	case api.KindPointer, api.KindAny:
		return true
	case api.KindArray, api.KindSlice, api.KindMap:
		return c.pointers(typ.Elem, seen)
	case api.KindStruct:
		for _, f := range typ.Fields {
			if c.pointers(f.Type, seen) {
				return true
			}
		}
	}
	return false
}

// sorts reports whether a function takes a list and returns a sort.Interface that stays in the
// module, which sorts that list. The variadic part is left out: it is most often a list of the
// call's own.
func (c *Codec) sorts(f *api.Func, results []reflect.Type) bool {
	in := f.In
	if f.Variadic && !f.NoVariadic {
		in = in[:len(in)-1]
	}
	if !slices.ContainsFunc(in, func(n int) bool { return c.api.Types[n].Kind == api.KindSlice }) {
		return false
	}
	for j, t := range results {
		if held, _ := HeldTwin(t); (held || t == ObjectType) && c.isSort(f.Out[j]) {
			return true
		}
	}
	return false
}

// isSort reports whether values of type n, or of what it points to, are a sort.Interface.
func (c *Codec) isSort(n int) bool {
	typ := &c.api.Types[n]
	if typ.Kind == api.KindPointer && len(typ.Methods) == 0 {
		typ = &c.api.Types[typ.Elem]
	}
	for _, name := range []string{"Len", "Less", "Swap"} {
		if !slices.ContainsFunc(typ.Methods, func(m api.Method) bool { return m.Name == name }) {
			return false
		}
	}
	return true
}

// Points reports whether a result of type n is a pointer that a host's type is one to: the module
// may hold it, too.
func (c *Codec) Points(t reflect.Type, n int) bool {
	typ := &c.api.Types[n]
	held, _ := HeldTwin(t)
	return t.Kind() == reflect.Pointer && !held && t != ObjectType && t != placeType && typ.Kind == api.KindPointer && typ.Class != api.Held && c.textCodec(t, n) == api.CodecNone
}

// Circular reports whether values of the module's type n, which are copied, may lead to themselves.
func (c *Codec) Circular(t reflect.Type, n int) bool {
	if held, _ := HeldTwin(t); held || t == ObjectType || t == AnyType {
		return false
	}
	return c.circles(n, map[int]bool{})
}

// circles walks types; around tells of those that were seen whether the walk is within them.
func (c *Codec) circles(n int, around map[int]bool) bool {
	if within, seen := around[n]; seen {
		return within
	}
	typ := &c.api.Types[n]
	around[n] = true
	defer func() { around[n] = false }()
	switch typ.Kind {
	case api.KindPointer, api.KindSlice, api.KindArray, api.KindMap:
		return c.circles(typ.Elem, around)
	case api.KindStruct:
		return slices.ContainsFunc(typ.Fields, func(f api.Field) bool { return c.circles(f.Type, around) })
	}
	return false
}

// TakeChanges takes what the module changed, in place, once no function of the host may be reading
// it. Passed says of a thing whether the host has changed it meanwhile.
func (c *Codec) TakeChanges(d *Incoming, passed func(n int) bool) error {
	for n := d.Uint(); n > 0 && d.Err() == nil; n = d.Uint() {
		if n > uint64(len(d.Sharing.Things)) {
			d.Fail(wire.ErrTag)
			break
		}
		thing := d.Sharing.Things[n-1]
		if t, ok := thing.(interface{ Tears() bool }); ok && d.Sharing.Beside() && t.Tears() {
			if err := d.Sharing.Alone(); err != nil {
				return err
			}
		}
		switch t := thing.(type) {
		case *shared:
			if t.takeErr != nil {
				return fmt.Errorf("what the module changed of a %s cannot be taken over: %w", t.t, t.takeErr)
			}
			if t.Value.IsValid() && t.Value.Kind() != reflect.Slice && (passed(int(n-1)) || t.Dirty()) {
				return wire.ErrBoth
			}
			t.change(d)
		case *skipped:
			t.change(d)
		case wire.Thing:
			if passed(int(n-1)) && t.Whole() || t.Dirty() {
				return wire.ErrBoth
			}
			t.Take(&d.Decoder)
		}
	}
	return d.Err()
}

// Tears is [wire.Kept.Tears]. A method of its own writes what crosses as text.
func (s *shared) Tears() bool { return s.asText || s.Kept.Tears() }

// TakeUpdate is TakeChanges for a message of a call that goes on, whose table s is locked.
func (c *Codec) TakeUpdate(d *Incoming, s *wire.Sharing, passed func(n int) bool) error {
	KeepThings(s.Things)
	err := c.TakeChanges(d, passed)
	KeepThings(s.Things)
	if err == nil && !s.Beside() {
		c.Lasting.Agree(s)
	}
	return err
}

// change takes a new content, in place.
func (s *shared) change(d *Incoming) {
	if s.take == nil || !s.Value.IsValid() {
		d.Fail(wire.ErrTag)
		return
	}
	s.brought = true
	switch s.Value.Kind() {
	case reflect.Pointer:
		s.changePointee(d)
	case reflect.Slice:
		d.TakeRuns(s.Value.Len(), func(from, to int) { s.changeElements(d, from, to) })
	default:
		fresh := reflect.MakeMap(s.t)
		if s.take(d, fresh); d.Err() != nil {
			return
		}
		s.Value.Clear()
		for it := fresh.MapRange(); it.Next(); {
			s.Value.SetMapIndex(it.Key(), it.Value())
		}
	}
	if s.kept() && s.Value.Kind() != reflect.Slice {
		s.keep()
	}
}

func (s *shared) changePointee(d *Incoming) {
	if !d.ChargeEach(1, s.t.Elem().Size()) {
		return
	}
	fresh := reflect.New(s.t.Elem())
	if !s.asText {
		fresh.Elem().Set(s.Value.Elem())
	}
	if s.take(d, fresh.Convert(s.t)); d.Err() != nil {
		return
	}
	if s.fields == nil {
		s.Value.Elem().Set(fresh.Elem())
	}
	for _, j := range s.fields {
		s.Value.Elem().Field(j).Set(fresh.Elem().Field(j))
	}
}

func (s *shared) changeElements(d *Incoming, from, to int) {
	part := s.Value.Slice(from, to)
	switch {
	case s.bytes:
		s.take(d, part)
	case !d.ChargeEach(to-from, s.t.Elem().Size()):
		return
	default:
		fresh := reflect.MakeSlice(s.Value.Type(), to-from, to-from)
		reflect.Copy(fresh, part)
		if s.take(d, fresh); d.Err() == nil {
			reflect.Copy(part, fresh)
		}
	}
	if s.Base.IsValid() {
		reflect.Copy(s.Base.Slice(from, to), part)
	}
}

// kept reports whether the content is known that both sides have.
func (s *shared) kept() bool { return s.Base.IsValid() }

// keep remembers the content as that of both sides.
func (s *shared) keep() {
	switch {
	case !s.Value.IsValid():
	case s.asText:
		s.Base, s.text = s.Value, s.content()
	default:
		s.Keep()
	}
}

// content is the content of what crosses as text.
func (s *shared) content() string {
	var e wire.Encoder
	s.put(&e, s.Value)
	return string(e.Buf)
}

// Dirty reports whether the host has changed what crosses as a whole.
func (s *shared) Dirty() bool {
	switch {
	case !s.kept():
		return false
	case s.asText:
		return s.content() != s.text
	}
	return s.Kept.Dirty()
}

// changed is [wire.Kept.Changed]. A text waits as a map does.
func (s *shared) changed(beside bool) (bool, error) {
	switch {
	case !s.kept():
		return false, nil
	case s.asText:
		if beside || !s.Dirty() {
			return false, nil
		}
		s.keep()
		return true, s.putErr
	}
	changed, err := s.Changed(beside)
	if changed && err == nil {
		err = s.putErr
	}
	return changed, err
}

// KeepThings remembers of what the host shares with the module what both sides have, where it is
// not known yet.
func KeepThings(things []any) {
	for _, t := range things {
		switch t := t.(type) {
		case *shared:
			if !t.kept() {
				t.keep()
			}
		case wire.Thing:
			t.Keep()
		}
	}
}

// Changes returns the numbers of the things that the host has changed.
func Changes(things []any, beside bool) (changed []int, err error) {
	for n, t := range things {
		is := false
		switch t := t.(type) {
		case *shared:
			is, err = t.changed(beside)
		case wire.Thing:
			is, err = t.Changed(beside)
		}
		if err != nil {
			return nil, err
		}
		if is {
			changed = append(changed, n)
		}
	}
	return changed, nil
}

// PutChanges appends what has changed.
func PutChanges(e *wire.Encoder, things []any, changed []int) {
	for _, n := range changed {
		e.Uint(uint64(n) + 1)
		switch t := things[n].(type) {
		case *shared:
			t.Put(e, func(v reflect.Value) { t.put(e, v) })
		case wire.Thing:
			t.Put(e)
		}
	}
	e.Uint(0)
}

// Never says that no message has passed another one: the functions of a call have ended.
func Never(int) bool { return false }
