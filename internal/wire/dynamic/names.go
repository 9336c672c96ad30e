package dynamic

import (
	"encoding"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"sync"
)

// names are the struct types of the host by number. The host numbers its types; the module makes a
// type for each of them, so that a value of it is one of the host's type when it comes home.
type names struct {
	mu      sync.Mutex
	numbers map[reflect.Type]uint64
	types   []reflect.Type // of the host, by number minus 1
	texts   map[reflect.Type]string
	own     sync.Map // of the module's own types that the host has given: reflect.Type → name
}

// Own begins the names of types of the module's own packages, which the host contains, too.
const Own = "="

// of returns the number of a struct type, or 0 for one of the module's own. Give says that the type
// gets one.
func (n *names) of(t reflect.Type, give bool) uint64 {
	n.mu.Lock()
	defer n.mu.Unlock()
	number := n.numbers[t]
	if number == 0 && give {
		n.types = append(n.types, t)
		number = uint64(len(n.types))
		n.set(t, number)
	}
	return number
}

func (n *names) set(t reflect.Type, number uint64) {
	if n.numbers == nil {
		n.numbers = map[reflect.Type]uint64{}
	}
	n.numbers[t] = number
}

// text returns the name of a type with a text form that the host has given, or "".
func (n *names) text(t reflect.Type) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.texts[t]
}

func (n *names) setText(t reflect.Type, name string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.texts == nil {
		n.texts = map[reflect.Type]string{}
	}
	n.texts[t] = name
}

// nameOf returns the name of a type that both sides know, or "". A type of the module's own is one
// when the host has given a value of it.
func (c *Codec) nameOf(t reflect.Type) string {
	if name := c.peer.StandardName(t); name != "" {
		return name
	}
	name, _ := c.names.own.Load(t)
	own, _ := name.(string)
	return own
}

// nameType gives a shape the type of its name, where this side has it.
func (c *Codec) nameType(s *shape) error {
	known := c.peer.Standard(s.name)
	if known == nil {
		return nil
	}
	t := reflect.TypeOf(known).Elem()
	switch own := strings.HasPrefix(s.name, Own); {
	case s.kind == kindAny && !own && t.Kind() == reflect.Interface: // see Stands
		s.typ = t
	case !own && t.Kind() == s.typ.Kind() && s.typ.ConvertibleTo(t):
		s.typ = t
	case own && !s.isMadeOf(t):
		return fmt.Errorf("the type %s is made of other parts in the module than in the host", s.name[len(Own):])
	case own:
		s.typ = t
		if _, known := c.names.own.LoadOrStore(t, s.name); !known {
			c.shapes.Clear() // types that it is a part of were described without its name
		}
	}
	return nil
}

// isMadeOf reports whether a parsed shape has the parts of a type.
func (s *shape) isMadeOf(t reflect.Type) bool {
	if s.kind == kindAny {
		return t.Kind() == reflect.Interface
	}
	if s.kind != byte(t.Kind()) || s.kind == byte(reflect.Array) && s.extra.length != t.Len() {
		return s.fits(t)
	}
	switch t.Kind() {
	case reflect.Struct:
		for i, f := range s.fields {
			if i >= t.NumField() || f.index != i || t.Field(i).Name != s.extra.names[i].name || !f.isMadeOf(t.Field(i).Type) {
				return false
			}
		}
		return len(s.fields) == t.NumField()
	case reflect.Slice, reflect.Pointer, reflect.Array:
		return s.elem.isMadeOf(t.Elem())
	case reflect.Map:
		return s.key.isMadeOf(t.Key()) && s.elem.isMadeOf(t.Elem())
	}
	return true
}

// makeStruct gives a parsed shape of a struct its type.
func (c *Codec) makeStruct(s *shape, fields []reflect.StructField) error {
	n := &c.names
	n.mu.Lock()
	defer n.mu.Unlock()
	number := s.extra.number
	switch {
	case number == 0:
		s.typ = reflect.StructOf(fields)
		return nil
	case c.peer.Forms():
		if number > uint64(len(n.types)) {
			return fmt.Errorf("no struct has the number %d", number)
		}
		s.typ = n.types[number-1]
		return s.pairFields()
	}
	s.typ = reflect.StructOf(fields)
	if known := n.numbers[s.typ]; known != 0 && known != number { // of another type of the same structure
		tag := reflect.StructTag(` load:"` + strconv.FormatUint(number, 10) + `"`)
		if len(fields) == 0 {
			fields = append(fields, reflect.StructField{Name: "_", PkgPath: madePath, Type: reflect.TypeFor[struct{}]()})
		}
		fields[0].Tag += tag
		s.typ = reflect.StructOf(fields)
	}
	n.set(s.typ, number)
	return nil
}

// pairFields finds the described fields in the type of the host.
func (s *shape) pairFields() error {
	for i := range s.fields {
		index, ok := fieldNamed(s.typ, s.extra.names[i].name)
		if !ok || !s.fields[i].fits(s.typ.Field(index).Type) {
			return fmt.Errorf("%s has no such field %s", s.typ, s.extra.names[i].name)
		}
		s.fields[i].index = index
	}
	return nil
}

// fits reports whether a parsed shape can be decoded into a type of the host.
func (s *shape) fits(t reflect.Type) bool {
	switch s.kind {
	case kindAny, kindError:
		return true
	case kindTime, kindDuration, kindPlace, kindFunc:
		return t == s.typ
	case kindText:
		return s.inForms() || t.Kind() == reflect.String || reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
	}
	if t.Kind() != reflect.Kind(s.kind) {
		return false
	}
	switch t.Kind() {
	case reflect.Struct:
		return t == s.typ || len(s.fields) == 0
	case reflect.Slice, reflect.Pointer:
		return s.elem.fits(t.Elem())
	case reflect.Array:
		return t.Len() == s.extra.length && s.elem.fits(t.Elem())
	case reflect.Map:
		return s.key.fits(t.Key()) && s.elem.fits(t.Elem())
	}
	return true
}
