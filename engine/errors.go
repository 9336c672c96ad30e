package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/loadgo/load/find"
)

// ErrUnloaded is returned by everything of a module that was unloaded.
var ErrUnloaded = errors.New("module is unloaded")

// NotCalled is what a function without an error result panics with where err ended its call: of a
// module that was unloaded or replaced, it says which one that was and what would have followed it.
func NotCalled(module, symbol string, err error) error {
	if !errors.Is(err, ErrUnloaded) {
		return err
	}
	return fmt.Errorf("%s of %s: %w\n\ttake it from load.Lazy, load.LazyBind or load.Derive, which follow reloads and unloads, or bind it with an error result", symbol, module, err)
}

// ErrCrashed is returned by everything of an instance that ended by itself: a fatal error, an exit,
// a kill. The next Load makes a fresh instance.
var ErrCrashed = errors.New("module crashed")

// CompileError reports source that does not compile or cannot be loaded as a module.
type CompileError struct {
	Reason string // "it is a program, not a package", "it does not compile", …
	Output string // what the compiler said, without the build's private paths
	Fix    string
}

func (e *CompileError) Error() string {
	s := e.Reason
	if e.Output != "" {
		s += "\n\t" + strings.ReplaceAll(strings.TrimSpace(e.Output), "\n", "\n\t")
	}
	if e.Fix != "" {
		s += "\n\t" + e.Fix
	}
	return s
}

// ExpressionError says what is wrong with a Go expression, at one place of it.
type ExpressionError struct {
	Line, Column int
	Message      string
	Err          error // what a call or an access of the module met, or nil
}

func (e *ExpressionError) Error() string {
	return fmt.Sprintf("eval: %d:%d: %s", e.Line, e.Column, e.Message)
}

func (e *ExpressionError) Unwrap() error { return e.Err }

// ToolchainError reports a missing or unusable compiler.
type ToolchainError struct {
	Reason string
	Fix    string
	Absent bool  // there is none, rather than one that does not work: another one may be brought
	Err    error // the cause below, or nil
}

func (e *ToolchainError) Unwrap() error { return e.Err }

func (e *ToolchainError) Error() string {
	if e.Fix == "" {
		return e.Reason
	}
	return e.Reason + "\n\t" + e.Fix
}

// InitError reports a module whose initialisation failed: it panicked, exited, or did not end in
// time.
type InitError struct {
	Reason string
	Stderr string // the end of what the module wrote to its standard error
	Err    error  // the context's error where that ended the wait, a [*LimitError] where a limit did, or nil
}

func (e *InitError) Error() string {
	if e.Stderr == "" {
		return e.Reason
	}
	return e.Reason + "\n\t" + strings.ReplaceAll(strings.TrimSpace(e.Stderr), "\n", "\n\t")
}

func (e *InitError) Unwrap() error { return e.Err }

// IsolationError reports that the isolation that the configuration requires is unavailable here.
type IsolationError struct {
	Missing []Measure
}

func (e *IsolationError) Error() string {
	var b strings.Builder
	b.WriteString("the required isolation is not available")
	for _, m := range e.Missing {
		fmt.Fprintf(&b, "\n\t%s: %s", m.Name, m.Why)
	}
	b.WriteString("\n\tset RequireIsolation to false to run without it")
	return b.String()
}

// SymbolError reports a symbol that a module does not have, or that does not have the wanted type.
// It is found when the symbol is bound, before anything runs.
type SymbolError struct {
	Module   string // "" where the error around it names the module
	Symbol   string
	Want     string   // the type that the host asked for, or ""
	Have     string   // the module's type, or "" if there is no such symbol
	Reason   string   // what does not fit, or ""
	NearMiss []string // symbols that are spelled alike
}

func (e *SymbolError) Error() string {
	if e.Have == "" {
		s := "no symbol " + e.Symbol
		if e.Module != "" {
			s = e.Module + " has " + s
		}
		if e.Reason != "" {
			s += ": " + e.Reason
		}
		if len(e.NearMiss) > 0 {
			s += "; did you mean " + strings.Join(e.NearMiss, ", ") + "?"
		}
		return s
	}
	s := fmt.Sprintf("%s: %s does not fit", e.Module, e.Symbol)
	if e.Reason != "" {
		s += ": " + e.Reason
	}
	if e.Want != "" {
		s += "\n\twant: " + e.Want
	}
	return s + "\n\thave: " + e.Have
}

// CrashError says how an instance ended. It is an [ErrCrashed].
type CrashError struct {
	Module string
	Reason string // "exit status 2", "killed: it stayed busy for 5s after its call was cancelled", …
	Stderr string // the end of what the module wrote to its standard error
	Err    error  // a [*LimitError] where a limit ended it, or nil
}

func (e *CrashError) Unwrap() error { return e.Err }

func (e *CrashError) Error() string {
	s := cmp.Or(e.Module, "module") + " crashed: " + e.Reason
	var limit *LimitError
	if errors.As(e.Err, &limit) && limit.Fix != "" {
		s += "\n\t" + limit.Fix
	}
	if e.Stderr != "" {
		s += "\n\t" + strings.ReplaceAll(strings.TrimSpace(e.Stderr), "\n", "\n\t")
	}
	return s
}

// Is makes a CrashError an [ErrCrashed].
func (e *CrashError) Is(target error) bool { return target == ErrCrashed }

// PanicError is a panic in a module's code that was recovered there; the instance goes on.
type PanicError struct {
	Module string
	Symbol string // the function or method that was called
	Value  string // the panic's value, printed
	Stack  string // the module's stack
	// Recovered is the value itself: what the host panicked with, an error, a text or an int as
	// such, and anything else of a module as an [*Object]. It is nil where the engine knows only
	// the text.
	Recovered any
}

func (e *PanicError) Error() string {
	return e.Module + ": " + e.Symbol + " panicked: " + e.Value
}

// Unwrap returns the error that was panicked with, if it was one.
func (e *PanicError) Unwrap() error {
	err, _ := e.Recovered.(error)
	return err
}

// EvalError ended the evaluation of a script: an operation that cannot be done, a call of fail, an
// error of something that the script called, a cancellation, or a [*LimitError]. The instance goes
// on.
type EvalError struct {
	Message string
	Trace   []string // the calls that led to it, innermost first: "/rules/tax.star:7:9: in price"
	Err     error    // the cause, or nil
}

func (e *EvalError) Error() string {
	lines := append([]string{e.Message}, e.Trace...)
	var limit *LimitError
	if errors.As(e.Err, &limit) && limit.Fix != "" {
		lines = append(lines, limit.Fix)
	}
	return strings.Join(lines, "\n\t")
}

func (e *EvalError) Unwrap() error { return e.Err }

// LimitError reports a module that wanted more than it may use.
type LimitError struct {
	Reason string // "it took more than 50000000 steps", "its values take more than 256.0 MiB"
	Fix    string
}

func (e *LimitError) Error() string { return e.Reason }

// ModuleError is an error value that a module's function returned. Errors that it wraps are wrapped
// here, too. [errors.Is] finds in it the module's exported sentinel errors, as [load.Value] returns
// them, and those of the standard library that cross as themselves, such as io.EOF and
// fs.ErrNotExist.
type ModuleError struct {
	Module   string // the module's canonical name
	Message  string
	Type     string   // the dynamic type in the module: "*fs.PathError"
	Sentinel string   // the exported variable that holds this very error: "ErrNotFound", or ""
	Matches  []string // the sentinels that the error's own Is method accepts
	Wrapped  []error
	// Known are the errors of the standard library that the error's own Is method accepts.
	Known []error
	// Object is the error value itself, with its fields and methods where its type is part of the
	// module's API. It is nil for a sentinel of another type, which crosses by its name.
	Object *Object
	// Refusal is what the isolation refused, where this error, or one that it wraps, reports that;
	// else nil. The module's text does not say it.
	Refusal *Refusal
}

func (e *ModuleError) Error() string { return e.Message }

// Unwrap returns the error that this one wraps, or nil where it wraps none or several, as that of
// errors.Join.
func (e *ModuleError) Unwrap() error {
	if len(e.Wrapped) == 1 {
		return e.Wrapped[0]
	}
	return nil
}

// Is reports whether the target is this very error of the same module, or among several that it
// wraps.
func (e *ModuleError) Is(target error) bool {
	if t, ok := target.(*ModuleError); ok && t.Module == e.Module && e.is(t) {
		return true
	}
	for _, known := range e.Known {
		if errors.Is(known, target) {
			return true
		}
	}
	return len(e.Wrapped) > 1 && slices.ContainsFunc(e.Wrapped, func(inner error) bool { return errors.Is(inner, target) })
}

// is asks the module where only it can compare: one error has a new object each time it crosses.
func (e *ModuleError) is(t *ModuleError) bool {
	if t.Sentinel != "" {
		return t.Sentinel == e.Sentinel || slices.Contains(e.Matches, t.Sentinel)
	}
	if e.Type != t.Type || e.Message != t.Message || e.Object == nil || t.Object == nil {
		return false
	}
	same, err := e.Object.Equal(context.Background(), t.Object)
	return same && err == nil
}

// As finds the target among several errors that this one wraps.
func (e *ModuleError) As(target any) bool {
	return len(e.Wrapped) > 1 && slices.ContainsFunc(e.Wrapped, func(inner error) bool { return errors.As(inner, target) })
}

// AsType finds the first error of the given type in err's tree, as [errors.As] does for types of
// the host. The type is written as [ModuleError.Type] is: "*validator.InvalidValidationError".
func AsType(err error, typeName string) (*ModuleError, bool) {
	var found *ModuleError
	if !errors.As(err, &found) {
		return nil, false
	}
	if found.Type == typeName {
		return found, true
	}
	for _, inner := range found.Wrapped {
		if e, ok := AsType(inner, typeName); ok {
			return e, true
		}
	}
	return nil, false
}

// SystemError reports a machine that lacks what every load needs, whatever the module is.
type SystemError struct {
	Reason string
	Fix    string
	Err    error // what failed
}

func (e *SystemError) Error() string { return e.Reason + "\n\t" + e.Fix }

func (e *SystemError) Unwrap() error { return e.Err }

// ErrNotRegistered reports that the program registered no module of a name; see [Registry].
var ErrNotRegistered = errors.New("the program registered no module of that name")

// EngineError reports a source that no engine takes.
type EngineError struct {
	Kind  find.Kind
	Tried []find.Tried // every engine's answer, in order
	Fix   string
}

func (e *EngineError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "no engine for source of kind %q", string(e.Kind))
	for _, t := range e.Tried {
		fmt.Fprintf(&b, "\n\t%s: %s", t.Who, t.Answer)
	}
	if e.Fix != "" {
		b.WriteString("\n\t" + e.Fix)
	}
	return b.String()
}

// NotPreparedError reports a module that was not compiled for this host: a bundle holds it for
// others, or there is no toolchain to compile it.
type NotPreparedError struct {
	Module string
	For    string // the system and the engine, as in "linux/arm64 and the engine goprocess"
	Fix    string
	Err    error // why it is not compiled now; nil for what a bundle holds
}

func (e *NotPreparedError) Error() string {
	if e.Err == nil {
		return fmt.Sprintf("%s is in the bundle and not prepared for %s\n\t%s", e.Module, e.For, e.Fix)
	}
	reason, fix, _ := strings.Cut(e.Err.Error(), "\n\t")
	if fix != "" {
		fix = ", or " + fix
	}
	return fmt.Sprintf("it is not prepared for %s: %s\n\t%s%s", e.For, reason, e.Fix, fix)
}

func (e *NotPreparedError) Unwrap() error { return e.Err }

// ConfigError reports a setting that cannot work.
type ConfigError struct {
	Setting string // "Config.Engine", or where it is given
	Reason  string
	Err     error // the cause below, or nil
}

func (e *ConfigError) Error() string { return e.Setting + ": " + e.Reason }

func (e *ConfigError) Unwrap() error { return e.Err }
