package wit

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"reflect"
	"strings"
)

// nameOf is the name that a field has in a record.
func nameOf(f reflect.StructField) string {
	name, _, _ := strings.Cut(cmp.Or(f.Tag.Get("wit"), f.Tag.Get("json")), ",")
	return cmp.Or(name, f.Name)
}

var anyType = reflect.TypeFor[any]()

// Unfit says why Go values of a type cannot be those of another, or "". texts says it of texts.
func Unfit(g reflect.Type, t Type, argument bool, texts func(reflect.Type) string) string {
	if g == anyType && t.Kind != Text {
		return "" // seen when it crosses
	}
	switch t.Kind {
	case Number:
		if fitsNumber(g, t, argument) {
			return ""
		}
	case Text:
		if texts(g) == "" {
			return ""
		}
	case Enum:
		if g.Kind() == reflect.String {
			return ""
		}
	case List:
		if g.Kind() == reflect.Slice {
			return within("an element", Unfit(g.Elem(), t.Elem, argument, texts))
		}
	case Option:
		if g.Kind() == reflect.Pointer {
			return Unfit(g.Elem(), t.Elem, argument, texts)
		}
		return fmt.Sprintf("is a %s, not a %s", t.Name, g)
	case Record:
		switch {
		case g.Kind() == reflect.Map && g.Key().Kind() == reflect.String && (g.Elem() == anyType || argument):
			return ""
		case g.Kind() == reflect.Struct:
			return unfitFields(g, t, argument, texts)
		}
	}
	return fmt.Sprintf("is a %s, not a %s", t.Spelled(), g)
}

func unfitFields(g reflect.Type, t Type, argument bool, texts func(reflect.Type) string) string {
	fields := fieldsOf(g)
	for _, f := range t.Fields {
		at, ok := fields[plainName(f.Name)]
		if !ok {
			return fmt.Sprintf("is a %s, and %s has no field %s", t.Name, g, f.Name)
		}
		if reason := Unfit(g.FieldByIndex(at).Type, f.Type, argument, texts); reason != "" {
			return within("its field "+f.Name, reason)
		}
		delete(fields, plainName(f.Name))
	}
	for name := range fields {
		return fmt.Sprintf("is a %s, which has no field %s of %s", t.Name, name, g)
	}
	return ""
}

func within(part, reason string) string {
	if reason == "" {
		return ""
	}
	return "does not fit: " + part + " " + reason
}

// Failure is the error of a function that returns a result: what it has as its error.
type Failure struct{ Value any }

func (f *Failure) Error() string { return fmt.Sprint(f.Value) }

// Lift sets a Go value to what a function returned: a number, or where it lies. The error of a
// result is a [Failure].
func (c *Crossing) Lift(bits uint64, t Type, to reflect.Value) error {
	if t.leaves > maxFlatResults {
		return c.load(uint32(bits), t, to)
	}
	switch t.Kind {
	case Result:
		if uint32(bits) > 1 {
			return fmt.Errorf("%d is no case of a result", uint32(bits))
		}
		if bits == 1 {
			return new(Failure)
		}
		return nil
	case Record: // of one number
		return c.record(t, to, func(f Field, part reflect.Value) error { return c.Lift(bits, f.Type, part) })
	}
	return number64(bits, t, to)
}

// number64 sets a Go value to a number or an enum's value.
func number64(bits uint64, t Type, to reflect.Value) error {
	if to.Kind() == reflect.Interface {
		exact := reflect.New(reflect.TypeFor[string]()).Elem()
		if t.Kind == Number {
			exact = reflect.New(GoType(t)).Elem()
		}
		if err := number64(bits, t, exact); err != nil {
			return err
		}
		to.Set(exact)
		return nil
	}
	if t.Kind == Enum {
		if n := uint32(bits); int64(n) < int64(len(t.Labels)) {
			to.SetString(t.Labels[n])
			return nil
		}
		return fmt.Errorf("%d is no %s", uint32(bits), t.Name)
	}
	return Decode(bits, t, to)
}

// record sets a struct, or an interface to a map, field by field.
func (c *Crossing) record(t Type, to reflect.Value, set func(Field, reflect.Value) error) error {
	if to.Kind() == reflect.Interface || to.Kind() == reflect.Map {
		if err := c.take(64 * int64(len(t.Fields))); err != nil {
			return err
		}
		all := make(map[string]any, len(t.Fields))
		for _, f := range t.Fields {
			part := reflect.New(anyType).Elem()
			if err := set(f, part); err != nil {
				return fmt.Errorf("%s: %w", f.Name, err)
			}
			all[f.Name] = part.Interface()
		}
		to.Set(reflect.ValueOf(all).Convert(orOwn(to.Type(), reflect.TypeOf(all))))
		return nil
	}
	fields := fieldsOf(to.Type())
	for _, f := range t.Fields {
		if err := set(f, to.FieldByIndex(fields[plainName(f.Name)])); err != nil {
			return fmt.Errorf("%s: %w", f.Name, err)
		}
	}
	return nil
}

// orOwn is a type, or that of the value where the type is an interface.
func orOwn(t, own reflect.Type) reflect.Type {
	if t.Kind() == reflect.Interface {
		return own
	}
	return t
}

// take counts what a value takes.
func (c *Crossing) take(n int64) error {
	if c.Left -= n; c.Left < 0 {
		return ErrTooLarge
	}
	return nil
}

// load sets a Go value to what lies in the module's memory.
func (c *Crossing) load(at uint32, t Type, to reflect.Value) error {
	data, ok := c.Guest.Read(at, t.size)
	if !ok {
		return Outside(at)
	}
	switch t.Kind {
	case Number, Enum:
		var bits [8]byte
		copy(bits[:], data)
		n := binary.LittleEndian.Uint64(bits[:])
		if t.Kind == Number {
			n = extended(n, t)
		}
		return number64(n, t, to)
	case Text, List:
		return c.loadList(binary.LittleEndian.Uint32(data), binary.LittleEndian.Uint32(data[4:]), t, to)
	case Option, Result:
		return c.loadCase(at, data[0], t, to)
	}
	return c.record(t, to, func(f Field, part reflect.Value) error { return c.load(at+f.at, f.Type, part) })
}

// extended is a number of the memory as a WebAssembly value: with its sign.
func extended(n uint64, t Type) uint64 {
	switch t {
	case S8:
		return uint64(uint32(int32(int8(n))))
	case S16:
		return uint64(uint32(int32(int16(n))))
	}
	return n
}

func (c *Crossing) loadCase(at uint32, tag byte, t Type, to reflect.Value) error {
	if tag > 1 {
		return fmt.Errorf("%d is no case of a %s", tag, t.Name)
	}
	at += t.payload()
	if t.Kind == Result {
		if tag == 0 && t.Ok != nil && to.IsValid() {
			return c.load(at, t.Ok, to)
		}
		if tag == 0 {
			return nil
		}
		failure := new(Failure)
		if t.Err != nil {
			if err := c.load(at, t.Err, reflect.ValueOf(&failure.Value).Elem()); err != nil {
				return err
			}
		}
		return failure
	}
	if tag == 0 {
		to.SetZero()
		return nil
	}
	if to.Kind() == reflect.Interface {
		return c.load(at, t.Elem, to)
	}
	if err := c.take(int64(to.Type().Elem().Size())); err != nil {
		return err
	}
	some := reflect.New(to.Type().Elem())
	to.Set(some)
	return c.load(at, t.Elem, some.Elem())
}

func (c *Crossing) loadList(at, n uint32, t Type, to reflect.Value) error {
	size := uint64(n)
	if t.Kind == List {
		size *= uint64(t.Elem.size)
	}
	if size > 1<<32-1 {
		return Outside(at)
	}
	data, ok := c.Guest.Read(at, uint32(size))
	if !ok && n > 0 {
		return Outside(at)
	}
	if t.Kind == Text {
		return c.loadText(data, t, to)
	}
	list := orOwn(to.Type(), reflect.SliceOf(naturalElement(t.Elem)))
	if err := c.take(int64(n) * int64(max(list.Elem().Size(), 1))); err != nil {
		return err
	}
	all := reflect.MakeSlice(list, int(n), int(n))
	for i := range int(n) {
		if err := c.load(at+uint32(i)*t.Elem.size, t.Elem, all.Index(i)); err != nil {
			return fmt.Errorf("element %d: %w", i, err)
		}
	}
	to.Set(all)
	return nil
}

// naturalElement is the type of elements in a list whose Go type is not said. Types are for ever:
// those that a text chooses are few.
func naturalElement(t Type) reflect.Type {
	switch {
	case t.Kind == Number || t == String:
		return GoType(t)
	case t.Kind == Enum:
		return reflect.TypeFor[string]()
	}
	return anyType
}

func (c *Crossing) loadText(data []byte, t Type, to reflect.Value) error {
	if err := c.take(int64(len(data))); err != nil {
		return err
	}
	data = bytes.Clone(data)
	if to.Kind() != reflect.Interface {
		return c.Texts.Decode(data, to)
	}
	if t == String {
		to.Set(reflect.ValueOf(string(data)))
		return nil
	}
	to.Set(reflect.ValueOf(data))
	return nil
}
