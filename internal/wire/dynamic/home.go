package dynamic

import (
	"fmt"
	"reflect"

	"github.com/loadgo/load/internal/wire"
)

// Home is the part of a [Peer] by which a value of the host is itself when it comes home. The host
// lends values, and has them by the handle; the module borrows them, and knows which of its values
// stands for which.
//
//	lent = TagOwn handle, TagValue … | TagOwn handle, TagShared … | TagHost handle, modes, scope | TagError error | TagHandle handle
//	back = TagHost handle, changed, changes | TagError error
//
// A value that is lent with TagHost has no form in the module: only its text and its JSON, or, of
// what errors.As is to fill, that the host fills it.
type Home interface {
	// Lend appends the handle of a value. The host does.
	Lend(e *wire.Encoder, v reflect.Value)
	// LendWhole appends a reference to a value that is not copied.
	LendWhole(e *wire.Encoder, v reflect.Value)
	// LendTarget appends a reference to a pointer to a variable for an error, and reports whether the
	// host alone can fill it.
	LendTarget(e *wire.Encoder, v reflect.Value) bool
	// GiveError appends an error after [wire.TagError], and reports whether it did: the module
	// gives only those that both sides know by name.
	GiveError(e *wire.Encoder, v reflect.Value) bool
	// Own returns the host's value, or the zero Value. Where the module has changed what it had of it,
	// it has to be one that Lend gave: of others the module has the methods.
	Own(handle uint64, changed bool) reflect.Value

	// HandleOf returns the handle of the value of the other side that a value stands for by its
	// type, or as a function.
	HandleOf(v reflect.Value) (uint64, bool)

	// Borrow takes what Lend appended, in the module.
	Borrow(d *wire.Decoder) Reference
	// BorrowWhole takes what follows the tag in what LendWhole appended.
	BorrowWhole(d *wire.Decoder) any
	// TakeError takes what GiveError appended.
	TakeError(d *wire.Decoder) any
}

// Reference keeps a value of the host while it is reachable.
type Reference interface {
	HostHandle() uint64
	// Tie makes a value the one that stands for the reference, where none does, and returns that
	// which does.
	Tie(v any) any
}

// lend appends what makes a value of the host known again, and reports whether that is all. If not,
// the value follows.
func (c *Codec) lend(e *wire.Encoder, v reflect.Value) bool {
	t := v.Type()
	if handle, ok := c.peer.HandleOf(v); ok {
		e.Byte(wire.TagHandle)
		e.Handle(handle)
		return true
	}
	switch {
	case t == timeType || t == durationType || t == placeType || c.peer.Opaque(t) || c.peer.TextName(t) != "" || !hasNothing(t) && c.formOf(t, nil) != "":
		return false
	case t.Implements(errorType) && (t.Kind() != reflect.Pointer || !v.IsNil()):
		return c.peer.GiveError(e, v)
	}
	if isTarget(v) && c.peer.LendTarget(e, v) {
		return true
	}
	to, isNil := t, false
	switch t.Kind() {
	case reflect.Pointer:
		to, isNil = t.Elem(), v.IsNil() || t.Elem().Size() == 0
	case reflect.Map:
		isNil = v.IsNil()
	case reflect.Slice:
		isNil = v.Cap() == 0 || t.Elem().Size() == 0
	case reflect.Struct:
		isNil = !hides(t)
	default:
		return false
	}
	if isNil {
		return false
	}
	if hasNothing(to) && to != timeType && c.peer.TextName(to) == "" && (to == t || c.formOf(to, []reflect.Type{t}) == "") {
		c.peer.LendWhole(e, v)
		return true
	}
	e.Byte(wire.TagOwn)
	c.peer.Lend(e, v)
	return false
}

// isTarget reports whether a value points to a nil variable of a type of errors or of an interface:
// what [errors.As] fills. Only the host knows what fits it.
func isTarget(v reflect.Value) bool {
	if v.Kind() != reflect.Pointer || v.IsNil() {
		return false
	}
	switch to := v.Type().Elem(); to.Kind() {
	case reflect.Interface:
		return to.NumMethod() > 0 && to != errorType && v.Elem().IsNil()
	case reflect.Pointer:
		return to.Implements(errorType) && v.Elem().IsNil()
	}
	return false
}

// hides reports whether a struct has parts that do not cross.
func hides(t reflect.Type) bool {
	for i := range t.NumField() {
		f := t.Field(i)
		if !f.IsExported() || f.Type.Kind() == reflect.Struct && f.Type != timeType && hides(f.Type) {
			return true
		}
	}
	return false
}

// takeHost takes what follows [wire.TagHost].
func (c *Codec) takeHost(d *wire.Decoder) any {
	if !c.peer.Forms() {
		return c.peer.BorrowWhole(d)
	}
	handle, changed := d.Uint(), d.Bool()
	own := c.peer.Own(handle, changed)
	if !own.IsValid() {
		d.Fail(wire.ErrTag)
		return nil
	}
	if changed {
		own = c.takeParts(d, own)
	}
	if d.Err() != nil || !own.CanInterface() {
		return nil
	}
	return own.Interface()
}

// takeParts takes what the module changed of a value that it kept.
func (c *Codec) takeParts(d *wire.Decoder, own reflect.Value) reflect.Value {
	s := c.shapeOf(own.Type())
	if own.Kind() == reflect.Map {
		(&Thing{codec: c, shape: s, Kept: wire.Kept{Value: own}}).Take(d)
		return own
	}
	if s.err != nil {
		d.Fail(wire.ErrTag)
		return own
	}
	if own.Kind() == reflect.Struct {
		changed := reflect.New(own.Type()).Elem()
		changed.Set(own)
		own = changed
	}
	list := parts(s, own)
	for n := d.Uint(); n > 0 && d.Err() == nil; n-- {
		at := d.Uint()
		if at >= uint64(len(list)) {
			d.Fail(wire.ErrTag)
			break
		}
		part := list[at]
		if v, ok := fresh(d, part.Type()); ok {
			v.Set(part.Value)
			if c.decode(d, part.shape, v); d.Err() == nil {
				part.set(d, v)
			}
		}
	}
	return own
}

// part is a part of a value that is looked at by itself: a field, an element, or what a pointer
// points to.
type part struct {
	*shape
	reflect.Value
	unset bool // an embedded pointer that is nil, and that only the package of its type can set
}

// set gives a part another value.
func (p part) set(d *wire.Decoder, v reflect.Value) {
	if p.unset && !v.IsNil() {
		d.Fail(fmt.Errorf("cannot set embedded pointer to unexported struct: %s", v.Type().Elem()))
		return
	}
	p.Value.Set(v)
}

// parts returns the parts of a value that can be changed.
func parts(s *shape, v reflect.Value) (all []part) {
	if v.Kind() == reflect.Pointer {
		s, v = s.elem, v.Elem()
	}
	switch {
	case s.kind == byte(reflect.Struct):
		for _, f := range s.fields {
			p := part{shape: f.shape, Value: f.of(v)}
			p.unset = p.Value.Kind() == reflect.Pointer && p.Value.IsNil() && !v.Type().Field(f.index).IsExported()
			all = append(all, p)
		}
	case s.kind == byte(reflect.Slice):
		for i := range v.Len() {
			all = append(all, part{shape: s.elem, Value: v.Index(i)})
		}
	default:
		all = append(all, part{shape: s, Value: v})
	}
	return all
}
