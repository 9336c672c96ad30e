package load

import (
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/install"
	"github.com/loadgo/load/internal/system"
)

// Errors of the contracts: why a load or a call failed.
type (
	AliasError       = find.AliasError
	AmbiguousError   = find.AmbiguousError
	ChecksumError    = install.ChecksumError
	CompileError     = engine.CompileError
	ConfigError      = engine.ConfigError
	CrashError       = engine.CrashError
	CycleError       = engine.CycleError
	EngineError      = engine.EngineError
	EvalError        = engine.EvalError
	ExpressionError  = engine.ExpressionError
	InUseError       = engine.InUseError
	InitError        = engine.InitError
	InternalError    = engine.InternalError
	IsolationError   = engine.IsolationError
	LimitError       = engine.LimitError
	ModuleError      = engine.ModuleError
	NameError        = find.NameError
	NotFoundError    = find.NotFoundError
	NotPreparedError = engine.NotPreparedError
	PanicError       = engine.PanicError
	PolicyError      = install.PolicyError
	RegistryError    = install.RegistryError
	SymbolError      = engine.SymbolError
	SystemError      = engine.SystemError
	ToolchainError   = engine.ToolchainError
	VersionError     = find.VersionError
)

// Errors to test for with [errors.Is].
var (
	ErrClosed      = engine.ErrClosed
	ErrCrashed     = engine.ErrCrashed
	ErrNotFound    = find.ErrNotFound
	ErrNotLoaded   = engine.ErrNotLoaded
	ErrOffline     = install.ErrOffline
	ErrUnavailable = install.ErrUnavailable
	ErrUnloaded    = engine.ErrUnloaded
)

// LoadError wraps whatever ended a load with the module's name and the chain of imports that led to
// it. It names the module once: the errors inside do not.
type LoadError struct {
	Chain []string // the import chain, outermost first; the last is the module that failed
	Err   error
}

func (e *LoadError) Error() string {
	chain := make([]string, len(e.Chain))
	for i, name := range e.Chain {
		chain[i] = name
		if name == "" || strings.ContainsFunc(name, func(r rune) bool { return r == ' ' || !strconv.IsPrint(r) }) {
			chain[i] = strconv.Quote(name)
		}
	}
	return "load " + strings.Join(chain, " → ") + ": " + e.Err.Error()
}

func (e *LoadError) Unwrap() error { return e.Err }

// loadError puts a name in front of the chain of what ended its load. A chain that leads into an
// import cycle ends where the cycle begins: the CycleError shows the rest.
func loadError(name string, err error) error {
	if err == nil {
		return nil
	}
	name = find.Redacted(name)
	var inner *LoadError
	if !errors.As(err, &inner) {
		return &LoadError{Chain: []string{name}, Err: system.Explain(err)}
	}
	chain := []string{name}
	var cycle *CycleError
	if !errors.As(inner.Err, &cycle) || !slices.Contains(cycle.Chain, name) {
		chain = append(chain, inner.Chain...)
	}
	return &LoadError{Chain: chain, Err: inner.Err}
}

// ReloadError reports a reload that failed. The modules that ran before it go on as if nothing had
// happened.
type ReloadError struct {
	Name string // as the caller named it
	Err  error  // why; a [*LoadError] where the module, or one that imports it, could not be loaded
}

func (e *ReloadError) Error() string {
	text := e.Err.Error()
	if inner, ok := e.Err.(*LoadError); ok {
		text = strings.TrimPrefix(text, "load ")
		if inner.Chain[0] == e.Name {
			return "reload " + text + "\n\tthe module that runs stays"
		}
	}
	return "reload " + e.Name + ": " + text + "\n\tthe module that runs stays"
}

func (e *ReloadError) Unwrap() error { return e.Err }

// recovered turns a panic into an error; it is deferred around calls of finders, installers and
// engines.
func recovered(err *error) {
	if v := recover(); v != nil {
		*err = &InternalError{Value: fmt.Sprint(v), Stack: string(debug.Stack())}
	}
}
