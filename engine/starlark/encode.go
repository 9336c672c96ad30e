package starlark

import (
	"cmp"
	"fmt"
	"math/big"
	"reflect"
	"slices"
	"time"

	startime "go.starlark.net/lib/time"
	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/engine/native"
)

func encodeAny(v any) (starlark.Value, error) { return encode(reflect.ValueOf(v), 0) }

// encode makes a value for scripts of one of the host: data is copied, and everything else is an object that
// scripts use by its methods and fields.
func encode(v reflect.Value, depth int) (starlark.Value, error) {
	if depth > maxNesting {
		return nil, errNesting
	}
	if v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	if !v.IsValid() {
		return starlark.None, nil
	}
	switch own := v.Interface().(type) {
	case starlark.Value:
		return own, nil
	case *engine.Object:
		return encodeObject(own), nil
	case time.Time:
		return startime.Time(own), nil
	case time.Duration:
		return startime.Duration(own), nil
	case *big.Int:
		return starlark.MakeBigInt(own), nil
	case error:
		return starlark.String(own.Error()), nil
	}
	switch v.Kind() {
	case reflect.Bool:
		return starlark.Bool(v.Bool()), nil
	case reflect.String:
		return starlark.String(v.String()), nil
	case reflect.Float32, reflect.Float64:
		return starlark.Float(v.Float()), nil
	}
	switch {
	case v.CanInt():
		return starlark.MakeInt64(v.Int()), nil
	case v.CanUint():
		return starlark.MakeUint64(v.Uint()), nil
	}
	if held, ok := native.Wrap(v.Interface()).(*engine.Object); ok {
		return encodeObject(held), nil
	}
	return encodeComposite(v, depth)
}

// encodeComposite makes a value of plain data with parts.
func encodeComposite(v reflect.Value, depth int) (starlark.Value, error) {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return starlark.None, nil
		}
		return encode(v.Elem(), depth+1)
	case reflect.Slice, reflect.Array:
		if v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Uint8 {
			return starlark.Bytes(v.Bytes()), nil
		}
		list := make([]starlark.Value, v.Len())
		for i := range list {
			var err error
			if list[i], err = encode(v.Index(i), depth+1); err != nil {
				return nil, fmt.Errorf("[%d]: %w", i, err)
			}
		}
		return starlark.NewList(list), nil
	case reflect.Map:
		return encodeMap(v, depth)
	case reflect.Struct:
		fields := make(starlark.StringDict)
		for f, value := range v.Fields() {
			field, err := encode(value, depth+1)
			if err != nil {
				return nil, fmt.Errorf(".%s: %w", f.Name, err)
			}
			fields[fieldName(f)] = field
		}
		return starlarkstruct.FromStringDict(starlarkstruct.Default, fields), nil
	}
	return nil, fmt.Errorf("a script cannot use %s", v.Type())
}

// encodeMap makes a dict, in the order of its keys: a script sees the same at every run.
func encodeMap(v reflect.Value, depth int) (starlark.Value, error) {
	dict := starlark.NewDict(v.Len())
	keys := v.MapKeys()
	slices.SortFunc(keys, compareKeys)
	for _, k := range keys {
		key, err := encode(k, depth+1)
		if err != nil {
			return nil, err
		}
		value, err := encode(v.MapIndex(k), depth+1)
		if err != nil {
			return nil, fmt.Errorf("[%v]: %w", k, err)
		}
		if err := dict.SetKey(key, value); err != nil {
			return nil, err
		}
	}
	return dict, nil
}

func compareKeys(a, b reflect.Value) int {
	switch {
	case a.Kind() == reflect.String && b.Kind() == reflect.String:
		return cmp.Compare(a.String(), b.String())
	case a.CanInt() && b.CanInt():
		return cmp.Compare(a.Int(), b.Int())
	case a.CanUint() && b.CanUint():
		return cmp.Compare(a.Uint(), b.Uint())
	}
	return cmp.Compare(fmt.Sprint(a), fmt.Sprint(b))
}

// fieldName is what scripts call a field of a struct: its tag `load:"name"`, or its Go name.
func fieldName(f reflect.StructField) string {
	if tag := f.Tag.Get("load"); tag != "" && tag != "-" {
		return tag
	}
	return f.Name
}
