package guest

import (
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
	if f.Host.module.ahead.BackByte(f.Host) {
		return nil
	}
	return f.Do(method)
}

// TakeRune reads a rune, by the method or without the host.
func (f Further) TakeRune(method int) (rune, int, error) {
	if r, size := f.Host.module.ahead.TakeRune(f.Host); size > 0 {
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
	if f.Host.module.ahead.BackRune(f.Host) {
		return nil
	}
	return f.Do(method)
}

// TakeByte reads a byte, by the method or without the host.
func (f Further) TakeByte(method int) (b byte, err error) {
	var one [1]byte
	if f.Host.module.ahead.Take(f.Host, one[:]) == 1 {
		return one[0], nil
	}
	err = f.readOne(method, func(c *Call) { b = c.In.Byte() })
	return b, err
}

// readOne reads a byte or a rune by the host, and keeps what comes next.
func (f Further) readOne(method int, take func(c *Call)) error {
	a := f.Host.module.ahead
	crossing, want, alone := f.Host.begin()
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
		a.Put(f.Host, f.Read, crossing, rest, want)
	}
	return err
}
