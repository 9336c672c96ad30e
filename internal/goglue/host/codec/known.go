package codec

import (
	"reflect"

	"github.com/loadgo/load/internal/wire"
)

// known returns the value of a thing of the host, or the zero Value if none has that number.
func known(d *wire.Decoder, n uint64) reflect.Value {
	if n < uint64(len(d.Sharing.Things)) {
		if t, ok := d.Sharing.Things[n].(interface{ Own() reflect.Value }); ok {
			return t.Own()
		}
	}
	return reflect.Value{}
}

// refit copies a value into one of another type of the same structure, and reports whether that can
// be: a result may be bound as another type than the argument that it is. A few bytes of a message
// ask for each copy, so each is charged for.
func refit(d *Incoming, to, from reflect.Value, depth int) bool {
	if from.Kind() != to.Kind() || depth == 0 {
		return false
	}
	ok := true
	switch {
	case from.Type().ConvertibleTo(to.Type()):
		to.Set(from.Convert(to.Type()))
	case from.Kind() == reflect.Pointer:
		if from.IsNil() {
			return true
		}
		if !d.ChargeEach(1, to.Type().Elem().Size()) {
			return false
		}
		to.Set(reflect.New(to.Type().Elem()))
		ok = refit(d, to.Elem(), from.Elem(), depth-1)
	case from.Kind() == reflect.Struct:
		for j := range to.NumField() {
			if f := from.FieldByName(to.Type().Field(j).Name); f.IsValid() && to.Type().Field(j).IsExported() {
				ok = ok && refit(d, to.Field(j), f, depth-1)
			}
		}
	case from.Kind() == reflect.Slice && !from.IsNil():
		if !d.ChargeEach(from.Len(), to.Type().Elem().Size()) {
			return false
		}
		to.Set(reflect.MakeSlice(to.Type(), from.Len(), from.Len()))
		for j := 0; ok && j < from.Len(); j++ {
			ok = refit(d, to.Index(j), from.Index(j), depth-1)
		}
	case from.Kind() == reflect.Map && !from.IsNil():
		if !d.ChargeMap(from.Len(), to.Type().Key().Size()+to.Type().Elem().Size()) {
			return false
		}
		to.Set(reflect.MakeMap(to.Type()))
		for it := from.MapRange(); ok && it.Next(); {
			key, elem := reflect.New(to.Type().Key()).Elem(), reflect.New(to.Type().Elem()).Elem()
			ok = refit(d, key, it.Key(), depth-1) && refit(d, elem, it.Value(), depth-1)
			to.SetMapIndex(key, elem)
		}
	}
	return ok
}
