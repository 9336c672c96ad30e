// Package literal writes values down as Go code.
package literal

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// Of writes a value of predeclared types down as Go.
func Of(v reflect.Value) (string, bool) {
	if !v.IsValid() || !Predeclared(v.Type()) {
		return "", false
	}
	text := fmt.Sprintf("%#v", v.Interface())
	if strings.Contains(v.Type().String(), "float") && (strings.Contains(text, "NaN") || strings.Contains(text, "Inf")) {
		return "", false
	}
	switch v.Kind() {
	case reflect.Slice, reflect.Array, reflect.Map:
		return text, true
	}
	return v.Type().String() + "(" + text + ")", true
}

// Predeclared reports whether a type is made of predeclared ones alone, none of them an interface.
func Predeclared(t reflect.Type) bool {
	if t.PkgPath() != "" {
		return false
	}
	switch t.Kind() {
	case reflect.Slice, reflect.Array:
		return Predeclared(t.Elem())
	case reflect.Map:
		return Predeclared(t.Key()) && Predeclared(t.Elem())
	}
	return slices.Contains([]reflect.Kind{
		reflect.Bool, reflect.String, reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Float32, reflect.Float64,
	}, t.Kind())
}
