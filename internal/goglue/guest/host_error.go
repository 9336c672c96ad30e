package guest

import (
	"github.com/loadgo/load/internal/wire"
)

// hostError is an error that the host made.
type hostError struct {
	host    *Host
	message string
	matches []error // the sentinels that its own Is method accepts, unlinked ones too
}

func (e *hostError) Error() string { return e.message }

// HostHandle tells which error of the host it is.
func (e *hostError) HostHandle() uint64 { return e.host.handle }

// Is reports whether the target is the same error of the host, or one that the error accepts.
func (e *hostError) Is(target error) bool {
	if own, ok := target.(fromHost); ok && own.HostHandle() == e.host.handle {
		return true
	}
	for _, s := range e.matches {
		if missing, ok := s.(*unlinked); ok && missing.Is(target) {
			return true
		}
		if same, _ := equal(s, target); same {
			return true
		}
	}
	return false
}

// As reports whether the target is a variable of the host that the error fits, which holds it then.
func (e *hostError) As(target any) bool {
	t, ok := target.(interface{ Takes(handle uint64) bool })
	return ok && t.Takes(e.host.handle)
}

// wrapper is a hostError that wraps one error, and joined one that wraps several.
type (
	wrapper struct {
		*hostError
		inner error
	}
	joined struct {
		*hostError
		inner []error
	}
)

func (e *wrapper) Unwrap() error  { return e.inner }
func (e *joined) Unwrap() []error { return e.inner }

// late and passing are what an error says of itself.
type (
	late    bool
	passing bool
)

func (l late) Timeout() bool      { return bool(l) }
func (p passing) Temporary() bool { return bool(p) }

// InError takes an error value.
//
//	error  = TagNil | TagHandle handle | TagTyped type value | TagText sentinel, message, abilities | TagHost host
//	host   = handle, message, abilities, matches, wraps
//	wraps  = WrapsNone | WrapsOne error | WrapsSeveral errors
func (c *Call) InError() error {
	switch c.Tag() {
	case wire.TagNil:
		return nil
	case wire.TagHandle:
		return Held[error](c)
	case wire.TagTyped:
		return InInterface[error](c)
	case wire.TagText:
		name, message, abilities := c.In.String(), c.In.String(), c.In.Byte()
		if s := c.module.sentinel(name); s != nil {
			return s
		}
		return (&unlinked{name, message}).able(abilities)
	case wire.TagHost:
		h := c.Host()
		err := c.hostError(h)
		if known, ok := h.Tie(err).(error); ok {
			return known
		}
		return err
	}
	c.BadTag()
	return nil
}

func (c *Call) hostError(h *Host) error {
	e := &hostError{host: h, message: c.In.String()}
	abilities := c.In.Byte()
	n, _ := c.In.Len(1)
	for range n {
		name := c.In.String()
		s := c.module.sentinel(name)
		if s == nil {
			s = &unlinked{name, name}
		}
		e.matches = append(e.matches, s)
	}
	if !c.In.Enter() {
		return e
	}
	defer c.In.Leave()
	switch c.In.Byte() {
	case wire.WrapsNone:
		return e.able(abilities)
	case wire.WrapsOne:
		return (&wrapper{e, c.InError()}).able(abilities)
	case wire.WrapsSeveral:
		n, _ := c.In.Len(1)
		inner := make([]error, n)
		for i := range inner {
			inner[i] = c.InError()
		}
		return (&joined{e, inner}).able(abilities)
	}
	c.BadTag()
	return nil
}

// unlinked is a sentinel of a package that the module does not contain. It returns to the host as
// itself.
type unlinked struct{ name, message string }

func (e *unlinked) Error() string    { return e.message }
func (e *unlinked) sentinel() string { return e.name }

// Is reports whether the target is the same sentinel.
func (e *unlinked) Is(target error) bool {
	other, ok := target.(interface{ sentinel() string })
	return ok && e.name == other.sentinel()
}

func (e *unlinked) able(has byte) error {
	if has&able != able {
		return e
	}
	return struct {
		*unlinked
		late
		passing
	}{e, late(has&wire.IsTimeout != 0), passing(has&wire.IsTemporary != 0)}
}

// The forms of one error differ in the methods that an interface finds.

const able = wire.HasTimeout | wire.HasTemporary

func (e *hostError) able(has byte) error {
	l, p := late(has&wire.IsTimeout != 0), passing(has&wire.IsTemporary != 0)
	switch has & able {
	case wire.HasTimeout:
		return struct {
			*hostError
			late
		}{e, l}
	case wire.HasTemporary:
		return struct {
			*hostError
			passing
		}{e, p}
	case able:
		return struct {
			*hostError
			late
			passing
		}{e, l, p}
	}
	return e
}

func (e *wrapper) able(has byte) error {
	l, p := late(has&wire.IsTimeout != 0), passing(has&wire.IsTemporary != 0)
	switch has & able {
	case wire.HasTimeout:
		return struct {
			*wrapper
			late
		}{e, l}
	case wire.HasTemporary:
		return struct {
			*wrapper
			passing
		}{e, p}
	case able:
		return struct {
			*wrapper
			late
			passing
		}{e, l, p}
	}
	return e
}

func (e *joined) able(has byte) error {
	l, p := late(has&wire.IsTimeout != 0), passing(has&wire.IsTemporary != 0)
	switch has & able {
	case wire.HasTimeout:
		return struct {
			*joined
			late
		}{e, l}
	case wire.HasTemporary:
		return struct {
			*joined
			passing
		}{e, p}
	case able:
		return struct {
			*joined
			late
			passing
		}{e, l, p}
	}
	return e
}
