package engine

import (
	"cmp"
	"errors"
	"fmt"
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
