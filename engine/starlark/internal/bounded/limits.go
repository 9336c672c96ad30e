package bounded

import (
	"fmt"

	"github.com/loadgo/load/engine"
)

// Limits is what a run may use.
type Limits struct {
	Steps  uint64
	Memory int64 // in bytes; negative: no limit
}

// maxBits bounds a number: what takes longer to multiply cannot be interrupted.
const maxBits = 1 << 20

var errBits = &engine.LimitError{Reason: fmt.Sprintf("its result is a number of more than %d bits", maxBits)}
