package load

import (
	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/event"
	"github.com/loadgo/load/find"
	"github.com/loadgo/load/install"
)

// The everyday words of the contracts.
type (
	AliasError       = find.AliasError
	AmbiguousError   = find.AmbiguousError
	ChecksumError    = install.ChecksumError
	CompileError     = engine.CompileError
	ConfigError      = engine.ConfigError
	CrashError       = engine.CrashError
	CycleError       = engine.CycleError
	InUseError       = engine.InUseError
	InternalError    = engine.InternalError
	EngineError      = engine.EngineError
	EvalError        = engine.EvalError
	Event            = event.Event
	ExpressionError  = engine.ExpressionError
	InitError        = engine.InitError
	IsolationError   = engine.IsolationError
	LimitError       = engine.LimitError
	Limits           = engine.Limits
	ModuleError      = engine.ModuleError
	NameError        = find.NameError
	NotPreparedError = engine.NotPreparedError
	NotFoundError    = find.NotFoundError
	Object           = engine.Object
	PanicError       = engine.PanicError
	PolicyError      = install.PolicyError
	RegistryError    = install.RegistryError
	Sink             = event.Sink
	Spec             = find.Spec
	Spread           = engine.Spread
	Symbol           = engine.Symbol
	SymbolError      = engine.SymbolError
	SystemError      = engine.SystemError
	ToolchainError   = engine.ToolchainError
	VersionError     = find.VersionError
)

// Errors of the contracts to test for with [errors.Is].
var (
	ErrClosed      = engine.ErrClosed
	ErrNotLoaded   = engine.ErrNotLoaded
	ErrCrashed     = engine.ErrCrashed
	ErrNotFound    = find.ErrNotFound
	ErrOffline     = install.ErrOffline
	ErrUnavailable = install.ErrUnavailable
	ErrUnloaded    = engine.ErrUnloaded
)
