package wasm

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/tetratelabs/wazero/sys"

	"github.com/loadgo/load/engine"
)

// TrapError is a call that ended by a trap: an instruction that cannot be done, or a panic of the
// module's language. The module goes on with a fresh instance: what the old one kept in its memory
// is lost.
type TrapError struct {
	Module string
	Symbol string   // what was called
	Reason string   // "unreachable", "out of bounds memory access", …
	Trace  []string // the calls that led to it, innermost first
	// Message is the error that a plugin had set, as many languages do before they trap, or "".
	Message string
	Stderr  string // the end of what the module wrote to its standard error
	Err     error  // what a function of the host refused or returned, or nil
}

func (e *TrapError) Error() string {
	s := fmt.Sprintf("%s: %s trapped: %s", e.Module, e.Symbol, e.Reason)
	if e.Message != "" {
		s += "\n\t" + strings.ReplaceAll(strings.TrimSpace(e.Message), "\n", "\n\t")
	}
	if e.Stderr != "" {
		s += "\n\t" + strings.ReplaceAll(strings.TrimSpace(e.Stderr), "\n", "\n\t")
	}
	return s
}

func (e *TrapError) Unwrap() error { return e.Err }

// ExitError is a call in which the module exited, with a status that is not 0 where it is a
// command. A module that is none goes on with a fresh instance.
type ExitError struct {
	Module string
	Code   uint32
	Stderr string // the end of what the module wrote to its standard error
}

func (e *ExitError) Error() string {
	s := fmt.Sprintf("%s: exit status %d", e.Module, e.Code)
	if e.Stderr != "" {
		s += "\n\t" + strings.ReplaceAll(strings.TrimSpace(e.Stderr), "\n", "\n\t")
	}
	return s
}

// PluginError is a function of a plugin that returned a status other than 0, or set an error. The
// instance goes on.
type PluginError struct {
	Module  string
	Symbol  string
	Code    uint32
	Message string // the error that it set, or ""
}

func (e *PluginError) Error() string {
	if e.Message == "" {
		return fmt.Sprintf("%s: %s returned %d and no message", e.Module, e.Symbol, e.Code)
	}
	return e.Message
}

// ResultError is what a function returned whose type, in a .wit text, is a result: its error. The
// instance goes on.
type ResultError struct {
	Module string
	Symbol string
	Value  any // a string, a number, a map for a record; nil where the type has no error
}

func (e *ResultError) Error() string {
	switch v := e.Value.(type) {
	case nil:
		return e.Module + ": " + e.Symbol + " failed and says nothing"
	case string:
		return v
	}
	text, err := json.Marshal(e.Value)
	if err != nil {
		return fmt.Sprintf("%s: %s: %v", e.Module, e.Symbol, e.Value)
	}
	return e.Module + ": " + e.Symbol + ": " + string(text)
}

// ended is what a call ended with as its usage counts it: an error that a function returned is a
// result like any other.
func ended(err error) error {
	_, returned := errors.AsType[*PluginError](err)
	_, failed := errors.AsType[*ResultError](err)
	if returned || failed {
		return nil
	}
	return err
}

// maxTrace is how many calls an error shows.
const maxTrace = 30

// trapReason takes the text of wazero's error apart.
func trapReason(err error) (reason string, trace []string) {
	reason, rest, _ := strings.Cut(err.Error(), "\n")
	reason = strings.TrimSuffix(strings.TrimPrefix(reason, "wasm error: "), " (recovered by wazero)")
	for line := range strings.Lines(rest) {
		line = strings.TrimSpace(line)
		if line != "" && line != "wasm stack trace:" && len(trace) < maxTrace {
			trace = append(trace, line)
		}
	}
	return reason, trace
}

// refusal is what a function of the host refused a plugin. It ends the call.
type refusal struct {
	reason string
	err    error // the cause, or nil
}

func (r *refusal) Error() string { return r.reason }
func (r *refusal) Unwrap() error { return r.err }

// callError makes the error of a call that its instance did not survive.
func (m *module) callError(ctx context.Context, symbol string, err error) error {
	var exit *sys.ExitError
	if ctx.Err() != nil && (errors.As(err, &exit) || errors.Is(err, errAwake) || errors.Is(err, ctx.Err())) {
		return context.Cause(ctx)
	}
	if errors.As(err, &exit) {
		return &ExitError{Module: m.name, Code: exit.ExitCode(), Stderr: m.stderr.Tail()}
	}
	reason, trace := trapReason(err)
	trap := &TrapError{Module: m.name, Symbol: symbol, Reason: reason, Trace: trace, Message: m.message(), Stderr: m.stderr.Tail()}
	var refused *refusal
	if errors.As(err, &refused) {
		trap.Reason, trap.Err = refused.reason, refused.err
	}
	return trap
}

// misfit is the error of a symbol that is not what is wanted.
func (m *module) misfit(s engine.Symbol, want, reason string) error {
	return &engine.SymbolError{Module: m.name, Symbol: s.Name, Want: want, Have: s.Signature, Reason: reason}
}
