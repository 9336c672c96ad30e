package guest

import (
	"sync"
	"sync/atomic"

	"github.com/loadgo/load/internal/wire"
)

// ahead is what a reader of the host returns next, which the module has already and the host has
// not read yet. It is gone, and the host has read what the module did, before anything else
// crosses: so nobody sees that it was there.
type ahead struct {
	crossings atomic.Uint64
	of        atomic.Pointer[Host] // whose Read was the last crossing

	mu     sync.Mutex
	method int // Read's index
	buf    []byte
	used   int           // bytes of buf that the module has and the host has not read
	last   wire.LastRead // what was done last
	char   int           // how many of them are the rune that was read last
	next   int           // how much was asked for; it grows while nothing else crosses
}

// The sizes of what is asked for ahead.
const (
	firstAhead = 4 << 10
	lastAhead  = 512 << 10
)

// Read reads from the host's io.Reader, whose Read is the method with the given index.
func (h *Host) Read(method int, p []byte) (int, error) {
	a := &h.module.ahead
	if n := a.take(h, p); n > 0 {
		return n, nil
	}
	crossing, want, alone := a.begin(h)
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
		a.put(h, method, crossing, rest, want)
	}
	return n, err
}

// take reads from what is there. It takes all of p or nothing: the host's reader would return no
// less.
func (a *ahead) take(h *Host, p []byte) int {
	if a.of.Load() != h {
		return 0
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.of.Load() != h || len(p) > len(a.buf)-a.used {
		return 0
	}
	n := copy(p, a.buf[a.used:])
	a.used += n
	a.last = wire.ReadBytes
	return n
}

// begin begins a read by the host: the number of the crossing, how much to ask for ahead, and
// whether nobody else reads there. Nothing is asked for before two reads follow each other.
func (a *ahead) begin(h *Host) (crossing uint64, want int, alone bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.of.Load() == h {
		want = min(max(firstAhead, 2*a.next), lastAhead, h.module.maxMessage/4)
	}
	crossing = a.crossings.Add(1)
	a.settle()
	return crossing, want, h.reading.Add(1) == 1
}

// put keeps what the host looked at ahead, unless something has crossed since.
func (a *ahead) put(h *Host, method int, crossing uint64, buf []byte, next int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.crossings.Load() != crossing {
		return
	}
	a.method, a.buf, a.used, a.last, a.next = method, buf, 0, wire.ReadNothing, next
	a.of.Store(h)
}

// settle lets the host read what the module did.
func (a *ahead) settle() {
	h, used, last, char := a.of.Load(), a.used, a.last, a.char
	a.of.Store(nil)
	a.buf, a.used, a.last, a.next = nil, 0, wire.ReadNothing, 0
	if last == wire.ReadNothing {
		return
	}
	c := h.Call(a.method)
	c.Out.Uint(uint64(last))
	c.Out.Uint(uint64(used))
	c.Out.Uint(uint64(char))
	_ = c.send() // a reader that can be looked at does not fail for what it has shown
}

// cross prepares for something that crosses to the host.
func (m *Module) cross() {
	a := &m.ahead
	a.crossings.Add(1)
	if a.of.Load() == nil {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.settle()
}
