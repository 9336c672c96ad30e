package plan

import (
	"slices"

	"github.com/loadgo/load/engine"
)

// NoNil refuses a setting that holds a nil.
func NoNil[T comparable](all []T, setting, what string) error {
	var none T
	if slices.Contains(all, none) {
		return &engine.ConfigError{Setting: setting, Reason: "it holds a nil " + what}
	}
	return nil
}
