package guest

import "reflect"

// Loose is what the host gives for a parameter whose type the generated code cannot name: what the
// type is made of, or a value of the module.
type Loose[U any] struct {
	Value U
	Held  any // the value as it is held, or nil
}

// Handle takes a handle and returns what is held, as a Loose has it.
func (c *Call) Handle() any { return c.held() }

// As returns the value of the module that was given as one of the type, or the zero value.
func As[T, U any](c *Call, l Loose[U]) (zero T) {
	if l.Held == nil {
		return zero
	}
	return as[T](c, l.Held)
}

// Spread takes the handle of a list and returns its elements.
func Spread[U any](c *Call) []Loose[U] {
	v := c.held()
	if b, ok := v.(boxed); ok {
		v = b.value()
	}
	list := reflect.Indirect(reflect.ValueOf(v))
	if list.Kind() != reflect.Slice {
		c.Refuse("the object is a " + c.module.table.TypeName(v) + ", not a list")
	}
	all := make([]Loose[U], list.Len())
	for i := range all {
		all[i].Held = list.Index(i).Interface()
	}
	return all
}

// AsEach is As for the elements of a list, which may be values of the host, too.
func AsEach[T, U any](c *Call, all []Loose[U]) []T {
	var each []T
	for _, l := range all {
		v, own := any(l.Value).(T)
		if !own || l.Held != nil {
			v = As[T](c, l)
		}
		each = append(each, v)
	}
	return each
}

// FieldOf is a field of a struct whose type the generated code cannot name.
type FieldOf[F any] struct{ field reflect.Value }

// Field takes a handle and returns a field of the value.
func Field[F any](c *Call, name string) FieldOf[F] {
	v := c.held()
	if b, ok := v.(boxed); ok {
		v = b.pointer()
	}
	return FieldOf[F]{reflect.Indirect(reflect.ValueOf(v)).FieldByName(name)}
}

// Value returns the field's value.
func (f FieldOf[F]) Value() (v F) {
	reflect.ValueOf(&v).Elem().Set(f.field)
	return v
}

// Set sets the field.
func (f FieldOf[F]) Set(c *Call, v F) {
	if !f.field.CanSet() {
		c.Refuse("the field is that of a copy, which cannot be set")
	}
	f.field.Set(reflect.ValueOf(&v).Elem())
}
