package config

import (
	"context"
	"errors"
	"fmt"
	"reflect"

	"github.com/loadgo/load"
)

// library is what the host uses of the decoder in a module.
type library struct {
	Compose     func(hooks ...any) (any, error)                                                `load:"mapstructure.ComposeDecodeHookFunc"`
	ToText      func() (any, error)                                                            `load:"mapstructure.TextUnmarshallerHookFunc"`
	ToDurations func() (any, error)                                                            `load:"mapstructure.StringToTimeDurationHookFunc"`
	Hook        func(func(from, to reflect.Kind, data any) (any, error)) (*load.Object, error) `load:"mapstructure.DecodeHookFuncKind"`
	NewConfig   func(decoderConfig) (*load.Object, error)                                      `load:"*mapstructure.DecoderConfig"`
	NewDecoder  func(*load.Object) (*load.Object, error)                                       `load:"mapstructure.NewDecoder"`
}

// metadata and decoderConfig are the parts that are used of the decoder's types of these names.
type (
	metadata = struct{ Keys, Unused, Unset []string }

	decoderConfig struct {
		DecodeHook       any
		WeaklyTypedInput bool
		Metadata         *metadata
		Result           any
	}
)

// decodeInside does what [Decode] does, with a configuration that stays in its module.
func decodeInside(ctx context.Context, m *load.Module, values map[string]any, target *load.Object) error {
	var lib library
	if err := m.Bind(&lib); err != nil {
		var missing *load.SymbolError
		if errors.As(err, &missing) {
			return fmt.Errorf("%s stays in its module, where its decoder is missing: load the plugin with config.Along()\n\t%w", target.TypeName(), err)
		}
		return err
	}
	hook, err := lib.hook()
	if err != nil {
		return err
	}
	config, err := lib.NewConfig(decoderConfig{DecodeHook: hook, WeaklyTypedInput: true, Metadata: &metadata{}, Result: target})
	if err != nil {
		return err
	}
	d, err := lib.NewDecoder(config)
	if err != nil {
		return err
	}
	if _, err := d.Call(ctx, "Decode", plainMap(values)); err != nil {
		return err
	}
	seen, err := config.Field(ctx, "Metadata") // the module's own
	if err != nil {
		return err
	}
	fields, ok := seen.(*metadata)
	if !ok {
		return fmt.Errorf("the decoder's metadata are of type %T", seen)
	}
	return unknown(fields.Unused, append(fields.Keys, fields.Unset...))
}

// hook is the same chain of conversions as that of [Decode].
func (l *library) hook() (any, error) {
	text, err := l.ToText()
	if err != nil {
		return nil, err
	}
	durations, err := l.ToDurations()
	if err != nil {
		return nil, err
	}
	lists, err := l.Hook(convert)
	if err != nil {
		return nil, err
	}
	return l.Compose(text, durations, lists)
}
