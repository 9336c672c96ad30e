package config

import (
	"context"
	"fmt"

	"github.com/loadgo/load"
)

// decoder is built into modules. Its version is that of go.mod: one set of rules on both sides.
const decoder = "github.com/go-viper/mapstructure/v2@v2.5.0"

// Along is the option by which a plugin is loaded: it builds the decoder into the module, for
// configurations with methods or unexported fields, which never leave it.
func Along() load.LoadOption { return load.Along(decoder) }

// Create calls the plugin's CreateConfig and sets in its result what the values name. The result is
// the argument for the plugin's New.
func Create(ctx context.Context, m *load.Module, values map[string]any) (any, error) {
	results, err := m.Call(ctx, "CreateConfig")
	if err != nil {
		return nil, err
	}
	if len(results) != 1 {
		return nil, fmt.Errorf("CreateConfig of %s returns %d values instead of one", m.Spec().Name, len(results))
	}
	config := results[0]
	if len(values) == 0 {
		return config, nil
	}
	if object, ok := config.(*load.Object); ok {
		err = decodeInside(ctx, m, values, object)
	} else {
		err = Decode(values, config)
	}
	if err != nil {
		return nil, fmt.Errorf("configuration: %w", err)
	}
	return config, nil
}
