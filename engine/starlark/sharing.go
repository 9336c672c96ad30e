package starlark

import (
	"fmt"
	"reflect"

	"go.starlark.net/starlark"

	"github.com/loadgo/load/engine"
)

// sharing is what one decoding has made so far. A value that lies in several places is decoded once
// for each type, so that the host's slices, maps and pointers share what the script's values share.
type sharing struct {
	made map[shared]reflect.Value
	left int64 // values that may still be decoded; negative: any number
}

// shared is a value that can lie in several places, and the type that it becomes.
type shared struct {
	identity any
	t        reflect.Type
}

// tuple identifies a tuple: slices of one array are different where their lengths are.
type tuple struct {
	first  *starlark.Value
	length int
}

func newDecoder(in *instance) decoder {
	left := int64(-1)
	if memory := in.engine.limits.memory; memory >= 0 {
		left = memory / entrySize
	}
	return decoder{in: in, sharing: &sharing{left: left}}
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

// count counts a value.
func (s *sharing) count(memory int64) error {
	if s.left--; s.left == -1 {
		s.left = 0
		return &engine.LimitError{Reason: fmt.Sprintf("its values take more than %s of memory", mebibytes(memory)), Fix: memoryFix}
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
	if made, ok := d.made[key]; ok {
		out.Set(made)
		return nil
	}
	if err := decode(); err != nil {
		return err
	}
	if d.made == nil {
		d.made = map[shared]reflect.Value{}
	}
	kept := reflect.New(out.Type()).Elem()
	kept.Set(out)
	d.made[key] = kept
	return nil
}
