package dynamic

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"

	"github.com/loadgo/load/internal/wire"
)

// parse takes a description and returns its shape, with a type that was made once for it.
func (c *Codec) parse(d *wire.Decoder) *shape {
	before := d.Rest()
	s := parseShape(d, len(before)-maxDescription, maxTypeDepth)
	if d.Err() != nil {
		return nil
	}
	description := string(before[:len(before)-len(d.Rest())])
	if known, ok := c.types.Load(description); ok {
		return known.(*shape)
	}
	if c.count.Add(1) > MaxTypes || c.described.Add(int64(len(description))) > maxDescribed {
		d.Fail(errTypes)
		return nil
	}
	if err := c.makeType(s); err != nil {
		d.Fail(err)
		return nil
	}
	known, _ := c.types.LoadOrStore(description, s)
	return known.(*shape)
}

// described is what parseShape learns of a struct field beside its shape.
type described struct {
	name, tag string
	embedded  bool
}

type parsed struct {
	length int
	number uint64 // of a struct of the host
	names  []described
	// options are the fields of a struct that have a tag only.
	options []described
}

// parseShape takes a description, which leaves at least floor bytes of the message and has at most
// so many parts within each other.
func parseShape(d *wire.Decoder, floor, depth int) *shape {
	s := &shape{kind: d.Byte()}
	switch {
	case len(d.Rest()) < floor:
		d.Fail(errTypes)
	case depth == 0:
		d.Fail(wire.ErrDepth)
	}
	if d.Err() != nil {
		return s
	}
	extra := &parsed{}
	switch s.kind {
	case kindText:
		s.name = d.String()
	case kindNamed:
		name := d.String()
		if s = parseShape(d, floor, depth-1); s.name == "" {
			s.name = name
		}
		return s
	}
	switch reflect.Kind(s.kind) {
	case reflect.Func:
		for _, list := range []*[]*shape{&s.in, &s.out} {
			n := d.Uint()
			if n > uint64(min(len(d.Rest()), 100)) {
				d.Fail(wire.ErrLength)
				return s
			}
			for range n {
				*list = append(*list, parseShape(d, floor, depth-1))
			}
		}
		s.variadic = d.Bool()
	case reflect.Slice, reflect.Pointer:
		s.elem = parseShape(d, floor, depth-1)
	case reflect.Array:
		n := d.Uint()
		if n > wire.MaxMessage {
			d.Fail(wire.ErrLength)
			return s
		}
		extra.length = int(n)
		s.elem = parseShape(d, floor, depth-1)
	case reflect.Map:
		s.key = parseShape(d, floor, depth-1)
		s.elem = parseShape(d, floor, depth-1)
	case reflect.Struct:
		extra.number = d.UintN(31)
		n := d.Uint()
		if n > uint64(len(d.Rest())/4) {
			d.Fail(wire.ErrLength)
			return s
		}
		for i := range int(n) {
			extra.names = append(extra.names, described{d.String(), d.String(), d.Bool()})
			s.fields = append(s.fields, field{i, parseShape(d, floor, depth-1)})
		}
		if n = d.Uint(); n > uint64(len(d.Rest())/2) {
			d.Fail(wire.ErrLength)
			return s
		}
		for range n {
			extra.options = append(extra.options, described{name: d.String(), tag: d.String()})
		}
	}
	s.extra = extra
	return s
}

// makeType makes the types of a parsed shape, innermost first.
func (c *Codec) makeType(s *shape) (err error) {
	defer func() {
		if r := recover(); r != nil { // reflect panics on names and keys that Go does not allow
			err = fmt.Errorf("impossible type: %v", r)
		}
	}()
	for _, inner := range s.parts() {
		if err := c.makeType(inner); err != nil {
			return err
		}
	}
	if !c.chargeType(s) {
		return errTypes
	}
	switch s.kind {
	case kindTime:
		s.typ = timeType
	case kindDuration:
		s.typ = durationType
	case kindPlace:
		s.typ = placeType
	case kindAny:
		s.typ = anyType
	case kindText:
		s.typ = stringType
		if form := formTypes[s.name]; s.inForms() {
			if form == nil {
				return wire.ErrTag
			}
			if !c.peer.Forms() {
				s.typ = form
			}
		} else if known := c.peer.Named(s.name); known != nil {
			s.typ = reflect.TypeOf(known).Elem()
			c.names.setText(s.typ, s.name)
		}
	case kindFunc:
		types := func(list []*shape) (all []reflect.Type) {
			for _, inner := range list {
				all = append(all, inner.typ)
			}
			return all
		}
		s.typ = reflect.FuncOf(types(s.in), types(s.out), s.variadic)
	case kindError:
		s.typ = errorType
	case byte(reflect.Slice):
		s.typ = reflect.SliceOf(s.elem.typ)
	case byte(reflect.Pointer):
		s.typ = reflect.PointerTo(s.elem.typ)
	case byte(reflect.Array):
		s.typ = reflect.ArrayOf(s.extra.length, s.elem.typ)
	case byte(reflect.Map):
		s.typ = reflect.MapOf(s.key.typ, s.elem.typ)
	case byte(reflect.Struct):
		fields := make([]reflect.StructField, len(s.fields))
		for i, f := range s.fields {
			name := s.extra.names[i]
			fields[i] = reflect.StructField{Name: name.name, Type: f.typ, Tag: reflect.StructTag(name.tag), Anonymous: name.embedded && f.isStruct()}
		}
		for _, o := range s.extra.options {
			fields = append(fields, reflect.StructField{Name: o.name, PkgPath: madePath, Type: emptyType, Tag: reflect.StructTag(o.tag)})
		}
		if err := c.makeStruct(s, fields); err != nil {
			return err
		}
	default:
		t, ok := basicTypes[reflect.Kind(s.kind)]
		if !ok {
			return wire.ErrTag
		}
		s.typ = t
	}
	if s.name != "" && s.kind != kindText {
		return c.nameType(s)
	}
	return nil
}

// parts are the shapes of the types that a type is made of.
func (s *shape) parts() (all []*shape) {
	for _, inner := range []*shape{s.key, s.elem} {
		if inner != nil {
			all = append(all, inner)
		}
	}
	for _, f := range s.fields {
		all = append(all, f.shape)
	}
	return slices.Concat(all, s.in, s.out)
}

// chargeType counts the memory of a type that is about to be made of its parts, and reports whether
// it may be: the name of a type has those of all its parts, and the tags of their fields.
func (c *Codec) chargeType(s *shape) bool {
	const (
		each    = 512 // the type itself, and the pointer to it
		perPart = 128
		copies  = 2 // the pointer has a name of its own
	)
	parts := s.parts()
	if len(parts) == 0 && len(s.extra.options) == 0 { // it is there already
		return true
	}
	size := each
	for _, inner := range parts {
		size += perPart + copies*len(inner.typ.String())
	}
	for _, f := range slices.Concat(s.extra.names, s.extra.options) {
		size += copies * (len(f.name) + len(strconv.Quote(f.tag)))
	}
	return c.made.Add(int64(size)) <= maxMade
}

var basicTypes = map[reflect.Kind]reflect.Type{
	reflect.Bool: reflect.TypeFor[bool](), reflect.String: reflect.TypeFor[string](),
	reflect.Int: reflect.TypeFor[int](), reflect.Int8: reflect.TypeFor[int8](), reflect.Int16: reflect.TypeFor[int16](),
	reflect.Int32: reflect.TypeFor[int32](), reflect.Int64: reflect.TypeFor[int64](),
	reflect.Uint: reflect.TypeFor[uint](), reflect.Uint8: reflect.TypeFor[uint8](), reflect.Uint16: reflect.TypeFor[uint16](),
	reflect.Uint32: reflect.TypeFor[uint32](), reflect.Uint64: reflect.TypeFor[uint64](), reflect.Uintptr: reflect.TypeFor[uintptr](),
	reflect.Float32: reflect.TypeFor[float32](), reflect.Float64: reflect.TypeFor[float64](),
	reflect.Complex64: reflect.TypeFor[complex64](), reflect.Complex128: reflect.TypeFor[complex128](),
}
