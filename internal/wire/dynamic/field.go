package dynamic

import (
	"fmt"
	"reflect"
	"slices"
	"unicode"
	"unicode/utf8"

	"github.com/loadgo/load/internal/wire"
)

// shownFields are the fields of a struct that cross: the exported ones, and embedded structs, or
// pointers to ones, that promote exported ones.
func shownFields(t reflect.Type, outer ...reflect.Type) (all []int) {
	outer = append(outer, t)
	for i := range t.NumField() {
		f := t.Field(i)
		to := f.Type
		if to.Kind() == reflect.Pointer {
			to = to.Elem()
		}
		if f.IsExported() || f.Anonymous && to.Kind() == reflect.Struct && (slices.Contains(outer, to) || len(shownFields(to, outer...)) > 0) {
			all = append(all, i)
		}
	}
	return all
}

// shownName is the name under which a field crosses: types that are made by reflection embed
// exported fields only.
func shownName(t reflect.Type, f reflect.StructField) string {
	if f.IsExported() {
		return f.Name
	}
	first, size := utf8.DecodeRuneInString(f.Name)
	name := string(unicode.ToUpper(first)) + f.Name[size:]
	if !unicode.IsUpper(unicode.ToUpper(first)) {
		name = "X" + f.Name
	}
	for {
		other, taken := t.FieldByName(name)
		if !taken || len(other.Index) > 1 {
			return name
		}
		name += "_"
	}
}

// describeHidden is describe for an embedded struct, or a pointer to one, whose type is not
// exported: its fields cross, whatever methods it has.
func (c *Codec) describeHidden(t reflect.Type, outer []reflect.Type, l *limits) *shape {
	if t.Kind() == reflect.Struct {
		return c.describeParts(t, outer, l)
	}
	if slices.Contains(outer, t.Elem()) {
		return &shape{typ: t, err: fmt.Errorf("%s embeds itself", t.Elem())}
	}
	s := &shape{typ: t, kind: byte(reflect.Pointer), elem: c.describeParts(t.Elem(), append(outer, t), l)}
	s.err = s.elem.err
	s.description = append([]byte{s.kind}, s.elem.description...)
	c.number(s)
	return s
}

// of returns a field that crosses. It can be read and set where its struct can, also where it is
// embedded and its type is not exported.
func (f field) of(v reflect.Value) reflect.Value {
	inner := v.Field(f.index)
	switch {
	case inner.CanInterface():
	case v.CanAddr():
		return reflect.NewAt(inner.Type(), inner.Addr().UnsafePointer()).Elem()
	case inner.Kind() == reflect.Pointer:
		return reflect.NewAt(inner.Type().Elem(), inner.UnsafePointer())
	}
	return inner
}

// assign sets the fields of a struct that cross.
func (s *shape) assign(d *wire.Decoder, to, from reflect.Value) {
	now := parts(s, from)
	for i, p := range parts(s, to) {
		p.set(d, now[i].Value)
	}
}

// hasNothing reports whether a type is a struct of which nothing crosses.
func hasNothing(t reflect.Type) bool {
	return t.Kind() == reflect.Struct && t.NumField() > 0 && len(shownFields(t)) == 0
}

// fieldNamed finds the field of a struct that crosses under a name.
func fieldNamed(t reflect.Type, name string) (index int, ok bool) {
	for _, i := range shownFields(t) {
		if shownName(t, t.Field(i)) == name {
			return i, true
		}
	}
	return 0, false
}
