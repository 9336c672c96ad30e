package native

import (
	"fmt"
	"reflect"
	"strings"
)

// composite converts slices, arrays, maps, pointers and structs part by part, into new ones.
func (c conversion) composite(from, to reflect.Type) (converter, error) {
	switch to.Kind() {
	case reflect.Slice, reflect.Array:
		return c.list(from, to)
	case reflect.Map:
		return c.mapping(from, to)
	case reflect.Pointer:
		return c.pointer(from, to)
	case reflect.Struct:
		return c.structure(from, to)
	}
	return nil, misfit(from, to)
}

func (c conversion) list(from, to reflect.Type) (converter, error) {
	if to.Kind() == reflect.Array && from.Len() != to.Len() {
		return nil, misfit(from, to)
	}
	element, err := c.of(from.Elem(), to.Elem())
	if err != nil {
		return nil, err
	}
	return func(v reflect.Value) (reflect.Value, error) {
		out := reflect.New(to).Elem()
		if to.Kind() == reflect.Slice {
			if v.IsNil() {
				return out, nil
			}
			out.Set(reflect.MakeSlice(to, v.Len(), v.Len()))
		}
		for i := range v.Len() {
			converted, err := element(v.Index(i))
			if err != nil {
				return v, fmt.Errorf("[%d]: %w", i, err)
			}
			out.Index(i).Set(converted)
		}
		return out, nil
	}, nil
}

func (c conversion) mapping(from, to reflect.Type) (converter, error) {
	key, err := c.of(from.Key(), to.Key())
	if err != nil {
		return nil, err
	}
	element, err := c.of(from.Elem(), to.Elem())
	if err != nil {
		return nil, err
	}
	return func(v reflect.Value) (reflect.Value, error) {
		if v.IsNil() {
			return reflect.Zero(to), nil
		}
		out := reflect.MakeMapWithSize(to, v.Len())
		for k, e := range v.Seq2() {
			convertedKey, err := key(k)
			if err != nil {
				return v, err
			}
			converted, err := element(e)
			if err != nil {
				return v, fmt.Errorf("[%v]: %w", k, err)
			}
			out.SetMapIndex(convertedKey, converted)
		}
		return out, nil
	}, nil
}

// pointer converts what is pointed to: the host gets a copy, as from any module.
func (c conversion) pointer(from, to reflect.Type) (converter, error) {
	element, err := c.of(from.Elem(), to.Elem())
	if err != nil {
		return nil, err
	}
	return func(v reflect.Value) (reflect.Value, error) {
		if v.IsNil() {
			return reflect.Zero(to), nil
		}
		converted, err := element(v.Elem())
		if err != nil {
			return v, err
		}
		out := reflect.New(to.Elem())
		out.Elem().Set(converted)
		return out, nil
	}, nil
}

// structure converts by the names of the fields. Every field of one side that the other lacks stays
// zero or is dropped, but some must be shared, and nothing that is unexported can be copied.
func (c conversion) structure(from, to reflect.Type) (converter, error) {
	type pair struct {
		from, to []int
		convert  converter
	}
	for _, t := range []reflect.Type{from, to} {
		for f := range t.Fields() {
			if !f.IsExported() {
				return nil, fmt.Errorf("%s has unexported fields: use %s itself or *load.Object", t, from)
			}
		}
	}
	var pairs []pair
	for f := range to.Fields() {
		other, ok := from.FieldByName(f.Name)
		if !ok {
			continue
		}
		convert, err := c.of(other.Type, f.Type)
		if err != nil {
			return nil, fmt.Errorf(".%s: %w", f.Name, err)
		}
		pairs = append(pairs, pair{other.Index, f.Index, convert})
	}
	if len(pairs) == 0 {
		return nil, misfit(from, to)
	}
	return func(v reflect.Value) (reflect.Value, error) {
		out := reflect.New(to).Elem()
		for _, p := range pairs {
			field, err := v.FieldByIndexErr(p.from)
			if err != nil {
				continue // in an embedded nil pointer
			}
			converted, err := p.convert(field)
			if err != nil {
				return v, fmt.Errorf(".%s: %w", to.FieldByIndex(p.to).Name, err)
			}
			out.FieldByIndex(p.to).Set(converted)
		}
		return out, nil
	}, nil
}

// mapToStruct sets the fields that the map names.
func (c conversion) mapToStruct(to reflect.Type) converter {
	return func(v reflect.Value) (reflect.Value, error) {
		out := reflect.New(to).Elem()
		members := fieldsOf(out)
		for k, e := range v.Seq2() {
			i := fieldNamed(members, k.String())
			if i < 0 {
				return v, fmt.Errorf("%s has no field %s", to, k)
			}
			converted, err := c.value(e, members[i].value.Type())
			if err != nil {
				return v, fmt.Errorf(".%s: %w", members[i].name, err)
			}
			members[i].value.Set(converted)
		}
		return out, nil
	}
}

// fieldNamed finds a field by its name or, failing that, by its name in another case.
func fieldNamed(fields []member, name string) int {
	found := -1
	for i, f := range fields {
		if f.name == name {
			return i
		}
		if strings.EqualFold(f.name, name) {
			found = i
		}
	}
	return found
}
