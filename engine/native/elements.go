package native

import (
	"context"
	"fmt"
	"reflect"

	"github.com/loadgo/load/engine"
)

// elements returns the list or the map that the object is or points to.
func (o *object) elements(kinds ...reflect.Kind) (reflect.Value, error) {
	if o.released.Load() {
		return reflect.Value{}, errReleased
	}
	v := reflect.Indirect(o.value)
	for _, k := range kinds {
		if v.Kind() == k {
			return v, nil
		}
	}
	return reflect.Value{}, o.misuse("it has no elements")
}

func (o *object) misuse(reason string) error {
	return &engine.SymbolError{Module: o.module.name, Symbol: o.TypeName(), Have: o.TypeName(), Reason: reason}
}

// Len implements [engine.Indexer].
func (o *object) Len(context.Context) (int, error) {
	v, err := o.elements(reflect.Slice, reflect.Array, reflect.Map)
	if err != nil {
		return 0, err
	}
	return v.Len(), nil
}

// Index implements [engine.Indexer].
func (o *object) Index(_ context.Context, key any) (value any, ok bool, err error) {
	v, err := o.elements(reflect.Slice, reflect.Array, reflect.Map)
	if err != nil {
		return nil, false, err
	}
	of := reflect.TypeFor[int]()
	if v.Kind() == reflect.Map {
		of = v.Type().Key()
	}
	at, err := conversion{module: o.module, lenient: true}.value(reflect.ValueOf(&key).Elem(), of)
	if err != nil {
		return nil, false, o.misuse(err.Error())
	}
	if v.Kind() == reflect.Map {
		if !at.Comparable() {
			return nil, false, o.misuse(fmt.Sprintf("a %s cannot be a key: it is not comparable", at.Type()))
		}
		element := v.MapIndex(at)
		if !element.IsValid() {
			return wrap(o.module, reflect.Zero(v.Type().Elem())), false, nil
		}
		return wrap(o.module, element), true, nil
	}
	if i := int(at.Int()); i < 0 || i >= v.Len() {
		return nil, false, o.misuse(fmt.Sprintf("index out of range [%d] with length %d", i, v.Len()))
	}
	return wrap(o.module, v.Index(int(at.Int()))), true, nil
}

// Keys implements [engine.Indexer].
func (o *object) Keys(context.Context) ([]any, error) {
	v, err := o.elements(reflect.Map)
	if err != nil {
		return nil, err
	}
	keys := make([]any, 0, v.Len())
	for _, key := range v.MapKeys() {
		keys = append(keys, wrap(o.module, key))
	}
	return keys, nil
}
