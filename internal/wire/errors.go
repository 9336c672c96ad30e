package wire

// MaxErrors is how many errors of one tree of wrapped errors cross.
const MaxErrors = 64

// How an error of the host wraps others.
const (
	WrapsNone    = 0
	WrapsOne     = 1 // as errors.Unwrap finds it
	WrapsSeveral = 2 // as errors.Join does
)

// What an error of the host can say of itself beside its text.
const (
	HasTimeout   = 1 << iota // the method Timeout
	IsTimeout                // which answers true
	HasTemporary             // the method Temporary
	IsTemporary              // which answers true
)
