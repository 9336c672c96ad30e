package guest

import "github.com/loadgo/load/internal/wire"

// Read reads from the host's io.Reader, whose Read is the method with the given index.
func (h *Host) Read(method int, p []byte) (int, error) {
	a := h.module.ahead
	if n := a.Take(h, p); n > 0 {
		return n, nil
	}
	crossing, want, alone := h.begin()
	defer h.reading.Add(-1)
	c := h.Call(method)
	c.Out.Uint(uint64(wire.ReadNothing))
	c.Out.Uint(uint64(len(p)))
	c.Out.Uint(uint64(want))
	if err := c.send(); err != nil {
		return 0, err
	}
	n := copy(p, c.In.Bytes())
	rest := c.In.Bytes()
	err := c.InError()
	c.Taken()
	if alone {
		a.Put(h, method, crossing, rest, want)
	}
	return n, err
}

// begin begins a read by the host: see [guestahead.Ahead.Begin].
func (h *Host) begin() (crossing uint64, want int, alone bool) {
	return h.module.ahead.Begin(h, &h.reading, h.module.maxMessage/4)
}

// settle lets the host read what the module did with what it has ahead.
func settle(h *Host, method int, last wire.LastRead, used, char int) {
	c := h.Call(method)
	c.Out.Uint(uint64(last))
	c.Out.Uint(uint64(used))
	c.Out.Uint(uint64(char))
	_ = c.send() // a reader that can be looked at does not fail for what it has shown
}
