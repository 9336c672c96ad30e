// Package guestjson lets the host write values of a module as encoding/json does, for a module that
// does not contain that package: what there is to write crosses as a tree, see [wire.Tree].
package guestjson

import (
	"errors"
	"reflect"
	"strconv"

	"github.com/loadgo/load/internal/wire"
)

type (
	marshaler     interface{ MarshalJSON() ([]byte, error) }
	textMarshaler interface{ MarshalText() ([]byte, error) }
)

var (
	marshalerType     = reflect.TypeFor[marshaler]()
	textMarshalerType = reflect.TypeFor[textMarshaler]()
)

// Put appends the tree of a value. The error is that of one of its methods, or says what has no
// JSON form.
func Put(e *wire.Encoder, v any) error { return put(e, reflect.ValueOf(v)) }

func put(e *wire.Encoder, v reflect.Value) error {
	if !v.IsValid() {
		e.Byte(wire.TreeNull)
		return nil
	}
	if !e.Enter() {
		return errors.New("json: unsupported value: encountered a cycle via " + v.Type().String())
	}
	defer e.Leave()
	if done, err := byMethod(e, v); done || err != nil {
		return err
	}
	switch v.Kind() {
	case reflect.Bool:
		e.Byte(wire.TreeBool)
		e.Bool(v.Bool())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		e.Byte(wire.TreeInt)
		e.Int(v.Int())
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		e.Byte(wire.TreeUint)
		e.Uint(v.Uint())
	case reflect.Float32:
		e.Byte(wire.TreeFloat32)
		e.Float(v.Float())
	case reflect.Float64:
		e.Byte(wire.TreeFloat64)
		e.Float(v.Float())
	case reflect.String:
		e.Byte(wire.TreeString)
		e.String(v.String())
	case reflect.Interface, reflect.Pointer:
		return put(e, v.Elem())
	case reflect.Slice, reflect.Array:
		return putList(e, v)
	case reflect.Map:
		return putMap(e, v)
	case reflect.Struct:
		return putStruct(e, v)
	default:
		return unsupported(v.Type())
	}
	return nil
}

func unsupported(t reflect.Type) error {
	return errors.New("json: unsupported type: " + t.String())
}

// byMethod writes a value that writes itself, and reports whether it does.
func byMethod(e *wire.Encoder, v reflect.Value) (bool, error) {
	t := v.Type()
	for _, method := range []reflect.Type{marshalerType, textMarshalerType} {
		own := v
		switch {
		case v.Kind() != reflect.Pointer && v.CanAddr() && reflect.PointerTo(t).Implements(method):
			own = v.Addr()
		case !t.Implements(method):
			continue
		}
		if k := own.Kind(); (k == reflect.Pointer || k == reflect.Interface) && own.IsNil() {
			e.Byte(wire.TreeNull)
			return true, nil
		}
		if method == marshalerType {
			text, err := own.Interface().(marshaler).MarshalJSON()
			e.Byte(wire.TreeJSON)
			e.Bytes(text)
			return true, methodError(err, t, "MarshalJSON")
		}
		text, err := own.Interface().(textMarshaler).MarshalText()
		e.Byte(wire.TreeString)
		e.String(string(text))
		return true, methodError(err, t, "MarshalText")
	}
	return false, nil
}

func methodError(err error, t reflect.Type, method string) error {
	if err == nil {
		return nil
	}
	return failure{"json: error calling " + method + " for type " + t.String() + ": " + err.Error(), err}
}

// failure is an error of a method.
type failure struct {
	text string
	err  error
}

func (f failure) Error() string { return f.text }
func (f failure) Unwrap() error { return f.err }

func putList(e *wire.Encoder, v reflect.Value) error {
	elem := v.Type().Elem()
	if v.Kind() == reflect.Slice {
		plain := !reflect.PointerTo(elem).Implements(marshalerType) && !reflect.PointerTo(elem).Implements(textMarshalerType)
		switch {
		case v.IsNil():
			e.Byte(wire.TreeNull)
			return nil
		case elem.Kind() == reflect.Uint8 && plain:
			e.Byte(wire.TreeBytes)
			e.Bytes(v.Bytes())
			return nil
		}
	}
	e.Byte(wire.TreeList)
	e.Len(v.Len(), false)
	for i := range v.Len() {
		if err := put(e, v.Index(i)); err != nil {
			return err
		}
	}
	return nil
}

func putMap(e *wire.Encoder, v reflect.Value) error {
	if v.IsNil() {
		e.Byte(wire.TreeNull)
		return nil
	}
	e.Byte(wire.TreeMap)
	e.Len(v.Len(), false)
	for entry := v.MapRange(); entry.Next(); {
		key, err := keyText(entry.Key())
		if err != nil {
			return err
		}
		e.String(key)
		if err := put(e, entry.Value()); err != nil {
			return err
		}
	}
	return nil
}

func keyText(key reflect.Value) (string, error) {
	if key.Kind() == reflect.String {
		return key.String(), nil
	}
	if key.Type().Implements(textMarshalerType) {
		if key.Kind() == reflect.Pointer && key.IsNil() {
			return "", nil
		}
		text, err := key.Interface().(textMarshaler).MarshalText()
		return string(text), methodError(err, key.Type(), "MarshalText")
	}
	switch {
	case key.CanInt():
		return strconv.FormatInt(key.Int(), 10), nil
	case key.CanUint():
		return strconv.FormatUint(key.Uint(), 10), nil
	}
	return "", unsupported(key.Type())
}
