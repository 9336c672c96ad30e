// Package dynamic encodes values of type any: their type goes along with them. It is used on both
// sides and is the only part of the wire that uses reflection in a module; a module without any in
// its API does not contain it.
//
// A type crosses by structure. Struct fields keep their names and tags, so that an encoder or a
// decoder in the module sees what it would see of the host's own type; names of types and methods
// stay behind, but for [time.Time], [time.Duration] and [time.Location]. Unexported fields are left
// out, where the peer does not hold the whole value for them. Where a type contains itself, it
// crosses as any a few levels deeper.
package dynamic

import (
	"cmp"
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/loadgo/load/internal/wire"
)

// Peer is what differs between the two sides: how a value crosses that cannot be copied.
type Peer interface {
	// Hold encodes v as a handle after [wire.TagHandle], or says why it cannot.
	Hold(e *wire.Encoder, v reflect.Value) error
	// Take decodes what the other side's Hold encoded.
	Take(d *wire.Decoder) any
	// Give encodes a function as a reference, or says why it cannot. Its arguments and results
	// cross as values of type any.
	Give(e *wire.Encoder, v reflect.Value) error
	// Func makes a function of type t of what follows [wire.TagHost] in what the other side's Give
	// encoded.
	Func(d *wire.Decoder, t reflect.Type) reflect.Value
	// TextName names the types of the standard library that cross as the text that their own
	// methods write, or "".
	TextName(t reflect.Type) string
	// Named returns a pointer to a new value of a type of the standard library that crosses as
	// text, or nil where this side has no such type; then the text itself arrives.
	Named(name string) encoding.TextUnmarshaler
	// StandardName names the other types of the standard library that are known to both sides, or
	// "": their methods do not matter for how they cross.
	StandardName(t reflect.Type) string
	// Standard returns a pointer to a new value of such a type, or nil where this side has none of
	// that name: then its structure arrives.
	Standard(name string) any
	// Opaque reports whether values of the type cross as handles even though they could be copied.
	Opaque(t reflect.Type) bool
	// Stands names the interface of the other side that values of the type are there, as Standard
	// knows it, or returns "": PutTyped is what carries them.
	Stands(t reflect.Type) string
	// Form names the forms that values of a type have by their own methods, and that the other side
	// asks for, or returns "". Of values that have an address, the methods of the pointer count.
	Form(t reflect.Type, addressable bool) string
	// Refused says why values of a type that has no form do not cross, or returns "".
	Refused(t reflect.Type) string
	// PutTyped appends a value of a type that the module has, too, after [wire.TagTyped], and
	// reports whether it is one. The host does.
	PutTyped(e *wire.Encoder, v reflect.Value) bool
	// Typed takes what the other side's PutTyped appended.
	Typed(d *wire.Decoder) any
	// Forms reports whether one type crosses in several forms: a type of the host that contains
	// itself does.
	Forms() bool
	Home
}

// MaxTypes is how many different types one Codec decodes. Types that were made by reflection are
// never freed, so a hostile peer could fill the memory with them.
const MaxTypes = 10_000

const (
	maxDescription = 64 << 10 // bytes of the description of one type
	maxDescribed   = 2 << 20  // of the descriptions of all types that one Codec decodes
	maxTypeDepth   = 1000     // parts of a type within each other
	maxMade        = 32 << 20 // bytes of the types that one Codec makes, with their names
)

// Codec encodes and decodes for one peer. It remembers the types that it has seen and is safe for
// concurrent use.
type Codec struct {
	// Crossed returns the forms in which what values of a type lead to crosses as values of types of
	// the module's own. The host sets it before it uses the codec.
	Crossed func(t reflect.Type) []int

	peer   Peer
	shapes sync.Map // reflect.Type → *shape
	types  sync.Map // string(description) → *shape
	count  atomic.Int32
	// described is how many bytes the descriptions of the counted types have.
	described atomic.Int64
	made      atomic.Int64 // about how many bytes the types take that were made for them
	wholes    sync.Map     // reflect.Type → *shape, of what crosses beside its forms

	ids       sync.Map // the form of a type → *int, its number
	numbering sync.Mutex
	last      int // the last number

	names names
	kept  keptTable
}

// New returns a codec.
func New(peer Peer) *Codec { return &Codec{peer: peer} }

// Kinds of a description beside the numbers of [reflect.Kind].
const (
	kindTime     = 64
	kindDuration = 65
	kindError    = 66 // what implements error: its message crosses
	kindText     = 67 // what has a text form and is known to both sides by name
	kindPlace    = 68 // *time.Location
	kindNamed    = 69 // a type that both sides may know by name: its name and its structure follow
	kindFunc     = byte(reflect.Func)
	kindAny      = byte(reflect.Interface)
)

// floatName is the type whose text lacks its precision and its mode: what follows the text has
// them.
const floatName = "math/big.Float"

// wholeFloat is what a *big.Float has; package math/big is large.
type wholeFloat interface {
	GobEncode() ([]byte, error)
	GobDecode([]byte) error
}

var (
	anyType      = reflect.TypeFor[any]()
	timeType     = reflect.TypeFor[time.Time]()
	durationType = reflect.TypeFor[time.Duration]()
	placeType    = reflect.TypeFor[*time.Location]()
	errorType    = reflect.TypeFor[error]()
)

// shape is how a type crosses.
type shape struct {
	kind        byte
	typ         reflect.Type
	description []byte
	elem, key   *shape
	fields      []field
	in, out     []*shape // of a function
	variadic    bool
	name        string  // of a type that both sides may know
	id          int     // of the form in which the type crosses
	err         error   // why the type cannot be copied
	extra       *parsed // of a shape that was decoded
}

// isStruct reports whether it is a struct or a pointer to one: such a field can be embedded.
func (s *shape) isStruct() bool {
	if s.kind == byte(reflect.Pointer) {
		s = s.elem
	}
	return s.kind == byte(reflect.Struct)
}

type field struct {
	index int
	*shape
}

func (c *Codec) shapeOf(t reflect.Type) *shape {
	if s, ok := c.shapes.Load(t); ok {
		return s.(*shape)
	}
	l := &limits{repeat: maxRepeat, parts: maxParts}
	s := c.describe(t, nil, l)
	if l.parts < 0 {
		s = c.describe(t, nil, &limits{repeat: 1, parts: maxParts})
	}
	c.shapes.Store(t, s)
	return s
}

// A type inside itself is described so often before it is an any, as long as the description does
// not get more than this many parts.
const (
	maxRepeat = 4
	maxParts  = 1000
)

// limits are what a description may still grow by.
type limits struct {
	repeat, parts int
	ofHost        bool // it is a part of a type of the host, in the module
	embedded      bool // what is described next is: a type with methods cannot be
}

// describe makes the shape of a type. A type that was inside itself often enough, and one that
// crosses as a handle, is an any.
func (c *Codec) describe(t reflect.Type, outer []reflect.Type, l *limits) *shape {
	s := &shape{typ: t}
	describe := func(k byte) { s.kind, s.description = k, []byte{k} }
	switch t {
	case timeType:
		describe(kindTime)
		return s
	case durationType:
		describe(kindDuration)
		return s
	case placeType:
		describe(kindPlace)
		return s
	}
	name := c.peer.TextName(t)
	if name == "" && l.ofHost {
		name = c.names.text(t)
	}
	if name != "" {
		describe(kindText)
		s.name = name
		s.description = appendString(s.description, name)
		return s
	}
	if t == errorType || t.Kind() != reflect.Interface && t.Implements(errorType) {
		describe(kindError)
		return s
	}
	if len(outer) > 0 {
		inside := 0
		for _, o := range outer {
			if o == t {
				inside++
			}
		}
		if l.parts--; inside >= l.repeat || l.parts < 0 {
			describe(kindAny)
			return s
		}
		if t.Kind() == reflect.Interface || c.opaque(t) {
			describe(kindAny)
			return s
		}
		if name := c.stands(t, outer); name != "" {
			s.kind, s.description = kindAny, append(appendString([]byte{kindNamed}, name), kindAny)
			return s
		}
	}
	if s.name = c.formOf(t, outer); s.name != "" {
		describe(kindText)
		s.description = appendString(s.description, s.name)
		return s
	}
	if reason := c.peer.Refused(t); reason != "" {
		return &shape{typ: t, err: errors.New(reason)}
	}
	return c.describeParts(t, outer, l)
}

// describeParts makes the shape of a type by what it is made of, whatever methods it has.
func (c *Codec) describeParts(t reflect.Type, outer []reflect.Type, l *limits) *shape {
	s := &shape{typ: t, kind: byte(t.Kind()), description: []byte{byte(t.Kind())}}
	defer func() {
		switch t.Kind() {
		case reflect.Slice, reflect.Map, reflect.Pointer:
			c.number(s)
		}
	}()
	outer = append(outer, t)
	inner := func(t reflect.Type) *shape {
		i := c.describe(t, outer, l)
		if i.err != nil {
			// What cannot be copied may still be held.
			i = &shape{typ: t, kind: kindAny, description: []byte{kindAny}}
		}
		s.description = append(s.description, i.description...)
		return i
	}
	if name := c.nameOf(t); name != "" && (!l.embedded || !strings.HasPrefix(name, Own)) {
		s.name = name
		s.description = append(appendString([]byte{kindNamed}, name), s.kind)
	}
	l.embedded = l.embedded && t.Kind() == reflect.Pointer
	number := func(n int) { s.description = appendUint(s.description, uint64(n)) }
	text := func(v string) { s.description = appendString(s.description, v) }
	switch t.Kind() {
	case reflect.Bool, reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr,
		reflect.Float32, reflect.Float64, reflect.Complex64, reflect.Complex128, reflect.String:
	case reflect.Slice, reflect.Pointer:
		s.elem = inner(t.Elem())
	case reflect.Array:
		number(t.Len())
		s.elem = inner(t.Elem())
	case reflect.Map:
		s.key = inner(t.Key())
		s.elem = inner(t.Elem())
	case reflect.Struct:
		shown := shownFields(t)
		if len(shown) == 0 && t.NumField() > 0 {
			s.err = fmt.Errorf("%s has no exported fields", t)
			return s
		}
		known := c.names.of(t, c.peer.Forms())
		defer func(before bool) { l.ofHost = before }(l.ofHost)
		l.ofHost = l.ofHost || known > 0 && !c.peer.Forms()
		number(int(known))
		number(len(shown))
		for _, i := range shown {
			f := t.Field(i)
			text(shownName(t, f))
			text(string(f.Tag))
			at := len(s.description)
			number(0)
			l.embedded = f.Anonymous && (f.Type.Kind() == reflect.Struct || f.Type.Kind() == reflect.Pointer)
			if f.IsExported() {
				s.fields = append(s.fields, field{i, inner(f.Type)})
			} else {
				hidden := c.describeHidden(f.Type, outer, l)
				s.err = cmp.Or(s.err, hidden.err)
				s.description = append(s.description, hidden.description...)
				s.fields = append(s.fields, field{i, hidden})
			}
			l.embedded = false
			if f.Anonymous && s.fields[len(s.fields)-1].isStruct() {
				s.description[at] = 1 // embedded: its fields are promoted
			}
		}
		var options []reflect.StructField
		if c.peer.Forms() {
			options = optionsOf(t)
		}
		number(len(options))
		for _, f := range options {
			text(f.Name)
			text(string(f.Tag))
		}
	case reflect.Func:
		number(t.NumIn())
		for i := range t.NumIn() {
			s.in = append(s.in, inner(t.In(i)))
		}
		number(t.NumOut())
		for i := range t.NumOut() {
			s.out = append(s.out, inner(t.Out(i)))
		}
		if t.IsVariadic() {
			number(1)
		} else {
			number(0)
		}
	default:
		s.err = fmt.Errorf("a value of type %s cannot be copied", t)
	}
	return s
}

// optionsOf lists the fields of a struct that hold nothing but a tag, by which encoders are told
// how to treat the whole of it: _ struct{} `cbor:",toarray"`.
func optionsOf(t reflect.Type) (options []reflect.StructField) {
	for i := range t.NumField() {
		if f := t.Field(i); !f.IsExported() && f.Tag != "" && f.Type == emptyType {
			options = append(options, f)
		}
	}
	return options
}

// IsOption reports whether a field of a type that was made here is one that the other side's type
// has for its tag.
func IsOption(f reflect.StructField) bool { return f.PkgPath == madePath && f.Type == emptyType }

// madePath is the package of unexported fields of types that are made here.
const madePath = "load"

var emptyType = reflect.TypeFor[struct{}]()

// stands names the interface as which values of a type cross inside of others, or returns "". What
// a pointer leads to may be filled, so it crosses in its forms where it has some.
func (c *Codec) stands(t reflect.Type, outer []reflect.Type) string {
	below := slices.ContainsFunc(outer, func(o reflect.Type) bool { return o.Kind() == reflect.Pointer })
	if below && c.formOf(t, outer) != "" {
		return ""
	}
	return c.peer.Stands(t)
}

// opaque reports whether values of a type cross as handles.
func (c *Codec) opaque(t reflect.Type) bool {
	to := t
	if t.Kind() == reflect.Pointer && t.Name() == "" {
		to = t.Elem()
	}
	return c.nameOf(to) == "" && (c.peer.Forms() || c.formOf(to, nil) == "") && c.peer.Opaque(t)
}

func appendString(b []byte, v string) []byte { return append(appendUint(b, uint64(len(v))), v...) }

func appendUint(b []byte, v uint64) []byte {
	e := wire.Encoder{Buf: b}
	e.Uint(v)
	return e.Buf
}
