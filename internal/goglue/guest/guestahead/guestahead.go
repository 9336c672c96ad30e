// Package guestahead keeps what a reader of the host returns next, so that many small reads of a
// module cross to the host as one.
package guestahead

import (
	"sync"
	"sync/atomic"
	"unicode/utf8"

	"github.com/loadgo/load/internal/wire"
)

// Ahead is what a reader of the host, an H, returns next, which the module has already and the host
// has not read yet. It is gone, and the host has read what the module did, before anything else
// crosses: so nobody sees that it was there.
type Ahead[H any] struct {
	// Settle lets the host read what the module did: the last of it, and how many bytes that were in
	// all, and in the rune that was read last. Method is the index of Read. It crosses to the host.
	Settle func(h *H, method int, last wire.LastRead, used, char int)

	crossings atomic.Uint64
	of        atomic.Pointer[H] // whose Read was the last crossing

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

// Take reads from what is there. It takes all of p or nothing: the host's reader would return no
// less.
func (a *Ahead[H]) Take(h *H, p []byte) int {
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

// Begin begins a read by the host: the number of the crossing, how much to ask for ahead, most at
// most, and whether nobody else reads there; reading counts those who do, and the caller takes itself
// back. Nothing is asked for before two reads follow each other.
func (a *Ahead[H]) Begin(h *H, reading *atomic.Int64, most int) (crossing uint64, want int, alone bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.of.Load() == h {
		want = min(max(firstAhead, 2*a.next), lastAhead, most)
	}
	crossing = a.crossings.Add(1)
	a.settle()
	return crossing, want, reading.Add(1) == 1 // before another one may begin
}

// Put keeps what the host looked at ahead, unless something has crossed since.
func (a *Ahead[H]) Put(h *H, method int, crossing uint64, buf []byte, next int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.crossings.Load() != crossing {
		return
	}
	a.method, a.buf, a.used, a.last, a.next = method, buf, 0, wire.ReadNothing, next
	a.of.Store(h)
}

// settle lets the host read what the module did.
func (a *Ahead[H]) settle() {
	h, used, last, char := a.of.Load(), a.used, a.last, a.char
	a.of.Store(nil)
	a.buf, a.used, a.last, a.next = nil, 0, wire.ReadNothing, 0
	if last != wire.ReadNothing {
		a.Settle(h, a.method, last, used, char)
	}
}

// Cross prepares for something that crosses to the host.
func (a *Ahead[H]) Cross() {
	a.crossings.Add(1)
	if a.of.Load() == nil {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.settle()
}

// TakeRune reads a rune from what is there; its size is 0 if none is there whole.
func (a *Ahead[H]) TakeRune(h *H) (rune, int) {
	if a.of.Load() != h {
		return 0, 0
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.of.Load() != h || !utf8.FullRune(a.buf[a.used:]) {
		return 0, 0
	}
	r, size := utf8.DecodeRune(a.buf[a.used:])
	a.used += size
	a.last, a.char = wire.ReadRune, size
	return r, size
}

// BackByte takes back the last byte that was read from what was there, and reports whether it
// could.
func (a *Ahead[H]) BackByte(h *H) bool {
	return a.back(h, wire.BackByte, func() int {
		if a.last == wire.ReadBytes || a.last == wire.ReadRune {
			return min(a.used, 1)
		}
		return 0
	})
}

// BackRune takes back a rune that was just read from what was there, and reports whether it could.
func (a *Ahead[H]) BackRune(h *H) bool {
	return a.back(h, wire.BackRune, func() int {
		if a.last == wire.ReadRune {
			return a.char
		}
		return 0
	})
}

func (a *Ahead[H]) back(h *H, last wire.LastRead, size func() int) bool {
	if a.of.Load() != h {
		return false
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	n := size()
	if a.of.Load() != h || n == 0 {
		return false
	}
	a.used -= n
	a.last = last
	return true
}
