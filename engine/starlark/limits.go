package starlark

import (
	"fmt"

	"github.com/loadgo/load/engine"
)

// limits is what a run may use.
type limits struct {
	steps  uint64
	memory int64 // in bytes; negative: no limit
}

// maxBits bounds a number: what takes longer to multiply cannot be interrupted.
const maxBits = 1 << 20

var errBits = &engine.LimitError{Reason: fmt.Sprintf("its result is a number of more than %d bits", maxBits)}

func (l limits) isolation() engine.Isolation {
	why := ""
	if l.memory < 0 {
		why = "starlark.Config.Memory sets no limit"
	}
	return engine.Isolation{Level: "full", Measures: []engine.Measure{
		{Name: "files", InForce: true, How: "the language has none"},
		{Name: "environment", InForce: true, How: "the language has none"},
		{Name: "network", InForce: true, How: "the language has none"},
		{Name: "programs", InForce: true, How: "the language has none"},
		{Name: "steps", InForce: true, How: fmt.Sprintf("at most %d for a call", l.steps)},
		{Name: "memory", InForce: l.memory >= 0, How: "checked before each operation, and the growth of the heap", Why: why},
	}}
}
