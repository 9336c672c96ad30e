package engine

import (
	"fmt"
	"time"

	"github.com/loadgo/load/internal/quantity"
)

// Limits bound what one module may use; zero fields set no limit. An engine ignores limits
// that it cannot enforce. Where a policy limits the same, the lower limit counts.
type Limits struct {
	// Memory is how much memory the module may use, in bytes; going beyond ends it. It takes the
	// place of the engine's own limit.
	Memory int64
	// CallTime is how long one call may take. The call then ends with a [*LimitError], as it does
	// when its context ends. The time in which the host's handlers work for a request that the
	// module answers does not count.
	CallTime time.Duration
}

// TimeLimit is the error of a call of a module's symbol that took longer than [Limits].CallTime.
// Engines use it.
func TimeLimit(module, symbol string, callTime time.Duration) error {
	return &LimitError{Reason: module + ": " + symbol + " took more than " + quantity.Duration(callTime), Fix: "allow more by what Config.Limits returns, or by a policy that grants time"}
}

// TooLittleMemory is the error of a limit of memory below what a module of an engine needs to
// start, or nil if there is enough, or no limit (0). Engines use it.
func TooLittleMemory(engine string, limit, least int64) error {
	if limit == 0 || limit >= least {
		return nil
	}
	return &LimitError{
		Reason: fmt.Sprintf("a memory limit of %s is less than a module of the engine %s needs to start, which is %s", quantity.About(limit), engine, quantity.About(least)),
		Fix:    "set it to " + quantity.Size(least) + " or more, or to 0 for none",
	}
}
