package starlark

import (
	"fmt"
	"reflect"
	"strings"

	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"

	"github.com/loadgo/load/engine/starlark/internal/bounded"
)

// list decodes what has elements in an order.
func (d decoder) list(v starlark.Value, out reflect.Value) error {
	t := out.Type()
	if b, ok := v.(starlark.Bytes); ok && t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8 {
		out.SetBytes([]byte(b))
		return nil
	}
	if v == starlark.None && t.Kind() == reflect.Slice {
		return nil
	}
	list, ok := v.(starlark.Sequence)
	if _, isDict := v.(*starlark.Dict); !ok || isDict {
		return misfit(v, t)
	}
	if t.Kind() == reflect.Slice {
		if err := d.take(bounded.Times(int64(list.Len()), int64(t.Elem().Size()))); err != nil {
			return err
		}
		out.Set(reflect.MakeSlice(t, list.Len(), list.Len()))
	} else if list.Len() != t.Len() {
		return fmt.Errorf("%s of %d elements does not fit %s", v.Type(), list.Len(), t)
	}
	i := 0
	for element := range starlark.Elements(list) {
		if err := d.decode(element, out.Index(i)); err != nil {
			return at(err, fmt.Sprintf("[%d]", i))
		}
		i++
	}
	return nil
}

// mapping decodes a dict.
func (d decoder) mapping(v starlark.Value, out reflect.Value) error {
	t := out.Type()
	if v == starlark.None {
		return nil
	}
	dict, ok := v.(*starlark.Dict)
	if !ok {
		return misfit(v, t)
	}
	if err := d.take(bounded.Times(int64(dict.Len()), int64(t.Key().Size()+t.Elem().Size()))); err != nil {
		return err
	}
	out.Set(reflect.MakeMapWithSize(t, dict.Len()))
	for key, value := range dict.Entries() {
		k, e := reflect.New(t.Key()).Elem(), reflect.New(t.Elem()).Elem()
		if err := d.decode(key, k); err != nil {
			return err
		}
		if !k.Comparable() {
			return fmt.Errorf("%s cannot be a key of %s", kind(key), t)
		}
		if err := d.decode(value, e); err != nil {
			return at(err, "["+bounded.Brief(key)+"]")
		}
		out.SetMapIndex(k, e)
	}
	return nil
}

// structure decodes a struct, or a dict whose keys are names. What the host's type lacks is an
// error.
func (d decoder) structure(v starlark.Value, out reflect.Value) error {
	set := func(name string, value starlark.Value) error {
		field := fieldOf(out, name)
		if !field.IsValid() {
			return fmt.Errorf("%s has no field %s", out.Type(), bounded.Name(name))
		}
		if err := d.decode(value, field); err != nil {
			return at(err, "."+name)
		}
		return nil
	}
	switch v := v.(type) {
	case *starlarkstruct.Struct:
		for name, value := range v.Entries() {
			if err := set(name, value); err != nil {
				return err
			}
		}
		return nil
	case *starlark.Dict:
		for key, value := range v.Entries() {
			name, ok := key.(starlark.String)
			if !ok {
				return fmt.Errorf("%s does not name a field of %s", kind(key), out.Type())
			}
			if err := set(string(name), value); err != nil {
				return err
			}
		}
		return nil
	}
	return misfit(v, out.Type())
}

// fieldOf finds a field by its tag or name, or by its name in another case.
func fieldOf(v reflect.Value, name string) (found reflect.Value) {
	for f, value := range v.Fields() {
		switch {
		case !f.IsExported():
		case fieldName(f) == name:
			return value
		case strings.EqualFold(f.Name, name):
			found = value
		}
	}
	return found
}
