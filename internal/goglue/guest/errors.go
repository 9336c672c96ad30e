package guest

import (
	"github.com/loadgo/load/internal/wire"
)

// Sentinel is an error that both sides know by name.
type Sentinel struct {
	Name  string
	Value func() error
	// Shared says that the host has the very same one: it is of the standard library.
	Shared bool
}

// maxErrors is how many errors of one tree of wrapped errors cross.
const maxErrors = 64

// Error answers with an error value and the errors that it wraps.
//
//	error = TagNil | TagHost handle | TagValue node
//	node  = message, type, sentinel, handle, matches, wrapped
//
// A sentinel is a name or "". A handle is that of the value, with its type's number or 0; a sentinel whose type is not
// described has the handle 0 and no type. Matches are the names of the sentinels that the error's own Is method accepts.
func (c *Call) Error(err error) {
	left := maxErrors
	c.error(err, &left)
}

func (c *Call) error(err error, left *int) {
	if err == nil || *left == 0 {
		c.Out.Byte(wire.TagNil)
		return
	}
	*left--
	if own, ok := err.(*hostError); ok {
		c.Out.Byte(wire.TagHost)
		c.Out.Uint(own.host.handle)
		return
	}
	c.Out.Byte(wire.TagValue)
	c.Out.String(err.Error())
	c.Out.String(c.module.table.TypeName(err))
	sentinel := c.module.sentinelName(err)
	c.Out.String(sentinel)
	if typ := c.module.table.TypeOf(err); typ != 0 || sentinel == "" {
		c.Out.Uint(c.module.held.put(err))
		c.Out.Uint(typ)
	} else {
		c.Out.Uint(0)
	}
	c.matches(err)
	var wrapped []error
	switch err := err.(type) {
	case interface{ Unwrap() error }:
		if inner := err.Unwrap(); inner != nil {
			wrapped = []error{inner}
		}
	case interface{ Unwrap() []error }:
		wrapped = err.Unwrap()
	}
	c.Out.Uint(uint64(len(wrapped)))
	for _, inner := range wrapped {
		c.error(inner, left)
	}
}

// matches answers with the sentinels that the error says it is.
func (c *Call) matches(err error) {
	var names []string
	if is, ok := err.(interface{ Is(error) bool }); ok {
		for _, s := range c.module.table.Sentinels {
			if is.Is(s.Value()) {
				names = append(names, s.Name)
			}
		}
	}
	c.Out.Uint(uint64(len(names)))
	for _, name := range names {
		c.Out.String(name)
	}
}

func (m *Module) sentinelName(err error) string {
	if own, ok := err.(*unlinked); ok {
		return own.name
	}
	for _, s := range m.table.Sentinels {
		if same, _ := equal(err, s.Value()); same {
			return s.Name
		}
	}
	return ""
}

// hostError is an error that the host made.
type hostError struct {
	host    *Host
	message string
	matches []error // the sentinels that it is
}

func (e *hostError) Error() string { return e.message }

// HostHandle tells which error of the host it is.
func (e *hostError) HostHandle() uint64 { return e.host.handle }

func (e *hostError) Is(target error) bool {
	for _, s := range e.matches {
		if same, _ := equal(s, target); same {
			return true
		}
	}
	return false
}

// unlinked is a sentinel of a package that the module does not contain. It returns to the host as
// itself.
type unlinked struct{ name, message string }

func (e *unlinked) Error() string { return e.message }

func (e *unlinked) Is(target error) bool {
	other, ok := target.(*unlinked)
	return ok && e.name == other.name
}

// InError takes an error value.
//
//	error = TagNil | TagHandle handle | TagText sentinel, message | TagHost host handle, message, matches
func (c *Call) InError() error {
	switch c.Tag() {
	case wire.TagNil:
		return nil
	case wire.TagHandle:
		return Held[error](c)
	case wire.TagText:
		name, message := c.In.String(), c.In.String()
		if s := c.module.sentinel(name); s != nil {
			return s
		}
		return &unlinked{name, message}
	case wire.TagHost:
		e := &hostError{host: c.Host(), message: c.In.String()}
		n, _ := c.In.Len(1)
		for range n {
			if s := c.module.sentinel(c.In.String()); s != nil {
				e.matches = append(e.matches, s)
			}
		}
		if known, ok := e.host.Tie(e).(error); ok {
			return known
		}
		return e
	}
	c.BadTag()
	return nil
}

// GiveSentinel appends an error that the host has, too, in a value of type any.
func (m *Module) GiveSentinel(e *wire.Encoder, err error) bool {
	if _, ok := err.(*unlinked); !ok && !m.shared(err) {
		return false
	}
	c := &Call{module: m, Out: *e}
	c.Out.Byte(wire.TagError)
	c.Error(err)
	*e = c.Out
	return true
}

func (m *Module) shared(err error) bool {
	for _, s := range m.table.Sentinels {
		if same, _ := equal(err, s.Value()); same {
			return s.Shared
		}
	}
	return false
}

// TakeError takes an error from a value of type any.
func (m *Module) TakeError(in *wire.Decoder) error {
	c := &Call{module: m, In: *in}
	err := c.InError()
	*in = c.In
	return err
}

func (m *Module) sentinel(name string) error {
	for _, s := range m.table.Sentinels {
		if s.Name == name {
			return s.Value()
		}
	}
	return nil
}
