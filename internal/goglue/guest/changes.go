package guest

import (
	"reflect"

	"github.com/loadgo/load/internal/wire"
)

// Encoding begins the results, or the arguments of a call of the host, and reports whether they are
// still to be encoded: they are encoded again where an array among them turned out to be larger.
func (c *Call) Encoding() bool {
	s := c.Out.Sharing
	switch {
	case s == nil:
		c.encoding = !c.encoding
		return c.encoding
	case !c.encoding:
		if c.host == nil {
			c.unlock = s.End(&c.Out)
		}
		c.encoding, c.start, c.known = true, len(c.Out.Buf), len(s.Things)
		c.changed = changes(s.Things, false)
	case c.Out.Err == wire.ErrAgain:
		c.again(s, c.start, c.known)
	default:
		return false
	}
	c.putChanges(s.Things, c.changed)
	return true
}

// again forgets what was encoded from a byte and a thing on.
func (c *Call) again(s *wire.Sharing, start, known int) {
	c.module.held.forget(c.Out.Given)
	c.Out.Truncate(start)
	c.Out.Sharing = s
	s.Restart(known)
}

// putOuter puts what has changed of the things of the call that was given what is called before the
// arguments.
func (c *Call) putOuter() error {
	arguments, s := c.Out, c.outer
	begin := c.begin
	c.Out = wire.Encoder{Buf: append(make([]byte, 0, begin+128), arguments.Buf[:begin]...)}
	return s.BeginCall(&c.Out, func(bool) error {
		start, known := len(c.Out.Buf), len(s.Things)
		changed := changes(s.Things, true)
		c.Out.Sharing = s
		c.putChanges(s.Things, changed)
		for c.Out.Err == wire.ErrAgain {
			c.again(s, start, known)
			c.putChanges(s.Things, changed)
		}
		c.Out.Sharing = arguments.Sharing
		keepThings(s.Things[known:])
		for _, n := range changed {
			s.Sends(n)
		}
		c.agree()
		return c.Out.Err
	}, func() error {
		c.Out.Join(&arguments, begin)
		return c.fits()
	})
}

// agree notes what a message of outer, whose table is locked, agrees on.
func (c *Call) agree() {
	if c.lasting {
		c.agreed = wire.Addresses(c.outer.Things, true)
	}
}

// changes returns the numbers of the things that have changed. Where that is kept, others of the
// module may be changing them.
func changes(things []any, keep bool) (changed []int) {
	for n, t := range things {
		is := false
		switch t := t.(type) {
		case thing:
			is = t.changed(keep)
		case wire.Thing:
			is, _ = t.Changed(false)
		}
		if is {
			changed = append(changed, n)
		}
	}
	return changed
}

// putChanges appends the things that the host has with another content.
func (c *Call) putChanges(things []any, changed []int) {
	for _, n := range changed {
		c.Out.Uint(uint64(n) + 1)
		switch t := things[n].(type) {
		case thing:
			t.put(c)
		case wire.Thing:
			t.Put(&c.Out)
		}
	}
	c.Out.Uint(0)
}

// keepThings remembers what both sides have of new things.
func keepThings(things []any) {
	for _, t := range things {
		switch t := t.(type) {
		case thing:
			t.keep()
		case wire.Thing:
			t.Keep()
		}
	}
}

// takeChanges takes what the host changed. Passed says of a thing whether the module has changed it
// meanwhile; it is nil where both sides need not have the same content.
func (c *Call) takeChanges(passed func(n int) bool) error {
	s := c.In.Sharing
	known := len(s.Things)
	for n := c.In.Uint(); n > 0 && c.In.Err() == nil; n = c.In.Uint() {
		if n > uint64(known) {
			c.BadTag()
		}
		switch t := s.Things[n-1].(type) {
		case thing:
			if passed != nil && t.whole() && (passed(int(n-1)) || t.changed(false)) {
				return wire.ErrBoth
			}
			if t.take(c); t.whole() {
				t.keep()
			}
		case wire.Thing:
			if passed != nil && t.Whole() && (passed(int(n-1)) || t.Dirty()) {
				return wire.ErrBoth
			}
			t.Take(&c.In)
		}
	}
	return nil
}

// over ends what the call shares.
func (c *Call) over() {
	if c.unlock == nil {
		return
	}
	for _, t := range c.In.Sharing.Things {
		if t, ok := t.(interface{ over() }); ok {
			t.over()
		}
	}
	c.unlock()
}

// Own is what a value of type any holds that is a thing.
func (p *pointee[T]) Own() reflect.Value  { return reflect.ValueOf(p.at) }
func (p *textual[T]) Own() reflect.Value  { return reflect.ValueOf(p.at) }
func (t *table[K, V]) Own() reflect.Value { return reflect.ValueOf(t.at) }
func (l *list[E]) Own() reflect.Value     { return reflect.ValueOf(l.all) }
