package guest

import (
	"github.com/loadgo/load/internal/goglue/guest/guesterror"
	"github.com/loadgo/load/internal/wire"
)

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
		return (&guesterror.Unlinked{Name: name, Message: message}).Able(abilities)
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
	e := &guesterror.Plain{Host: h, Message: c.In.String()}
	abilities := c.In.Byte()
	n, _ := c.In.Len(1)
	for range n {
		name := c.In.String()
		s := c.module.sentinel(name)
		if s == nil {
			s = &guesterror.Unlinked{Name: name, Message: name}
		}
		e.Matches = append(e.Matches, s)
	}
	if !c.In.Enter() {
		return e
	}
	defer c.In.Leave()
	switch c.In.Byte() {
	case wire.WrapsNone:
		return e.Able(abilities)
	case wire.WrapsOne:
		return (&guesterror.Wrapper{Plain: e, Inner: c.InError()}).Able(abilities)
	case wire.WrapsSeveral:
		n, _ := c.In.Len(1)
		inner := make([]error, n)
		for i := range inner {
			inner[i] = c.InError()
		}
		return (&guesterror.Joined{Plain: e, Inner: inner}).Able(abilities)
	}
	c.BadTag()
	return nil
}
