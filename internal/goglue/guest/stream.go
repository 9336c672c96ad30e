package guest

import (
	"unicode/utf8"

	"github.com/loadgo/load/internal/wire"
)

// Further is a value of the host with methods besides those of its interface.
type Further struct {
	Host *Host
	Read int // the index of its Read, if it has one
	Base int // of the first of the methods
}

// Abilities are what a value of the host can besides the methods of its interface, which are so
// many.
func (h *Host) Abilities(methods int) wire.Abilities {
	if len(h.modes) <= methods {
		return 0
	}
	return wire.Abilities(h.modes[methods])
}

// Call calls a method with the arguments that put appends.
func (f Further) Call(method int, put func(c *Call)) (*Call, error) {
	c := f.Host.Begin(f.Base + method)
	for c.Encoding() {
		put(c)
	}
	return c, c.Try()
}

// Do calls a method that takes nothing and returns an error.
func (f Further) Do(method int) error {
	c, err := f.Call(method, func(*Call) {})
	if err != nil {
		return err
	}
	err = c.InError()
	c.Taken()
	return err
}

// BackByte takes back the last byte that was read, by the method or without the host.
func (f Further) BackByte(method int) error {
	if f.Host.module.ahead.backByte(f.Host) {
		return nil
	}
	return f.Do(method)
}

// TakeRune reads a rune, by the method or without the host.
func (f Further) TakeRune(method int) (rune, int, error) {
	if r, size := f.Host.module.ahead.takeRune(f.Host); size > 0 {
		return r, size, nil
	}
	var r rune
	var size int
	err := f.readOne(method, func(c *Call) {
		r = rune(c.In.Int())
		size = int(c.In.Uint())
	})
	return r, size, err
}

// BackRune takes back the rune that was just read, by the method or without the host.
func (f Further) BackRune(method int) error {
	if f.Host.module.ahead.backRune(f.Host) {
		return nil
	}
	return f.Do(method)
}

// TakeByte reads a byte, by the method or without the host.
func (f Further) TakeByte(method int) (b byte, err error) {
	var one [1]byte
	if f.Host.module.ahead.take(f.Host, one[:]) == 1 {
		return one[0], nil
	}
	err = f.readOne(method, func(c *Call) { b = c.In.Byte() })
	return b, err
}

// readOne reads a byte or a rune by the host, and keeps what comes next.
func (f Further) readOne(method int, take func(c *Call)) error {
	a := &f.Host.module.ahead
	crossing, want, alone := a.begin(f.Host)
	defer f.Host.reading.Add(-1)
	c := f.Host.Call(f.Base + method)
	c.Out.Uint(uint64(want))
	if err := c.send(); err != nil {
		return err
	}
	take(c)
	rest := c.In.Bytes()
	err := c.InError()
	c.Taken()
	if alone {
		a.put(f.Host, f.Read, crossing, rest, want)
	}
	return err
}

// takeRune reads a rune from what is there; its size is 0 if none is there whole.
func (a *ahead) takeRune(h *Host) (rune, int) {
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

// backByte takes back the last byte that was read from what was there, and reports whether it
// could.
func (a *ahead) backByte(h *Host) bool {
	return a.back(h, wire.BackByte, func() int {
		if a.last == wire.ReadBytes || a.last == wire.ReadRune {
			return min(a.used, 1)
		}
		return 0
	})
}

// backRune takes back a rune that was just read from what was there, and reports whether it could.
func (a *ahead) backRune(h *Host) bool {
	return a.back(h, wire.BackRune, func() int {
		if a.last == wire.ReadRune {
			return a.char
		}
		return 0
	})
}

func (a *ahead) back(h *Host, last wire.LastRead, size func() int) bool {
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
