package values

import (
	"errors"
	"fmt"
)

// Dynamic tells a value's type.
func Dynamic(v any) string { return fmt.Sprintf("%T %v", v, v) }

// NameList is a list with a method.
type NameList []string

func (n NameList) First() string { return n[0] }

// Functions whose types have methods.

type Rule func(n int) int

func (r Rule) Twice(n int) int { return r(r(n)) }

func ApplyTwice(r Rule, n int) int { return r.Twice(n) }

type sealed interface{ seal() }

type SealedOption func(sealed) error

func (o SealedOption) String() string { return "option" }

// Sealing is a function that can be an argument, and not be called.
var Sealing SealedOption = func(sealed) error { return nil }

func WithSeal() SealedOption             { return func(sealed) error { return nil } }
func OptionText(o SealedOption) string   { return o.String() }
func CountOptions(o ...SealedOption) int { return len(o) }

// Errors whose types nobody else can name.

type lengthError struct{ length int }

func (e lengthError) Error() string { return "wrong length" }

func CheckLength(s string) error {
	if len(s) != 3 {
		return lengthError{len(s)}
	}
	return nil
}

func CodeOf(err error) (int, bool) {
	var e *CodeError
	if !errors.As(err, &e) {
		return 0, false
	}
	return e.Code, true
}

func IsLengthError(err error) (int, bool) {
	var e lengthError
	ok := errors.As(err, &e)
	return e.length, ok
}

// Policy answers with a type that nobody can name.
type Policy func(n int) *secret

type secret struct{ n int }

func NewPolicy() Policy            { return func(n int) *secret { return &secret{n} } }
func PolicyOf(p Policy, n int) int { return p(n).n }
