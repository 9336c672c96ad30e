// Package formless looks at what values are made of, and at nothing else.
package formless

import "reflect"

// Kind is that of a value, or of the first field of a struct.
func Kind(v any) string {
	r := reflect.Indirect(reflect.ValueOf(v))
	if r.Kind() == reflect.Struct {
		r = r.Field(0)
	}
	return r.Kind().String()
}
