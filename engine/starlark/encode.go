package starlark

import (
	"cmp"
	"fmt"
	"math/big"
	"reflect"
	"slices"
	"time"
	"unsafe"

	startime "go.starlark.net/lib/time"
	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/engine/native"
	"github.com/loadgo/load/engine/starlark/internal/bounded"
)

// encoder makes values for scripts of those of the host.
type encoder struct {
	*crossing
	depth int
}

// hostShared is a value of the host that can lie in several places: a script's values share what
// the host's values share.
type hostShared struct {
	at     unsafe.Pointer
	length int
	t      reflect.Type
}

func newEncoder(c *crossing) encoder {
	return encoder{crossing: c}
}

func (e encoder) any(v any) (starlark.Value, error) { return e.encode(reflect.ValueOf(v)) }

// encode makes a value for scripts of one of the host: data is copied, and everything else is an
// object that scripts use by its methods and fields.
func (e encoder) encode(v reflect.Value) (starlark.Value, error) {
	if e.depth++; e.depth > bounded.MaxNesting {
		return nil, bounded.ErrNesting
	}
	if err := e.take(0); err != nil {
		return nil, err
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
		return encodeObject(own, e.hold.turn), nil
	case time.Time:
		return startime.Time(own), nil
	case time.Duration:
		return startime.Duration(own), nil
	case *big.Int:
		return starlark.MakeBigInt(own), e.take(int64(own.BitLen() / 8))
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
		return encodeObject(held, e.hold.turn), nil
	}
	key, ok := shareOf(v)
	if !ok {
		return e.composite(v)
	}
	if made, ok := e.toScript[key]; ok {
		return made, nil
	}
	made, err := e.composite(v)
	if err != nil {
		return nil, err
	}
	if e.toScript == nil {
		e.toScript = make(map[hostShared]starlark.Value)
	}
	e.toScript[key] = made
	return made, nil
}

// shareOf identifies a value that can lie in several places.
func shareOf(v reflect.Value) (key hostShared, ok bool) {
	switch v.Kind() {
	case reflect.Slice:
		return hostShared{v.UnsafePointer(), v.Len(), v.Type()}, v.Len() > 0
	case reflect.Map, reflect.Pointer:
		return hostShared{v.UnsafePointer(), 0, v.Type()}, !v.IsNil()
	}
	return hostShared{}, false
}

// composite makes a value of plain data with parts.
func (e encoder) composite(v reflect.Value) (starlark.Value, error) {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return starlark.None, nil
		}
		return e.encode(v.Elem())
	case reflect.Slice, reflect.Array:
		if v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Uint8 {
			if err := e.take(int64(v.Len())); err != nil {
				return nil, err
			}
			return starlark.Bytes(v.Bytes()), nil
		}
		if err := e.take(bounded.Times(bounded.WordSize, int64(v.Len()))); err != nil {
			return nil, err
		}
		list := make([]starlark.Value, v.Len())
		for i := range list {
			var err error
			if list[i], err = e.encode(v.Index(i)); err != nil {
				return nil, at(err, fmt.Sprintf("[%d]", i))
			}
		}
		return starlark.NewList(list), nil
	case reflect.Map:
		return e.dict(v)
	case reflect.Struct:
		fields := make(starlark.StringDict)
		for f, value := range v.Fields() {
			field, err := e.encode(value)
			if err != nil {
				return nil, at(err, "."+f.Name)
			}
			fields[fieldName(f)] = field
		}
		return starlarkstruct.FromStringDict(starlarkstruct.Default, fields), nil
	}
	return nil, fmt.Errorf("a script cannot use %s", v.Type())
}

// dict makes a dict, in the order of its keys: a script sees the same at every run.
func (e encoder) dict(v reflect.Value) (starlark.Value, error) {
	if err := e.take(bounded.Times(bounded.EntrySize, int64(v.Len()))); err != nil {
		return nil, err
	}
	dict := starlark.NewDict(v.Len())
	keys := v.MapKeys()
	slices.SortFunc(keys, compareKeys)
	for _, k := range keys {
		key, err := e.encode(k)
		if err != nil {
			return nil, err
		}
		value, err := e.encode(v.MapIndex(k))
		if err != nil {
			return nil, at(err, "["+bounded.Name(fmt.Sprint(k))+"]")
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
