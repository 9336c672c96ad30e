package starlark

import (
	"reflect"

	"go.starlark.net/starlark"
)

// shared is a value that can lie in several places, and the type that it becomes. It is decoded
// once for each type, so that the host's slices, maps and pointers share what the script's values
// share.
type shared struct {
	identity any
	t        reflect.Type
}

// tuple identifies a tuple: slices of one array are different where their lengths are.
type tuple struct {
	first  *starlark.Value
	length int
}

func newDecoder(in *instance, c *crossing) decoder {
	return decoder{in: in, crossing: c}
}

// identity returns a key that is equal for two values that are one, or nil if there is none.
func identity(v starlark.Value) any {
	switch v := v.(type) {
	case *starlark.List, *starlark.Dict, *starlark.Set:
		return v
	case starlark.Tuple:
		if len(v) > 0 {
			return tuple{&v[0], len(v)}
		}
	}
	return nil
}

// once sets out to what v becomes as out's type: to what was made of it before, or to what decode
// makes.
func (d decoder) once(v starlark.Value, out reflect.Value, decode func() error) error {
	id := identity(v)
	switch out.Kind() {
	case reflect.Slice, reflect.Map, reflect.Pointer, reflect.Interface:
	default:
		return decode()
	}
	if id == nil {
		return decode()
	}
	key := shared{id, out.Type()}
	if made, ok := d.toHost[key]; ok {
		out.Set(made)
		return nil
	}
	if err := d.take(sharedSize); err != nil {
		return err
	}
	if err := decode(); err != nil {
		return err
	}
	if d.toHost == nil {
		d.toHost = map[shared]reflect.Value{}
	}
	kept := reflect.New(out.Type()).Elem()
	kept.Set(out)
	d.toHost[key] = kept
	return nil
}
