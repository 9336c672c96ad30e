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

type (
	deltas [3]rune
	labels []string
	scores map[string]int
	corner struct{ X, Y int }
	level  int
	levels []level
)

// Range has fields of unexported types.
type Range struct {
	Lo, Hi uint32
	Delta  deltas
	Labels labels
	Scores scores
	Corner corner
}

// Turn returns the ranges after a change of each part.
func Turn(ranges []Range) []Range {
	for i := range ranges {
		r := &ranges[i]
		r.Lo, r.Hi = r.Hi, r.Lo
		r.Delta[0], r.Delta[2] = r.Delta[2], r.Delta[0]
		r.Labels[0] += "!"
		r.Scores["turned"]++
		r.Corner.X, r.Corner.Y = r.Corner.Y, r.Corner.X
	}
	return ranges
}

// Graded has fields of unexported types whose values only this package makes.
type Graded struct {
	Name  string
	Level level
	All   levels
}

// NameOf returns the name.
func NameOf(g Graded) string { return g.Name }

// Grade makes a graded value.
func Grade() Graded { return Graded{"top", 3, levels{1, 2}} }
