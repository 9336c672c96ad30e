// Package said has what errors of the host say of themselves.
package said

import (
	"fmt"
	"reflect"

	"github.com/loadgo/load/internal/goglue/api"
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

// Able is an error with that text and the methods that [wire.PutAbilities] told of, or nil for none.
func Able(message string, has byte) error {
	t, l, p := text(message), late(has&wire.IsTimeout != 0), passing(has&wire.IsTemporary != 0)
	switch has & (wire.HasTimeout | wire.HasTemporary) {
	case wire.HasTimeout:
		return struct {
			text
			late
		}{t, l}
	case wire.HasTemporary:
		return struct {
			text
			passing
		}{t, p}
	case wire.HasTimeout | wire.HasTemporary:
		return struct {
			text
			late
			passing
		}{t, l, p}
	}
	return nil
}

type (
	text    string
	late    bool
	passing bool
)

func (t text) Error() string      { return string(t) }
func (l late) Timeout() bool      { return bool(l) }
func (p passing) Temporary() bool { return bool(p) }

// TakeStandard takes what an error is of the standard library's, or nil. It wraps what is known; one
// that has no text, as a *fs.PathError that wraps nothing, is left out: to ask for it panics.
func TakeStandard(d *wire.Decoder, wrapped []error) error {
	name := d.String()
	t, ok := api.StandardErrors[name]
	if !ok {
		if name != "" {
			d.Fail(wire.ErrTag)
		}
		return nil
	}
	p := reflect.New(t)
	for j := range t.NumField() {
		switch f := p.Elem().Field(j); f.Kind() {
		case reflect.String:
			f.SetString(d.String())
		case reflect.Bool:
			f.SetBool(d.Bool())
		case reflect.Int:
			f.SetInt(d.Int())
		case reflect.Interface:
			if len(wrapped) == 1 {
				f.Set(reflect.ValueOf(wrapped[0]))
			}
		}
	}
	if err := p.Interface().(error); hasText(err) {
		return err
	}
	return nil
}

func hasText(err error) (ok bool) {
	defer func() { ok = recover() == nil }()
	_ = err.Error()
	return true
}

// Add appends the errors that are not nil.
func Add(to []error, errs ...error) []error {
	for _, err := range errs {
		if err != nil {
			to = append(to, err)
		}
	}
	return to
}
