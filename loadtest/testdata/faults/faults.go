// Package faults has functions for every way in which errors and panics cross. It uses neither fmt
// nor net/http, so that sentinels of those packages are unknown to it.
package faults

import (
	"errors"
	"runtime"
	"strconv"
)

// Wrapped wraps an error of the host.
type Wrapped struct {
	Op  string
	Err error
}

func (w *Wrapped) Error() string { return w.Op + ": " + w.Err.Error() }
func (w *Wrapped) Unwrap() error { return w.Err }

func Wrap(err error) error           { return &Wrapped{"wrap", err} }
func Join(a, b error) error          { return errors.Join(a, b) }
func Unwrap(err error) error         { return errors.Unwrap(err) }
func Same(err error) error           { return err }
func Is(err, target error) bool      { return errors.Is(err, target) }
func Equal(a, b error) bool          { return a == b }
func Text(err error) string          { return err.Error() }
func Result(f func() error) error    { return Wrap(f()) }
func Pass(f func() error) error      { return f() }
func Each(errs ...error) (all error) { return errors.Join(errs...) }

// Code is an error with a code.
type Code struct{ Code int }

func (c *Code) Error() string { return "code " + strconv.Itoa(c.Code) }

// NewCode and ErrBase are errors that the host wraps.
func NewCode(n int) error { return &Code{n} }

var ErrBase = errors.New("base")

// CodeIn finds a code in what the host wrapped.
func CodeIn(err error) int {
	var code *Code
	if errors.As(err, &code) {
		return code.Code
	}
	return -1
}

// HasBase reports whether the sentinel of the package is in what the host wrapped.
func HasBase(err error) bool { return errors.Is(err, ErrBase) }

// TimeoutIn reports what an error says of itself, by the interface that net.Error has.
func TimeoutIn(err error) (timeout, found bool) {
	var t interface{ Timeout() bool }
	if errors.As(err, &t) {
		return t.Timeout(), true
	}
	return false, false
}

// TemporaryIn is TimeoutIn for another method.
func TemporaryIn(err error) (temporary, found bool) {
	var t interface{ Temporary() bool }
	if errors.As(err, &t) {
		return t.Temporary(), true
	}
	return false, false
}

type fault struct{}

func (f *fault) Error() string { return "fault" }

func TypedNil() error { var f *fault; return f }
func TypedNilCode() (int, error) {
	var c *careful
	return 1, c
}

type careful struct{ text string }

func (c *careful) Error() string {
	if c == nil {
		return "careful"
	}
	return c.text
}

type reckless struct{ text string }

func (r *reckless) Error() string { return r.text }

func TypedNilReckless() error { var r *reckless; return r }

// Sentinels of concrete types.

type kind string

func (k kind) Error() string { return "kind " + string(k) }

var ErrKind = kind("odd")

const ErrConst kind = "const"

var ErrFault = &fault{}

// Coded is an interface that extends error.
type Coded interface {
	error
	Number() int
}

func (c *Code) Number() int { return c.Code }

func Fails(n int) Coded {
	if n == 0 {
		return nil
	}
	return &Code{n}
}

func Two(n int) (int, Coded) { return n, Fails(n) }

var Last Coded = &Code{9}

// Panics.

func PanicWith(v any)  { panic(v) }
func PanicErr(e error) { panic(e) }
func PanicBase()       { panic(ErrBase) }
func PanicCode(n int)  { panic(&Code{n}) }
func PanicInt(n int)   { panic(n) }
func PanicIndex() int  { var s []int; return s[3] }
func Run(f func())     { f() }

// Recovered returns what the host's function panicked with.
func Recovered(f func()) (v any) {
	defer func() { v = recover() }()
	f()
	return nil
}

// RecoveredErr is Recovered for errors.
func RecoveredErr(f func()) (err error) {
	defer func() { err, _ = recover().(error) }()
	f()
	return nil
}

// RecoveredText is Recovered for texts.
func RecoveredText(f func()) (s string) {
	defer func() { s, _ = recover().(string) }()
	f()
	return ""
}

var deferred int

// Deferred counts the deferred functions that ran.
func Deferred() int { return deferred }

// Guarded runs a function of the host with a deferred function.
func Guarded(f func()) {
	defer func() { deferred++ }()
	f()
}

// Spawned runs a function of the host in a goroutine of the module, and waits for its end.
func Spawned(f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	<-done
}

// Exit ends the goroutine that calls it.
func Exit() {
	defer func() { deferred++ }()
	runtime.Goexit()
}
