package dynamic

import (
	"bytes"
	"encoding"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/loadgo/load/internal/wire"
)

// The forms that a type of the host has by methods of its own, as letters. The name of a type in
// its forms is [FormPrefix] with these letters, in this order, or with FormFromText or
// FormFromJSON.
const (
	FormText     = 't' // MarshalText
	FormBinary   = 'b' // MarshalBinary
	FormJSON     = 'j' // MarshalJSON
	FormFromText = 'T' // UnmarshalText alone
	FormFromJSON = 'J' // UnmarshalJSON alone
	FormWhole    = 'w' // what the value is made of, for the host, where its forms may not tell all of it
	FormPrefix   = "."
)

// framed reports whether values of a shape are several forms.
func (s *shape) framed() bool {
	return s.inForms() && len(s.name) > len(FormPrefix)+1 || s.onlyRead()
}

// onlyRead reports whether values of a shape are filled by a form that they do not write.
func (s *shape) onlyRead() bool {
	return s.kind == kindText && (s.name == FormPrefix+string(FormFromText) || s.name == FormPrefix+string(FormFromJSON))
}

// appendForm appends one of several forms.
func appendForm(to []byte, letter byte, content []byte) []byte {
	to = append(strconv.AppendInt(append(to, letter), int64(len(content)), 10), ':')
	return append(to, content...)
}

// form returns one of the forms that appendForm appended.
func form[V ~string](v V, letter byte) ([]byte, error) {
	for rest := string(v); rest != ""; {
		size, content, _ := strings.Cut(rest[1:], ":")
		n, err := strconv.Atoi(size)
		if err != nil || n < 0 || n > len(content) {
			break
		}
		if rest[0] == letter {
			return []byte(content[:n]), nil
		}
		rest = content[n:]
	}
	return nil, errFilled
}

func setForm[V ~string](v *V, letter byte, content []byte) error {
	*v = V(appendForm(nil, letter, content))
	return nil
}

func formText[V ~string](v V) string {
	for _, letter := range []byte{FormText, FormJSON, FormBinary, FormFromText, FormFromJSON} {
		if content, err := form(v, letter); err == nil {
			return string(content)
		}
	}
	return ""
}

// inForms reports whether a shape is that of a type of the host that crosses in its forms.
func (s *shape) inForms() bool { return s.kind == kindText && strings.HasPrefix(s.name, FormPrefix) }

// formOf names the forms in which a type inside of others crosses, or returns "".
func (c *Codec) formOf(t reflect.Type, outer []reflect.Type) string {
	if c.peer.Forms() {
		name := c.peer.Form(t, addressable(outer))
		if alone := name + string(FormWhole); formTypes[alone] != nil && c.isWhole(t, name) {
			return alone
		}
		return name
	}
	for name, known := range formTypes {
		if known == t {
			return name
		}
	}
	return ""
}

// addressable reports whether values inside of others have an address, so that encoders find the
// methods of the pointer.
func addressable(outer []reflect.Type) bool {
	for i := len(outer) - 1; i >= 0; i-- {
		switch outer[i].Kind() {
		case reflect.Pointer, reflect.Slice:
			return true
		case reflect.Struct, reflect.Array:
		default:
			return false
		}
	}
	return false
}

// isWhole reports whether what a type is made of crosses beside its forms. These are what a module
// sees, but an embedded type gives its methods to a struct that it is only a part of, or leaves its
// location out if it is a [time.Time], and some types are only read.
func (c *Codec) isWhole(t reflect.Type, name string) bool {
	isPart := t.Kind() == reflect.Struct && slices.ContainsFunc(reflect.VisibleFields(t), func(f reflect.StructField) bool { return f.Anonymous })
	return (isPart || (&shape{kind: kindText, name: name}).onlyRead()) && c.isPlain(t, nil)
}

// isPlain reports whether a type is made of parts that cross by themselves.
func (c *Codec) isPlain(t reflect.Type, outer []reflect.Type) bool {
	switch {
	case t == timeType || t == durationType || t == placeType || c.peer.TextName(t) != "":
		return true
	case slices.Contains(outer, t) || t.Implements(errorType) || c.peer.Opaque(t) || c.peer.Stands(t) != "":
		return false
	case len(outer) > 0 && c.peer.Form(t, true) != "":
		return true
	}
	outer = append(outer, t)
	switch t.Kind() {
	case reflect.Slice, reflect.Array, reflect.Pointer:
		return c.isPlain(t.Elem(), outer)
	case reflect.Map:
		return c.isPlain(t.Key(), outer) && c.isPlain(t.Elem(), outer)
	case reflect.Struct:
		shown := shownFields(t)
		return len(shown) == t.NumField() && !slices.ContainsFunc(shown, func(i int) bool { return !c.isPlain(t.Field(i).Type, outer) })
	}
	return basicTypes[t.Kind()] != nil
}

// whole is the shape of what a type is made of, or nil where that does not cross beside its forms.
func (c *Codec) whole(t reflect.Type, name string) *shape {
	if known, ok := c.wholes.Load(t); ok {
		return known.(*shape)
	}
	var s *shape
	if c.isWhole(t, name) {
		s = c.describeParts(t, []reflect.Type{reflect.PointerTo(t)}, &limits{repeat: 1, parts: maxParts})
	}
	c.wholes.Store(t, s)
	return s
}

// forms writes the forms of a value of the host, which has an address.
func (c *Codec) forms(s *shape, v reflect.Value) (all []byte, err error) {
	letters := strings.TrimSuffix(strings.TrimPrefix(s.name, FormPrefix), string(FormWhole))
	for i := range len(letters) {
		if letters[i] == FormFromText || letters[i] == FormFromJSON {
			continue
		}
		content, has, err := write(v, letters[i])
		if err != nil || has && !s.framed() {
			return content, err
		}
		if has {
			all = appendForm(all, letters[i], content)
		}
	}
	if whole := c.whole(v.Type(), s.name); whole != nil && s.framed() {
		var e wire.Encoder
		c.encode(&e, whole, v)
		return appendForm(all, FormWhole, e.Buf), e.Err
	}
	return all, nil
}

// write writes a form of a value. It has none now if the method is that of an embedded pointer
// which is nil.
func write(v reflect.Value, letter byte) (content []byte, has bool, err error) {
	if embedsNil(v) {
		defer func() { _ = recover() }()
	}
	switch own := v.Addr().Interface(); letter {
	case FormText:
		if m, ok := own.(encoding.TextMarshaler); ok {
			content, err = m.MarshalText()
			return content, true, err
		}
	case FormBinary:
		if m, ok := own.(encoding.BinaryMarshaler); ok {
			content, err = m.MarshalBinary()
			return content, true, err
		}
	case FormJSON:
		if m, ok := own.(interface{ MarshalJSON() ([]byte, error) }); ok {
			content, err = m.MarshalJSON()
			return content, true, err
		}
	}
	return nil, false, wire.ErrTag // the other side said so
}

// embedsNil reports whether a value embeds a nil pointer or interface.
func embedsNil(v reflect.Value) bool {
	if v.Kind() != reflect.Struct {
		return false
	}
	for f, inner := range v.Fields() {
		if kind := inner.Kind(); f.Anonymous && ((kind == reflect.Pointer || kind == reflect.Interface) && inner.IsNil() || embedsNil(inner)) {
			return true
		}
	}
	return false
}

// fill fills a value of the host, which has an address, from the forms that it has in the module.
// Where these are what the value has, or were left empty, it stays as it is.
func (c *Codec) fill(d *wire.Decoder, s *shape, v reflect.Value, from []byte) error {
	if now, err := c.forms(s, v); err == nil && bytes.Equal(now, from) || len(from) == 0 && v.IsZero() {
		return nil
	}
	letters := strings.TrimPrefix(s.name, FormPrefix)
	letter, content := letters[0], from
	if s.framed() {
		if part, err := form(string(from), FormWhole); err == nil && c.whole(v.Type(), s.name) != nil {
			d.Within(part, func() { c.decode(d, c.whole(v.Type(), s.name), v) })
			return nil
		}
		for i := range len(letters) {
			if part, err := form(string(from), letters[i]); err == nil {
				letter, content = letters[i], part
				break
			}
		}
	}
	reads := false
	var err error
	switch own := v.Addr().Interface(); letter {
	case FormText, FormFromText:
		var to encoding.TextUnmarshaler
		if to, reads = own.(encoding.TextUnmarshaler); reads {
			err = Unmarshal(to.UnmarshalText, content)
		}
	case FormBinary:
		var to encoding.BinaryUnmarshaler
		if to, reads = own.(encoding.BinaryUnmarshaler); reads {
			err = Unmarshal(to.UnmarshalBinary, content)
		}
	default:
		var to interface{ UnmarshalJSON([]byte) error }
		if to, reads = own.(interface{ UnmarshalJSON([]byte) error }); reads {
			err = Unmarshal(to.UnmarshalJSON, content)
		}
	}
	if !reads {
		return fmt.Errorf("a %s cannot be filled: it has no method to read the form that it has in the module", v.Type())
	}
	return err
}

// Unmarshal hands a form of a value to the method that reads it. The other side may send what the
// method was not made for: where it panics, that is an error.
func Unmarshal(method func([]byte) error, form []byte) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("it panicked when it was read: %v", p)
		}
	}()
	return method(form)
}

// encodeText appends what crosses as its text, or in its forms.
func (c *Codec) encodeText(e *wire.Encoder, s *shape, v reflect.Value) {
	if v.Type() == stringType || s.inForms() && !c.peer.Forms() { // this side has no such type
		e.Bytes([]byte(v.String()))
		if s.name == floatName {
			e.Bytes(nil)
		}
		return
	}
	p := reflect.New(s.typ)
	p.Elem().Set(v)
	if s.inForms() {
		content, err := c.forms(s, p.Elem())
		if err != nil {
			e.Fail(err)
		}
		e.Bytes(content)
		return
	}
	text, err := p.Interface().(encoding.TextMarshaler).MarshalText()
	if err != nil {
		e.Fail(err)
	}
	e.Bytes(text)
	if s.name == floatName {
		whole, err := p.Interface().(wholeFloat).GobEncode()
		if err != nil {
			e.Fail(err)
		}
		e.Bytes(whole)
	}
}

// decodeText takes what has a text form, or the text itself where this side has no such type.
func (c *Codec) decodeText(d *wire.Decoder, s *shape, v reflect.Value) {
	text := d.Bytes()
	var whole []byte
	if s.name == floatName {
		whole = d.Bytes()
	}
	if d.Digits(len(text)); d.Err() != nil {
		return
	}
	var err error
	to := v.Addr().Interface()
	float, isFloat := to.(wholeFloat)
	reads, hasText := to.(encoding.TextUnmarshaler)
	switch {
	case s.inForms() && c.peer.Forms() && v.Type() != stringType:
		err = c.fill(d, s, v, text)
	case v.Type() == stringType && s.framed(): // by itself
		v.SetString(formText(string(text)))
	case v.Kind() == reflect.String:
		v.SetString(string(text))
	case s.name == floatName && isFloat && len(whole) > 0:
		v.SetZero() // a precision that is there already would stay
		err = float.GobDecode(whole)
	case hasText:
		err = reads.UnmarshalText(text)
	default:
		err = wire.ErrTag
	}
	if err != nil {
		d.Fail(err)
	}
}

var stringType = reflect.TypeFor[string]()
