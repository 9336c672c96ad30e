package values

import "errors"

// ErrorChain is several errors, which its methods find one after the other.
type ErrorChain []error

func (c ErrorChain) Error() string        { return c[0].Error() }
func (c ErrorChain) Is(target error) bool { return errors.Is(c[0], target) }
func (c ErrorChain) As(target any) bool   { return errors.As(c[0], target) }
func (c ErrorChain) Unwrap() error {
	if len(c) == 1 {
		return nil
	}
	return c[1:]
}

// Strict has an As method that is made for one target only.
type Strict struct{}

func (Strict) Error() string      { return "strict" }
func (Strict) As(target any) bool { *target.(*string) = "strict"; return true }

func ChainOf(all ...error) error { return ErrorChain(all) }
func IsStrict() error            { return Strict{} }

// Shade is a number with a method, and Shaded has one beside a value of any type.
type Shade int

func (s Shade) String() string { return "shade" }

type Shaded struct {
	Shade Shade
	Value any
}

func Shades() []Shaded                       { return []Shaded{{1, "a"}, {2, nil}} }
func ShadedOne() Shaded                      { return Shaded{3, 4.5} }
func ShadedBy(name string) map[string]Shaded { return map[string]Shaded{name: {4, true}} }
