package main

import (
	"context"
	"reflect"
	"strings"
	"time"

	"github.com/loadgo/load"
)

// newConfig makes a plugin's default configuration and fills it in as Traefik does, with mapstructure: names match in
// any case, numbers and booleans may be texts, and a text is a list separated by commas where a list is wanted. A
// duration may be a text, too.
func newConfig(ctx context.Context, m *load.Module, values map[string]any) (any, error) {
	out, err := m.Call(ctx, "CreateConfig")
	if err != nil {
		return nil, err
	}
	if object, ok := out[0].(*load.Object); ok { // it has methods or unexported fields, and stays in the module
		return object, decodeInside(ctx, m, values, object)
	}
	decode, err := load.Func[func(input, output any) error](m, "mapstructure.WeakDecode")
	if err != nil {
		return nil, err
	}
	return out[0], decode(split(values, reflect.TypeOf(out[0])), out[0])
}

// decodeInside fills in a configuration that stays in its module.
func decodeInside(ctx context.Context, m *load.Module, values map[string]any, config *load.Object) error {
	var mapstructure struct {
		Compose     func(hooks ...any) (any, error)            `load:"mapstructure.ComposeDecodeHookFunc"`
		ToDurations func() (any, error)                        `load:"mapstructure.StringToTimeDurationHookFunc"`
		ToSlices    func(separator string) (any, error)        `load:"mapstructure.StringToSliceHookFunc"`
		NewDecoder  func(*decoderConfig) (*load.Object, error) `load:"mapstructure.NewDecoder"`
	}
	if err := m.Bind(&mapstructure); err != nil {
		return err
	}
	durations, err := mapstructure.ToDurations()
	if err != nil {
		return err
	}
	slices, err := mapstructure.ToSlices(",")
	if err != nil {
		return err
	}
	hook, err := mapstructure.Compose(durations, slices)
	if err != nil {
		return err
	}
	decoder, err := mapstructure.NewDecoder(&decoderConfig{DecodeHook: hook, WeaklyTypedInput: true, Result: config})
	if err != nil {
		return err
	}
	_, err = decoder.Call(ctx, "Decode", values)
	return err
}

// decoderConfig is the part that is used of mapstructure's type of that name.
type decoderConfig struct {
	DecodeHook       any
	WeaklyTypedInput bool
	Result           any
}

// split turns the texts of a value for type t that stand for lists and durations into these.
func split(value any, t reflect.Type) any {
	text, isText := value.(string)
	switch {
	case t.Kind() == reflect.Pointer:
		return split(value, t.Elem())
	case t == reflect.TypeFor[time.Duration]() && isText:
		if d, err := time.ParseDuration(text); err == nil {
			return d
		}
	case t.Kind() == reflect.Slice && t.Elem().Kind() != reflect.Uint8:
		list, _ := value.([]any)
		if isText && text != "" {
			for part := range strings.SplitSeq(text, ",") {
				list = append(list, part)
			}
		} else if list == nil {
			return value
		}
		parts := make([]any, len(list))
		for i, part := range list {
			parts[i] = split(part, t.Elem())
		}
		return parts
	case t.Kind() == reflect.Map || t.Kind() == reflect.Struct:
		entries, ok := value.(map[string]any)
		if !ok {
			return value
		}
		parts := make(map[string]any, len(entries))
		for name, part := range entries {
			parts[name] = part
			if t.Kind() == reflect.Map {
				parts[name] = split(part, t.Elem())
			} else if field, ok := t.FieldByNameFunc(func(n string) bool { return strings.EqualFold(n, name) }); ok {
				parts[name] = split(part, field.Type)
			}
		}
		return parts
	}
	return value
}
