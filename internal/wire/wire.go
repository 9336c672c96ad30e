// Package wire is the format in which values and calls cross between a host and a module. The same
// source is compiled into the host and into every module, so it imports nothing but the smallest
// parts of the standard library.
//
// Numbers are varints (zigzag for signed ones), floats are eight bytes, everything with a length is
// the length and then its contents. There are no names and no types on the wire: both sides know
// the type of every value from the API that was described when the module was compiled, except for
// values of type any, which carry their type with them (see [Tag]).
package wire

import (
	"errors"
)

// Format is the version of everything in this package. A host refuses a module of another format.
const Format = 21

// MaxDepth is how many [Encoder.Enter] may lie within each other; values that are deeper, and
// cyclic ones, are errors. A pointer, a list, a map, a struct or an any takes three at most, so
// values of a thousand of each within each other cross.
const MaxDepth = 10_000

// Errors of decoding. They say what is wrong with the message, never what to do: only a damaged or
// hostile peer causes them.
var (
	ErrShort    = errors.New("message ends in the middle of a value")
	ErrOverflow = errors.New("number does not fit its type")
	ErrLength   = errors.New("length exceeds the message")
	ErrTag      = errors.New("a value has a form that its type does not have")
	ErrTrailing = errors.New("message goes on after its last value")
	// ErrMemory is also met by honest values: those that take more memory than the decoder may use.
	ErrMemory = errors.New("value takes too much memory")
	// ErrDepth is also met by honest values: cyclic ones.
	ErrDepth = errors.New("value is cyclic or nested too deep")
)

// Tag says how a value that has more than one form is encoded.
type Tag = byte

// The tags.
const (
	TagNil    Tag = 0 // a nil pointer, interface, function, …
	TagHandle Tag = 1 // a reference to a value in the module
	TagValue  Tag = 2 // the value itself follows
	TagHost   Tag = 3 // a reference to a value of the host
	TagText   Tag = 4 // the value as its own text or binary marshalling writes it
	TagShared Tag = 5 // in an any: a reference to what both sides have
	TagOwn    Tag = 6 // in an any: the handle of a value of the host, and the value
	TagError  Tag = 7 // in an any: an error
	TagTyped  Tag = 8 // in an any or another interface: the number of the value's type, and the value
)
