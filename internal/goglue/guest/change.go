package guest

import (
	"bytes"
	"slices"

	"github.com/loadgo/load/internal/wire"
)

// Changing prepares for the host's wish to see what the function changes: arguments that are compared later
// must not be parts of the message.
func (c *Call) Changing() {
	if c.mode&wire.ModeChanges != 0 {
		c.In.Copy()
	}
}

// Changes tells whether the host asks for the changes, and begins them.
func (c *Call) Changes() bool {
	c.Values, c.Texts = true, false
	return c.mode&wire.ModeChanges != 0
}

// Change answers with the new value of an argument, which encode encodes, where it is another than the one that
// came. rest is what was to be decoded before the argument, next what was after it; plain tells that a value has
// no tag. again decodes the argument and encodes it as encode does; it is nil where that would give what came.
func (c *Call) Change(rest, next []byte, plain bool, encode, again func()) {
	came := rest[:len(rest)-len(next)]
	if len(came) == 0 || came[0] == wire.TagNil || !plain && came[0] != wire.TagValue {
		c.Out.Bool(false)
		return
	}
	start := len(c.Out.Buf)
	c.comparing, c.Out.Flat = true, true
	if again != nil {
		c.In = wire.NewDecoder(came)
		c.In.Again = true
		again()
		came = slices.Clone(c.Out.Buf[start:])
		c.Out.Buf = c.Out.Buf[:start]
	}
	encode()
	same := bytes.Equal(c.Out.Buf[start:], came)
	c.comparing, c.Out.Flat = false, false
	c.Out.Buf = c.Out.Buf[:start]
	c.Out.Bool(!same)
	if !same {
		encode()
	}
}

// ChangeBytes is Change for a byte slice, without encoding it again.
func (c *Call) ChangeBytes(rest, next, v []byte) {
	d := wire.NewOwner(rest[:len(rest)-len(next)])
	n, ok := d.Len(1)
	changed := ok && (n != len(v) || !bytes.Equal(d.Rest(), v))
	c.Out.Bool(changed)
	if changed {
		c.Out.Bytes(v)
	}
}

// Entries are the entries of a map that is being encoded. They have no order of their own, so they are sorted
// where they are compared.
type Entries struct {
	starts []int
}

// Entry begins an entry.
func (m *Entries) Entry(c *Call) {
	if c.comparing {
		m.starts = append(m.starts, len(c.Out.Buf))
	}
}

// End ends the map.
func (m *Entries) End(c *Call) {
	if len(m.starts) < 2 {
		return
	}
	entries := make([][]byte, len(m.starts))
	for i, start := range m.starts {
		end := len(c.Out.Buf)
		if i+1 < len(m.starts) {
			end = m.starts[i+1]
		}
		entries[i] = slices.Clone(c.Out.Buf[start:end])
	}
	slices.SortFunc(entries, bytes.Compare)
	c.Out.Buf = append(c.Out.Buf[:m.starts[0]], bytes.Join(entries, nil)...)
}
