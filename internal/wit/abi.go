package wit

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
)

// Guest is the memory of a module, and what makes room in it.
type Guest interface {
	Room(size, align uint32) (at uint32, err error)
	Read(at, size uint32) ([]byte, bool) // not a copy
	Write(at uint32, data []byte) bool
}

// Texts takes Go values that are texts to bytes, and back.
type Texts interface {
	Encode(v reflect.Value) ([]byte, error)
	Decode(data []byte, to reflect.Value) error // data is kept
}

// Crossing takes values to a module and from it, by the canonical interface:
// https://github.com/WebAssembly/component-model/blob/main/design/mvp/CanonicalABI.md.
type Crossing struct {
	Guest Guest
	Texts Texts
	// Left is how many bytes of the host's memory what is taken from the module may take: lists of
	// lists can name the same memory again and again.
	Left int64
}

// ErrTooLarge is a result that takes more than what is left.
var ErrTooLarge = errors.New("it is too large")

// Outside is a place that is not in the module's memory.
type Outside uint32

func (e Outside) Error() string {
	return fmt.Sprintf("what lies at %d is not in the module's memory", uint32(e))
}

// Lower makes the numbers by which a function takes its arguments.
func (c *Crossing) Lower(f *Func, args []reflect.Value) ([]uint64, error) {
	params, _ := f.Core()
	leaves := 0
	for _, p := range f.Params {
		leaves += p.Type.leaves
	}
	var at uint32
	flat := make([]uint64, 0, len(params))
	if leaves > maxFlatParams {
		whole := arguments(f)
		var err error
		if at, err = c.Guest.Room(whole.size, whole.align); err != nil {
			return nil, err
		}
		for i, field := range whole.Fields {
			if err := c.store(args[i], field.Type, at+field.at); err != nil {
				return nil, fmt.Errorf("argument %d: %w", i+1, err)
			}
		}
		return append(flat, uint64(at)), nil
	}
	for i, p := range f.Params {
		var err error
		if flat, err = c.lower(flat, args[i], p.Type); err != nil {
			return nil, fmt.Errorf("argument %d: %w", i+1, err)
		}
	}
	return flat, nil
}

// arguments is what lies in the memory of more arguments than a function takes.
func arguments(f *Func) Type {
	t := &Def{Kind: Record, align: 1}
	for _, p := range f.Params {
		field := Field{Type: p.Type, at: aligned(t.size, p.Type.align)}
		t.size, t.align = field.at+p.Type.size, max(t.align, p.Type.align)
		t.Fields = append(t.Fields, field)
	}
	t.size = aligned(t.size, t.align)
	return t
}

// lower adds the numbers of a value.
func (c *Crossing) lower(flat []uint64, v reflect.Value, t Type) ([]uint64, error) {
	v = unwrapped(v)
	switch t.Kind {
	case Number:
		bits, err := Encode(Loosened(v, t), t)
		return append(flat, bits), err
	case Enum:
		n, err := label(v, t)
		return append(flat, uint64(n)), err
	case Text, List:
		at, n, err := c.place(v, t)
		return append(flat, uint64(at), uint64(n)), err
	case Option:
		some, inner := optional(v, t)
		if !some {
			return append(flat, make([]uint64, t.leaves)...), nil
		}
		return c.lower(append(flat, 1), inner, t.Elem)
	}
	for _, f := range t.Fields {
		part, err := field(v, f)
		if err == nil {
			flat, err = c.lower(flat, part, f.Type)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name, err)
		}
	}
	return flat, nil
}

// store writes a value into the module's memory.
func (c *Crossing) store(v reflect.Value, t Type, at uint32) error {
	v = unwrapped(v)
	switch t.Kind {
	case Number:
		bits, err := Encode(Loosened(v, t), t)
		if err != nil {
			return err
		}
		return c.write(at, bits, t.size)
	case Enum:
		n, err := label(v, t)
		if err != nil {
			return err
		}
		return c.write(at, uint64(n), t.size)
	case Text, List:
		place, n, err := c.place(v, t)
		if err != nil {
			return err
		}
		return c.write(at, uint64(place)|uint64(n)<<32, 8)
	case Option:
		some, inner := optional(v, t)
		if !some {
			return c.write(at, 0, 1)
		}
		if err := c.write(at, 1, 1); err != nil {
			return err
		}
		return c.store(inner, t.Elem, at+t.payload())
	}
	for _, f := range t.Fields {
		part, err := field(v, f)
		if err == nil {
			err = c.store(part, f.Type, at+f.at)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", f.Name, err)
		}
	}
	return nil
}

func (c *Crossing) write(at uint32, bits uint64, size uint32) error {
	var data [8]byte
	binary.LittleEndian.PutUint64(data[:], bits)
	if !c.Guest.Write(at, data[:size]) {
		return Outside(at)
	}
	return nil
}

// place writes a text or a list, and returns where it is and how long.
func (c *Crossing) place(v reflect.Value, t Type) (at, n uint32, err error) {
	if t.Kind == Text {
		data, err := c.Texts.Encode(v)
		if err != nil {
			return 0, 0, err
		}
		if at, err = c.room(len(data), 1, 1); err == nil && len(data) > 0 && !c.Guest.Write(at, data) {
			err = Outside(at)
		}
		return at, uint32(len(data)), err
	}
	if v.Kind() != reflect.Slice && v.Kind() != reflect.Array {
		return 0, 0, misfit(v, t)
	}
	if at, err = c.room(v.Len(), t.Elem.size, t.Elem.align); err != nil {
		return 0, 0, err
	}
	for i := range v.Len() {
		if err := c.store(v.Index(i), t.Elem, at+uint32(i)*t.Elem.size); err != nil {
			return 0, 0, fmt.Errorf("element %d: %w", i, err)
		}
	}
	return at, uint32(v.Len()), nil
}

// room makes room for elements.
func (c *Crossing) room(n int, size, align uint32) (uint32, error) {
	bytes := uint64(n) * uint64(size)
	if bytes > math.MaxInt32 {
		return 0, fmt.Errorf("it has %d bytes", bytes)
	}
	return c.Guest.Room(uint32(bytes), align)
}

func misfit(v reflect.Value, t Type) error {
	if !v.IsValid() {
		return fmt.Errorf("it is nil, not a %s", t.Name)
	}
	return fmt.Errorf("it is a %s, not a %s", v.Type(), t.Name)
}

// unwrapped is the value in an interface.
func unwrapped(v reflect.Value) reflect.Value {
	for v.IsValid() && v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	return v
}

// label is the number of an enum's value.
func label(v reflect.Value, t Type) (int, error) {
	if v.Kind() != reflect.String {
		return 0, misfit(v, t)
	}
	n := slices.Index(t.Labels, v.String())
	if n < 0 {
		return 0, fmt.Errorf("%q is no %s", v.String(), t.Name)
	}
	return n, nil
}

// optional is the value of an option: that of a pointer, or one that is there as it is.
func optional(v reflect.Value, t Type) (bool, reflect.Value) {
	if !v.IsValid() || v.Kind() == reflect.Pointer && v.IsNil() {
		return false, v
	}
	if v.Kind() == reflect.Pointer {
		return true, v.Elem()
	}
	return true, v
}

// field is a field of a struct, or of a map with names as they are written.
func field(v reflect.Value, f Field) (reflect.Value, error) {
	if v.Kind() == reflect.Pointer && !v.IsNil() {
		v = v.Elem()
	}
	switch {
	case v.Kind() == reflect.Struct:
		if at, ok := fieldsOf(v.Type())[plainName(f.Name)]; ok {
			return v.FieldByIndex(at), nil
		}
	case v.Kind() == reflect.Map && v.Type().Key().Kind() == reflect.String:
		part := v.MapIndex(reflect.ValueOf(f.Name).Convert(v.Type().Key()))
		if part.IsValid() || f.Type.Kind == Option {
			return part, nil
		}
	}
	return reflect.Value{}, errors.New("there is no such field")
}

// fieldsOf are the fields of a struct by their names, or the names of their tags wit or json.
func fieldsOf(t reflect.Type) map[string][]int {
	all := make(map[string][]int)
	for _, f := range reflect.VisibleFields(t) {
		if !f.IsExported() || f.Anonymous || len(f.Index) > 1 {
			continue
		}
		if name := nameOf(f); name != "-" {
			all[plainName(name)] = f.Index
		}
	}
	return all
}
