package engine

import (
	"errors"
	"strings"
)

// Errors of a module's life, to test for with [errors.Is].
var (
	// ErrNotLoaded is returned where only a module that runs makes sense.
	ErrNotLoaded = errors.New("module is not loaded")

	// ErrClosed is returned by a Loader after Close.
	ErrClosed = errors.New("loader is closed")
)

// CycleError reports modules that import each other. Chain starts and ends with the same module.
type CycleError struct {
	Chain []string
}

func (e *CycleError) Error() string { return "import cycle: " + strings.Join(e.Chain, " → ") }

// InUseError refuses to unload a module that other modules imported.
type InUseError struct {
	By []string // the modules that imported it, sorted
}

func (e *InUseError) Error() string {
	return "it is imported by " + strings.Join(e.By, ", ") + "\n\tunload what imports it first, or pass load.Force()"
}

// InternalError is a panic in a finder, an installer or an engine: a bug there, not in a module.
type InternalError struct {
	Value string // the panic's value, printed
	Stack string
}

func (e *InternalError) Error() string {
	s := "internal error: " + e.Value
	if e.Stack != "" {
		s += "\n\t" + strings.ReplaceAll(strings.TrimSpace(e.Stack), "\n", "\n\t")
	}
	return s
}
