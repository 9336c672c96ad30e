// Package guesterror has the errors of a module that the host made.
package guesterror

import "github.com/loadgo/load/internal/wire"

// Host is what the host knows by a handle.
type Host interface{ HostHandle() uint64 }

// same reports whether two errors are equal, as far as their types can be compared.
func same(a, b error) (same bool) {
	defer func() { _ = recover() }()
	return a == b
}

// Within returns the error of the host that the As method of an error finds, or nil. What it wraps is
// found without that.
func Within(err error) error {
	finder, ok := err.(interface{ As(target any) bool })
	if !ok {
		return nil
	}
	var own Host
	defer func() { _ = recover() }() // it is not made for this target, or for a nil pointer
	if !finder.As(&own) {
		return nil
	}
	found, _ := own.(error)
	return found
}

// Plain is an error that the host made.
type Plain struct {
	Host    Host
	Message string
	Matches []error // the sentinels that its own Is method accepts, unlinked ones too
}

func (e *Plain) Error() string { return e.Message }

// HostHandle tells which error of the host it is.
func (e *Plain) HostHandle() uint64 { return e.Host.HostHandle() }

// Is reports whether the target is the same error of the host, or one that the error accepts.
func (e *Plain) Is(target error) bool {
	if own, ok := target.(Host); ok && own.HostHandle() == e.Host.HostHandle() {
		return true
	}
	for _, s := range e.Matches {
		if missing, ok := s.(*Unlinked); ok && missing.Is(target) {
			return true
		}
		if same(s, target) {
			return true
		}
	}
	return false
}

// As reports whether the target is a variable of the host that the error fits, which holds it then.
func (e *Plain) As(target any) bool {
	t, ok := target.(interface{ Takes(handle uint64) bool })
	return ok && t.Takes(e.Host.HostHandle())
}

// Wrapper is a Plain that wraps one error, and Joined one that wraps several.
type (
	Wrapper struct {
		*Plain
		Inner error
	}
	Joined struct {
		*Plain
		Inner []error
	}
)

func (e *Wrapper) Unwrap() error  { return e.Inner }
func (e *Joined) Unwrap() []error { return e.Inner }

// late and passing are what an error says of itself.
type (
	late    bool
	passing bool
)

func (l late) Timeout() bool      { return bool(l) }
func (p passing) Temporary() bool { return bool(p) }

// Unlinked is a sentinel of a package that the module does not contain. It returns to the host as
// itself.
type Unlinked struct{ Name, Message string }

func (e *Unlinked) Error() string { return e.Message }

// Sentinel is the name by which both sides know it.
func (e *Unlinked) Sentinel() string { return e.Name }

// Is reports whether the target is the same sentinel.
func (e *Unlinked) Is(target error) bool {
	other, ok := target.(interface{ Sentinel() string })
	return ok && e.Name == other.Sentinel()
}

// Able is [Plain.Able].
func (e *Unlinked) Able(has byte) error {
	if has&able != able {
		return e
	}
	return struct {
		*Unlinked
		late
		passing
	}{e, late(has&wire.IsTimeout != 0), passing(has&wire.IsTemporary != 0)}
}

// The forms of one error differ in the methods that an interface finds. Each of the three types says
// that for itself: Go embeds no type parameter.

const able = wire.HasTimeout | wire.HasTemporary

// Able gives the error the methods that the host's has.
func (e *Plain) Able(has byte) error {
	l, p := late(has&wire.IsTimeout != 0), passing(has&wire.IsTemporary != 0)
	switch has & able {
	case wire.HasTimeout:
		return struct {
			*Plain
			late
		}{e, l}
	case wire.HasTemporary:
		return struct {
			*Plain
			passing
		}{e, p}
	case able:
		return struct {
			*Plain
			late
			passing
		}{e, l, p}
	}
	return e
}

// Able is [Plain.Able].
func (e *Wrapper) Able(has byte) error {
	l, p := late(has&wire.IsTimeout != 0), passing(has&wire.IsTemporary != 0)
	switch has & able {
	case wire.HasTimeout:
		return struct {
			*Wrapper
			late
		}{e, l}
	case wire.HasTemporary:
		return struct {
			*Wrapper
			passing
		}{e, p}
	case able:
		return struct {
			*Wrapper
			late
			passing
		}{e, l, p}
	}
	return e
}

// Able is [Plain.Able].
func (e *Joined) Able(has byte) error {
	l, p := late(has&wire.IsTimeout != 0), passing(has&wire.IsTemporary != 0)
	switch has & able {
	case wire.HasTimeout:
		return struct {
			*Joined
			late
		}{e, l}
	case wire.HasTemporary:
		return struct {
			*Joined
			passing
		}{e, p}
	case able:
		return struct {
			*Joined
			late
			passing
		}{e, l, p}
	}
	return e
}
