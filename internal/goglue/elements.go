package goglue

import (
	"context"
	"go/token"
	"go/types"
	"reflect"

	"github.com/loadgo/load/engine"
)

// The names of the methods by which the host looks into lists and maps.
const (
	lengthMethod = "len"
	indexMethod  = "[]"   // takes an index or a key; of a map, it returns whether the key is there, too
	keysMethod   = "keys" // of a map
)

// expandElements describes how the host looks into a list or a map of type t, which has the number
// n.
func (d *describer) expandElements(t types.Type, n, depth int) {
	if !d.nameable(t) {
		return
	}
	list := func(all ...types.Type) *types.Tuple {
		vars := make([]*types.Var, len(all))
		for i, t := range all {
			vars[i] = types.NewParam(token.NoPos, nil, "", t)
		}
		return types.NewTuple(vars...)
	}
	add := func(name string, form goForm, params, results *types.Tuple) {
		sig := types.NewSignatureType(nil, nil, nil, params, results, false)
		f := d.function(goFunc{form: form, sig: sig, receiver: t}, depth)
		d.api.Types[n].Methods = append(d.api.Types[n].Methods, Method{Name: name, Func: f})
	}
	whole := list(types.Typ[types.Int])
	switch u := t.Underlying().(type) {
	case *types.Slice:
		add(indexMethod, formIndex, whole, list(u.Elem()))
	case *types.Array:
		add(indexMethod, formIndex, whole, list(u.Elem()))
	case *types.Map:
		add(indexMethod, formIndex, list(u.Key()), list(u.Elem(), types.Typ[types.Bool]))
		add(keysMethod, formKeys, nil, list(types.NewSlice(u.Key())))
	default:
		return
	}
	add(lengthMethod, formLength, nil, whole)
}

// Len implements [engine.Indexer].
func (o *object) Len(ctx context.Context) (int, error) {
	out, err := o.Call(ctx, lengthMethod, nil)
	if err != nil {
		return 0, err
	}
	return out[0].(int), nil
}

// Index implements [engine.Indexer].
func (o *object) Index(ctx context.Context, key any) (value any, ok bool, err error) {
	out, err := o.Call(ctx, indexMethod, []any{key})
	if err != nil {
		return nil, false, err
	}
	return out[0], len(out) == 1 || out[1].(bool), nil
}

// Keys implements [engine.Indexer].
func (o *object) Keys(ctx context.Context) ([]any, error) {
	out, err := o.Call(ctx, keysMethod, nil)
	if err != nil {
		return nil, err
	}
	list := reflect.ValueOf(out[0])
	if list.Kind() != reflect.Slice {
		return nil, &engine.SymbolError{Module: o.instance.name, Symbol: o.TypeName(), Have: o.TypeName(), Reason: "its keys are of a type that other packages cannot name"}
	}
	keys := make([]any, list.Len())
	for j := range keys {
		keys[j] = list.Index(j).Interface()
	}
	return keys, nil
}
