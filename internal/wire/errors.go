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

// PutAbilities appends what the interfaces of package net ask of errors, and the answers.
func PutAbilities(e *Encoder, err error) { e.Byte(abilities(err)) }

func abilities(err error) (has byte) {
	defer func() {
		if recover() != nil { // a method that is not made for a nil pointer
			has = 0
		}
	}()
	if t, ok := err.(interface{ Timeout() bool }); ok {
		if has |= HasTimeout; t.Timeout() {
			has |= IsTimeout
		}
	}
	if t, ok := err.(interface{ Temporary() bool }); ok {
		if has |= HasTemporary; t.Temporary() {
			has |= IsTemporary
		}
	}
	return has
}
