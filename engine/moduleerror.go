package engine

import (
	"context"
	"errors"
	"runtime"
	"slices"
)

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
	// Known are the errors of the standard library that the error's own Is method accepts, and what
	// [errors.As] finds in it: a struct of the standard library such as *fs.PathError if the error is
	// one, and a net.Error if it has the methods.
	Known []error
	// Object is the error value itself, with its fields and methods where its type is part of the
	// module's API. It is nil for a sentinel of another type, which crosses by its name.
	Object *Object
	// Refusal is what the isolation refused, where this error, or one that it wraps, reports that;
	// else nil. The module's text does not say it.
	Refusal *Refusal
}

func (e *ModuleError) Error() string { return e.Message }

// Unwrap returns the error that this one wraps, or nil where it wraps none or several: see
// [ModuleError.Whole].
func (e *ModuleError) Unwrap() error {
	if len(e.Wrapped) == 1 {
		return e.Wrapped[0]
	}
	return nil
}

// Is reports whether the target is this very error of the same module, or among several that it
// wraps.
func (e *ModuleError) Is(target error) bool {
	if t, ok := OfModule(target); ok && t.Module == e.Module && e.is(t) {
		return true
	}
	for _, known := range e.Known {
		if errors.Is(known, target) {
			return true
		}
	}
	if len(e.Wrapped) > 1 && slices.ContainsFunc(e.Wrapped, func(inner error) bool { return errors.Is(inner, target) }) {
		return true
	}
	return e.accepts(target)
}

// accepts asks the error's own Is method, which knows errors that no field names.
func (e *ModuleError) accepts(target error) bool {
	if e.Object == nil {
		return false
	}
	judge, ok := e.Object.Ref().(Judge)
	if !ok {
		return false
	}
	defer runtime.KeepAlive(e.Object)
	accepts, err := judge.Accepts(context.Background(), target)
	return accepts && err == nil
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

// As finds the target in what is known of this error, and among several errors that it wraps.
func (e *ModuleError) As(target any) bool {
	return e.knownAs(target) || len(e.Wrapped) > 1 && slices.ContainsFunc(e.Wrapped, func(inner error) bool { return errors.As(inner, target) })
}

func (e *ModuleError) knownAs(target any) bool {
	return slices.ContainsFunc(e.Known, func(known error) bool { return errors.As(known, target) })
}

// Whole returns the error as a program has it: itself or, if it wraps several errors, as that of
// errors.Join does, one that has them behind Unwrap() []error, and in which [errors.As] and
// [OfModule] find this one.
func (e *ModuleError) Whole() error {
	if len(e.Wrapped) > 1 || e.Type == "*errors.joinError" || e.Type == "*fmt.wrapErrors" {
		return (*joined)(e)
	}
	return e
}

// joined is a ModuleError that wraps several errors.
type joined ModuleError

func (j *joined) Error() string        { return j.Message }
func (j *joined) Unwrap() []error      { return j.Wrapped }
func (j *joined) Is(target error) bool { return (*ModuleError)(j).Is(target) }

func (j *joined) As(target any) bool {
	t, ok := target.(**ModuleError)
	if ok {
		*t = (*ModuleError)(j)
	}
	return ok || (*ModuleError)(j).knownAs(target)
}

// OfModule returns an error as that of a module, if it is one itself: [errors.As] finds those that
// an error wraps, too.
func OfModule(err error) (*ModuleError, bool) {
	switch e := err.(type) {
	case *ModuleError:
		return e, true
	case *joined:
		return (*ModuleError)(e), true
	}
	return nil, false
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
