package guest

import (
	"github.com/loadgo/load/internal/goglue/guest/guesterror"
	"github.com/loadgo/load/internal/wire"
)

// Sentinel is an error that both sides know by name.
type Sentinel struct {
	Name  string
	Value func() error
	// Shared says that the host has the very same one: it is of the standard library.
	Shared bool
}

// Error answers with an error value and the errors that it wraps.
//
//	error    = TagNil | TagHost handle | TagValue node
//	node     = message, type, sentinel, handle, matches, wrapped, abilities, standard, error
//	standard = name, fields
//
// A sentinel is a name or "". A handle is that of the value, with its type's number or 0, and
// whether it has an Is method; a sentinel whose type is not described has the handle 0 and no more.
// Matches are the names of the sentinels that the error's own Is method accepts. Standard is what
// the error is of [api.StandardErrors], or "". The last is what its own As method finds of the host.
func (c *Call) Error(err error) {
	left := wire.MaxErrors
	c.error(err, &left)
}

func (c *Call) error(err error, left *int) {
	if err == nil || *left == 0 {
		c.Out.Byte(wire.TagNil)
		return
	}
	*left--
	if own, ok := err.(fromHost); ok {
		c.Out.Byte(wire.TagHost)
		c.Out.Uint(own.HostHandle())
		return
	}
	c.Out.Byte(wire.TagValue)
	c.Out.String(errorText(err))
	c.Out.String(c.module.table.TypeName(err))
	sentinel := c.module.sentinelName(err)
	c.Out.String(sentinel)
	if typ := c.module.table.TypeOf(err); typ != 0 || sentinel == "" {
		c.Out.Uint(c.module.held.put(err, true))
		c.Out.Uint(typ)
		_, asks := err.(interface{ Is(error) bool })
		c.Out.Bool(asks)
	} else {
		c.Out.Uint(0)
	}
	c.matches(err)
	wrapped := unwrapped(err)
	c.Out.Uint(uint64(len(wrapped)))
	for _, inner := range wrapped {
		c.error(inner, left)
	}
	wire.PutAbilities(&c.Out, err)
	c.standardError(err)
	c.error(guesterror.Within(err), left)
}

// standardError answers with what an error is of the standard library's, and its fields.
func (c *Call) standardError(err error) {
	name, fields := c.module.table.StandardError(err)
	c.Out.String(name)
	for _, f := range fields {
		switch f := f.(type) {
		case string:
			c.Out.String(f)
		case bool:
			c.Out.Bool(f)
		case int:
			c.Out.Int(int64(f))
		}
	}
}

// errorText is the text of an error, whose method may not be made for a nil pointer.
func errorText(err error) (text string) {
	defer func() {
		if recover() != nil {
			text = "<nil>"
		}
	}()
	return err.Error()
}

// unwrapped returns the errors that an error wraps.
func unwrapped(err error) (inner []error) {
	defer func() { _ = recover() }() // a method that is not made for a nil pointer
	switch err := err.(type) {
	case interface{ Unwrap() error }:
		if inner := err.Unwrap(); inner != nil {
			return []error{inner}
		}
	case interface{ Unwrap() []error }:
		return err.Unwrap()
	}
	return nil
}

func accepts(err interface{ Is(error) bool }, target error) (ok bool) {
	defer func() { _ = recover() }()
	return err.Is(target)
}

// matches answers with the sentinels that the error says it is.
func (c *Call) matches(err error) {
	var names []string
	if is, ok := err.(interface{ Is(error) bool }); ok {
		for _, s := range c.module.table.Sentinels {
			if accepts(is, s.Value()) {
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
	if own, ok := err.(interface{ Sentinel() string }); ok {
		return own.Sentinel()
	}
	for _, s := range m.table.Sentinels {
		if same, _ := equal(err, s.Value()); same {
			return s.Name
		}
	}
	return ""
}

// GiveSentinel appends an error that the host has, too, in a value of type any.
func (m *Module) GiveSentinel(e *wire.Encoder, err error) bool {
	if _, ok := err.(interface{ Sentinel() string }); !ok && !m.shared(err) {
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
