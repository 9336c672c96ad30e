package asgo

import (
	"context"
	"encoding"
	"fmt"
	"go/token"
	"io"
	"reflect"
	"slices"
	"time"

	"github.com/loadgo/load"
)

var (
	anyType       = reflect.TypeFor[any]()
	contextType   = reflect.TypeFor[context.Context]()
	errorType     = reflect.TypeFor[error]()
	objectType    = reflect.TypeFor[*load.Object]()
	readerType    = reflect.TypeFor[io.Reader]()
	stringerType  = reflect.TypeFor[fmt.Stringer]()
	placeType     = reflect.TypeFor[*time.Location]()
	timeType      = reflect.TypeFor[time.Time]()
	writerType    = reflect.TypeFor[io.Writer]()
	textType      = reflect.TypeFor[encoding.TextMarshaler]()
	fromTextType  = reflect.TypeFor[encoding.TextUnmarshaler]()
	bytesType     = reflect.TypeFor[encoding.BinaryMarshaler]()
	fromBytesType = reflect.TypeFor[encoding.BinaryUnmarshaler]()
)

// hasText reports whether values of the type cross as text or as bytes of their own form.
func hasText(t reflect.Type) bool {
	p := reflect.PointerTo(t)
	return p.Implements(textType) && p.Implements(fromTextType) || p.Implements(bytesType) && p.Implements(fromBytesType)
}

// hostType returns the type by which the host binds a type of the module: itself where its values
// are copied, *load.Object where they stay in the module, and nil where they cannot cross.
func hostType(t reflect.Type) reflect.Type {
	if t == placeType {
		return t
	}
	switch t.Kind() {
	case reflect.Chan, reflect.UnsafePointer, reflect.Uintptr, reflect.Complex64, reflect.Complex128:
		return nil
	case reflect.Func:
		if !writable(t) {
			return objectType
		}
		return funcType(t, nil, nil)
	case reflect.Slice, reflect.Array, reflect.Pointer, reflect.Map:
		if !copied(t, map[reflect.Type]bool{}) {
			return composite(t)
		}
	case reflect.Struct:
		if !copied(t, map[reflect.Type]bool{}) {
			return objectType
		}
	case reflect.Interface:
		if t.NumMethod() == 0 {
			return anyType
		}
		if t != errorType && t != readerType && t != writerType && t != stringerType && t != contextType {
			return objectType
		}
	}
	return t
}

func composite(t reflect.Type) reflect.Type {
	elem := hostType(t.Elem())
	switch {
	case elem == nil:
		return nil
	case t.Kind() == reflect.Pointer && elem == objectType && t.Elem().Kind() == reflect.Struct:
		return objectType
	case t.Kind() == reflect.Pointer:
		return reflect.PointerTo(elem)
	case t.Kind() == reflect.Slice:
		return reflect.SliceOf(elem)
	case t.Kind() == reflect.Array:
		return reflect.ArrayOf(t.Len(), elem)
	}
	key := hostType(t.Key())
	if key == nil {
		return nil
	}
	return reflect.MapOf(key, elem)
}

// funcType returns the host's type of a function with further parameters in front and further
// results at the end.
func funcType(t reflect.Type, front, end []reflect.Type) reflect.Type {
	in, out := front, []reflect.Type(nil)
	for p := range t.Ins() {
		in = append(in, hostType(p))
	}
	for r := range t.Outs() {
		if r == contextType { // it is given, and stays in the module where it is returned
			r = objectType
		}
		out = append(out, hostType(r))
	}
	out = append(out, end...)
	for _, p := range append(in[:len(in):len(in)], out...) {
		if p == nil {
			return nil
		}
	}
	if plain := reflect.FuncOf(in, out, t.IsVariadic()); len(front)+len(end) > 0 || !plain.ConvertibleTo(t) {
		return plain
	}
	return t
}

// writable reports whether other packages can write down the types of a function.
func writable(t reflect.Type) bool {
	for _, part := range slices.AppendSeq(slices.Collect(t.Ins()), t.Outs()) {
		for part.Kind() == reflect.Pointer || part.Kind() == reflect.Slice {
			part = part.Elem()
		}
		if part.PkgPath() != "" && !token.IsExported(part.Name()) {
			return false
		}
	}
	return true
}

// copied reports whether all of a struct is exported, at any depth.
func copied(t reflect.Type, met map[reflect.Type]bool) bool {
	if met[t] || hasText(t) {
		return true
	}
	met[t] = true
	switch t.Kind() {
	case reflect.Struct:
		for f := range t.Fields() {
			if !f.IsExported() || !copied(f.Type, met) {
				return false
			}
		}
		return true
	case reflect.Slice, reflect.Array, reflect.Pointer:
		return copied(t.Elem(), met)
	case reflect.Map:
		return copied(t.Key(), met) && copied(t.Elem(), met)
	case reflect.Func, reflect.Interface:
		return hostType(t) == t
	}
	return hostType(t) != nil
}
