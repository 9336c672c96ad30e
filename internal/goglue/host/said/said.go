// Package said has what errors of the host say of themselves.
package said

import (
	"fmt"

	"github.com/loadgo/load/internal/wire"
)

// Text is the text of an error, whose method may not be made for a nil pointer.
func Text(err error) (text string) {
	defer func() {
		if recover() != nil {
			text = fmt.Sprint(err)
		}
	}()
	return err.Error()
}

// Accepts reports what an error's own Is method says of a sentinel.
func Accepts(err, sentinel error) bool {
	is, ok := err.(interface{ Is(error) bool })
	return ok && is.Is(sentinel)
}

// Unwrapped returns the errors that an error wraps, and in which form.
func Unwrapped(err error) (inner []error, form byte) {
	switch err := err.(type) {
	case interface{ Unwrap() error }:
		if inner := err.Unwrap(); inner != nil {
			return []error{inner}, wire.WrapsOne
		}
	case interface{ Unwrap() []error }:
		return err.Unwrap(), wire.WrapsSeveral
	}
	return nil, wire.WrapsNone
}

// PutAbilities appends what the interfaces of package net ask of errors, and the answers.
func PutAbilities(e *wire.Encoder, err error) {
	abilities := byte(0)
	set := func(has, answer byte, yes bool) {
		abilities |= has
		if yes {
			abilities |= answer
		}
	}
	if t, ok := err.(interface{ Timeout() bool }); ok {
		set(wire.HasTimeout, wire.IsTimeout, t.Timeout())
	}
	if t, ok := err.(interface{ Temporary() bool }); ok {
		set(wire.HasTemporary, wire.IsTemporary, t.Temporary())
	}
	e.Byte(abilities)
}
