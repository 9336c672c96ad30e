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

// Word is what a value says of itself, or its kind and how many parts it has.
func Word(v any) (string, error) {
	if m, ok := v.(WordMarshaler); ok {
		return m.MarshalWord("a ")
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
