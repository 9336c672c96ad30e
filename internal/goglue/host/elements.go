package host

import (
	"context"
	"reflect"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/internal/goglue/api"
)

// Len implements [engine.Indexer].
func (o *object) Len(ctx context.Context) (int, error) {
	out, err := o.Call(ctx, api.LengthMethod, nil)
	if err != nil {
		return 0, err
	}
	return out[0].(int), nil
}

// Index implements [engine.Indexer].
func (o *object) Index(ctx context.Context, key any) (value any, ok bool, err error) {
	out, err := o.Call(ctx, api.IndexMethod, []any{key})
	if err != nil {
		return nil, false, err
	}
	return out[0], len(out) == 1 || out[1].(bool), nil
}

// Keys implements [engine.Indexer].
func (o *object) Keys(ctx context.Context) ([]any, error) {
	out, err := o.Call(ctx, api.KeysMethod, nil)
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
