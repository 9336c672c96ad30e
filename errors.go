package load

import (
	"cmp"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
)

// Errors to test for with [errors.Is].
var (
	// ErrNotFound is a finder's "not here, ask the next". Wrap it as fmt.Errorf("%w: why", ErrNotFound).
	ErrNotFound = errors.New("not found")
	// ErrNotLoaded is returned where only a module that runs makes sense.
	ErrNotLoaded = errors.New("module is not loaded")
	// ErrUnloaded is returned by everything of a module that was unloaded.
	ErrUnloaded = errors.New("module is unloaded")
	// ErrCrashed is returned by everything of an instance that ended by itself: a fatal error, an exit,
	// a kill. The next Load makes a fresh instance.
	ErrCrashed = errors.New("module crashed")
	// ErrUnavailable is a registry that could not be asked: it is down, out of reach, or not to be asked. A registry
	// that refuses or whose answer is wrong is available.
	ErrUnavailable = errors.New("the registry is not available")
	// ErrOffline is what would need the network while [Config].Offline is set. It is an [ErrUnavailable].
	ErrOffline error = &RegistryError{
		Reason: "it is not installed, and the network is not to be used (Config.Offline)", Fix: "run `load get` with its name where there is a network",
		Unavailable: true,
	}
	// ErrClosed is returned by a Loader after Close.
	ErrClosed = errors.New("loader is closed")
)

// NameError reports a name that cannot be a module's.
type NameError struct {
	Name   string // not part of the text: the [LoadError] around it, or the caller of [ParseName], names it
	Reason string
}

func (e *NameError) Error() string {
	return "invalid module name: " + e.Reason
}

// LoadError wraps whatever ended a load with the module's name and the chain of imports that led to it.
// It names the module once: the errors inside do not.
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

// loadError puts a name in front of the chain of what ended its load. A chain that leads into an import
// cycle ends where the cycle begins: the CycleError shows the rest.
func loadError(name string, err error) error {
	if err == nil {
		return nil
	}
	name = Redacted(name)
	var inner *LoadError
	if !errors.As(err, &inner) {
		return &LoadError{Chain: []string{name}, Err: ofSystem(err)}
	}
	chain := []string{name}
	var cycle *CycleError
	if !errors.As(inner.Err, &cycle) || !slices.Contains(cycle.Chain, name) {
		chain = append(chain, inner.Chain...)
	}
	return &LoadError{Chain: chain, Err: inner.Err}
}

// NotFoundError reports that no finder knows a name and no installer brings it.
type NotFoundError struct {
	Name     string
	Tried    []Tried  // everyone who was asked, in order
	NearMiss []string // names that are spelled alike and do exist
	Fix      string   // what the caller can do
}

func (e *NotFoundError) Error() string {
	var b strings.Builder
	b.WriteString("not found")
	for _, t := range e.Tried {
		fmt.Fprintf(&b, "\n\t%s: %s", t.Who, t.Answer)
	}
	if len(e.NearMiss) > 0 {
		fmt.Fprintf(&b, "\n\tdid you mean %s?", strings.Join(e.NearMiss, ", "))
	}
	if e.Fix != "" {
		b.WriteString("\n\t" + e.Fix)
	}
	return b.String()
}

// Is makes a NotFoundError an [ErrNotFound].
func (e *NotFoundError) Is(target error) bool { return target == ErrNotFound }

// AmbiguousError reports a name that something in the current directory has, and something further
// on in the path could mean as well. Neither takes the other's place without being asked to.
type AmbiguousError struct {
	Here      string // the folder or file
	Elsewhere string // "the standard library's package strings", "the import path github.com/gosimple/slug"
	Fix       string // how to say which
}

func (e *AmbiguousError) Error() string {
	return "the name is ambiguous: it could be " + e.Here + " or " + e.Elsewhere + "\n\t" + e.Fix
}

// VersionError reports that a module exists and the version asked for does not, or cannot be used here.
type VersionError struct {
	Module string
	Query  string
	Reason string   // "no version matches", "requires go >= 1.30 (running go 1.26.8)", …
	Known  []string // versions that exist, newest first, a few
	Fix    string
}

func (e *VersionError) Error() string {
	s := e.Reason
	if len(e.Known) > 0 {
		s += "\n\tknown versions: " + strings.Join(e.Known, ", ")
	}
	if e.Fix != "" {
		s += "\n\t" + e.Fix
	}
	return s
}

// RegistryError reports a registry that could not be used: down, refusing, or answering nonsense.
type RegistryError struct {
	URL    string // what was asked, without credentials
	Reason string
	Fix    string
	Err    error // the cause below, or nil

	// Unavailable tells that it could not be asked, which makes the error an [ErrUnavailable].
	Unavailable bool
}

// Is makes the error of a registry that could not be asked an [ErrUnavailable].
func (e *RegistryError) Is(target error) bool { return target == ErrUnavailable && e.Unavailable }

func (e *RegistryError) Error() string {
	s := e.Reason
	if e.URL != "" {
		s = e.URL + ": " + s
	}
	if e.Fix != "" {
		s += "\n\t" + e.Fix
	}
	return s
}

func (e *RegistryError) Unwrap() error { return e.Err }

// ChecksumError reports content that is not what its sum says. It is never retried with a looser check.
type ChecksumError struct {
	Subject string // "github.com/a/b@v1.0.0", "github.com/a/b@v1.0.0/go.mod", "artifact …"
	Want    string // the sum that was promised
	Got     string // the sum of what arrived
	Where   string // where Got was found, "downloaded" by default
	By      string // who promised: "the checksum database", "load.lock", "go.sum"
	Fix     string
}

func (e *ChecksumError) Error() string {
	s := fmt.Sprintf("checksum mismatch for %s\n\t%s: %s\n\t%s: %s", e.Subject, cmp.Or(e.Where, "downloaded"), e.Got, e.By, e.Want)
	if e.Fix != "" {
		s += "\n\t" + e.Fix
	}
	return s
}

// PolicyError reports something that the configuration forbids.
type PolicyError struct {
	Rule   string // the setting that forbids it
	Reason string
	Fix    string
}

func (e *PolicyError) Error() string {
	s := e.Reason + " (" + e.Rule + ")"
	if e.Fix != "" {
		s += "\n\t" + e.Fix
	}
	return s
}

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

// ToolchainError reports a missing or unusable compiler.
type ToolchainError struct {
	Reason string
	Fix    string
	Err    error // the cause below, or nil
}

func (e *ToolchainError) Unwrap() error { return e.Err }

func (e *ToolchainError) Error() string {
	if e.Fix == "" {
		return e.Reason
	}
	return e.Reason + "\n\t" + e.Fix
}

// InitError reports a module whose initialisation failed: it panicked, exited, or did not end in time.
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

// IsolationError reports that the isolation that the configuration requires is not to be had here.
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

// SymbolError reports a symbol that a module does not have, or that does not have the wanted type. It is
// found when the symbol is bound, before anything runs.
type SymbolError struct {
	Module   string // "" where the error around it names the module
	Symbol   string
	Want     string   // the type that the host asked for, or ""
	Have     string   // the module's type, or "" where there is no such symbol
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

// CycleError reports modules that import each other. Chain starts and ends with the same module.
type CycleError struct {
	Chain []string
}

func (e *CycleError) Error() string { return "import cycle: " + strings.Join(e.Chain, " → ") }

// ReloadError reports a reload that failed. The modules that ran before it go on as if nothing had happened.
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

// AliasError reports aliases that lead to each other. Chain starts and ends with the same one.
type AliasError struct {
	Chain []string
}

func (e *AliasError) Error() string { return "alias loop: " + strings.Join(e.Chain, " → ") }

// InUseError refuses to unload a module that other modules imported.
type InUseError struct {
	By []string // the modules that imported it, sorted
}

func (e *InUseError) Error() string {
	return "it is imported by " + strings.Join(e.By, ", ") + "\n\tunload what imports it first, or pass load.Force()"
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
}

func (e *PanicError) Error() string {
	return e.Module + ": " + e.Symbol + " panicked: " + e.Value
}

// EvalError ended the evaluation of a script: an operation that cannot be done, a call of fail, an error of
// something that the script called, a cancellation, or a [*LimitError]. The instance goes on.
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

// ModuleError is an error value that a module's function returned. Errors that it wraps are wrapped here, too.
// [errors.Is] finds in it the module's exported sentinel errors, as [Value] returns them, and those of the
// standard library that cross as themselves, such as io.EOF and fs.ErrNotExist.
type ModuleError struct {
	Module   string // the module's canonical name
	Message  string
	Type     string   // the dynamic type in the module: "*fs.PathError"
	Sentinel string   // the exported variable that holds this very error: "ErrNotFound", or ""
	Matches  []string // the sentinels that the error's own Is method accepts
	Wrapped  []error
	// Object is the error value itself, with its fields and methods where its type is part of the module's API. It is
	// nil for a sentinel of another type, which crosses by its name.
	Object *Object
}

func (e *ModuleError) Error() string { return e.Message }

// Unwrap returns the errors that this one wraps.
func (e *ModuleError) Unwrap() []error { return e.Wrapped }

// Is tells whether the target is the same sentinel error of the same module.
func (e *ModuleError) Is(target error) bool {
	t, ok := target.(*ModuleError)
	return ok && t.Sentinel != "" && t.Module == e.Module && (t.Sentinel == e.Sentinel || slices.Contains(e.Matches, t.Sentinel))
}

// AsType finds the first error of the given type in err's tree, as [errors.As] does for types of the host. The
// type is written as [ModuleError.Type] is: "*validator.InvalidValidationError".
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

// recovered turns a panic into an error; it is deferred around calls of finders, installers and engines.
func recovered(err *error) {
	if v := recover(); v != nil {
		*err = &InternalError{Value: fmt.Sprint(v), Stack: string(debug.Stack())}
	}
}

// ConfigError reports a [Config] that cannot work.
type ConfigError struct {
	Setting string // "Config.Engine"
	Reason  string
	Err     error // the cause below, or nil
}

func (e *ConfigError) Error() string { return e.Setting + ": " + e.Reason }

func (e *ConfigError) Unwrap() error { return e.Err }
