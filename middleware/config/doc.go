// Package config configures middleware plugins as they are published for Traefik: it reads YAML,
// TOML, JSON and Docker labels, and fills in the value that a plugin's CreateConfig returns.
//
//	m, err := l.Load(ctx, "github.com/team/plugin", config.Along())
//	values, err := config.YAML(data)
//	settings, err := config.Create(ctx, m, values) // what CreateConfig returns, filled in
//
// Each format gives the same values, and one set of rules decodes them, by
// [github.com/go-viper/mapstructure/v2]:
//
//   - names match in any case;
//   - numbers and booleans may be texts: "3", "true";
//   - a text is a list where a list is wanted, separated by commas, without the space around them;
//   - a text is a duration ("90s"), or whatever the field's type has an UnmarshalText method for;
//   - a field that the plugin does not have is an [UnknownFieldError], which names what is spelled alike.
package config
