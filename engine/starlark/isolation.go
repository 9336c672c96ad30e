package starlark

import (
	"fmt"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/engine/starlark/internal/bounded"
)

// isolation says what keeps scripts from the host.
func isolation(l bounded.Limits) engine.Isolation {
	why := ""
	if l.Memory < 0 {
		why = "starlark.Config.Memory sets no limit"
	}
	return engine.Isolation{Level: "full", Measures: []engine.Measure{
		{Name: "files", InForce: true, How: "the language has none"},
		{Name: "environment", InForce: true, How: "the language has none"},
		{Name: "network", InForce: true, How: "the language has none"},
		{Name: "programs", InForce: true, How: "the language has none"},
		{Name: "steps", InForce: true, How: fmt.Sprintf("at most %d for a call", l.Steps)},
		{Name: "memory", InForce: l.Memory >= 0, How: "checked before each operation, and the growth of the heap", Why: why},
	}}
}
