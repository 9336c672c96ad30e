package values

import (
	"errors"
	"fmt"
	"reflect"
)

// WordMarshaler says what a whole value is.
type WordMarshaler interface {
	MarshalWord(prefix string) (string, error)
}

// ByteMarshaler and PartMarshaler have a method of the same name.
type ByteMarshaler interface {
	MarshalWord(prefix string) ([]byte, error)
}

type PartMarshaler interface {
	MarshalWord(prefix string) (any, error)
}

// Word is what a value says of itself, or its kind and how many parts it has.
func Word(v any) (string, error) {
	switch m := v.(type) {
	case WordMarshaler:
		return m.MarshalWord("a ")
	case ByteMarshaler:
		word, err := m.MarshalWord("bytes ")
		return string(word), err
	case PartMarshaler:
		part, err := m.MarshalWord("part ")
		return fmt.Sprint(part), err
	}
	r := reflect.ValueOf(v)
	if r.Kind() != reflect.Slice {
		return r.Kind().String(), nil
	}
	word := ""
	for i := range r.Len() {
		part, err := Word(r.Index(i).Interface())
		if err != nil {
			return "", err
		}
		word += fmt.Sprintf("%d: %s; ", i, part)
	}
	return word, nil
}

// SameAny returns the value that it is given.
func SameAny(v any) any { return v }

// FindError is errors.As.
func FindError(err error, target any) bool { return errors.As(err, target) }

// ListEncoder says what a part of a value is; Encoded asks by the types of fields.
type ListEncoder interface {
	EncodeList(name string, to *[]string) error
}

// Encoded lists what the fields of a struct are, or what they say.
func Encoded(v any) (list []string, err error) {
	r := reflect.Indirect(reflect.ValueOf(v))
	for i := range r.NumField() {
		f := r.Type().Field(i)
		switch {
		case !f.IsExported():
		case f.Type.Implements(reflect.TypeFor[ListEncoder]()):
			if m, ok := r.Field(i).Interface().(ListEncoder); ok {
				err = errors.Join(err, m.EncodeList(f.Name, &list))
			}
		default:
			list = append(list, f.Name+" "+r.Field(i).Kind().String())
		}
	}
	return list, err
}
