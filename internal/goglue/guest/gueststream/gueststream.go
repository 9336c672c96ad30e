// Package gueststream gives readers and writers of the host the methods that they have besides
// those of the interface that a module takes, inside the module: its code finds them by type
// assertion. It is a package of its own so that a module which takes none does not contain all
// their combinations.
package gueststream

import (
	"io"

	"github.com/loadgo/load/internal/goglue/guest"
	"github.com/loadgo/load/internal/wire"
)

const (
	readers = 2*wire.CanScan - 1
	writers = 2*wire.CanFlush - 1
)

// Reader returns a reader of the host, whose interface has so many methods, with what it can
// besides reading; read is the index of its Read. It is nil if the reader can do nothing else.
func Reader(h *guest.Host, r io.Reader, read, methods int) io.Reader {
	all := h.Abilities(methods) & readers
	if all == 0 {
		return nil
	}
	return readable[all](r, further{guest.Further{Host: h, Read: read, Base: methods + 1}})
}

// Writer returns a writer of the host with what it can besides writing, like Reader.
func Writer(h *guest.Host, w io.Writer, methods int) io.Writer {
	all := h.Abilities(methods) & writers
	if all == 0 {
		return nil
	}
	return writable[all](w, further{guest.Further{Host: h, Base: methods + 1}})
}

// further keeps the methods of a [guest.Further] from being those of a reader.
type further struct{ of guest.Further }

//go:generate go run combine.go

type (
	identified   struct{ further }
	closer       struct{ further }
	stringer     struct{ further }
	seeker       struct{ further }
	readerAt     struct{ further }
	byteReader   struct{ further }
	byteScanner  struct{ further }
	stringWriter struct{ further }
	syncer       struct{ further }
	flusher      struct{ further }
)

// HostHandle tells which value of the host it is.
func (v identified) HostHandle() uint64 { return v.of.Host.HostHandle() }

func (v closer) Close() error  { return v.of.Do(wire.CloseAbility) }
func (v syncer) Sync() error   { return v.of.Do(wire.SyncAbility) }
func (v flusher) Flush() error { return v.of.Do(wire.FlushAbility) }

func (v stringer) String() string {
	c := v.of.Host.Begin(v.of.Base + wire.StringAbility)
	c.Send()
	text := c.In.String()
	c.Taken()
	return text
}

func (v seeker) Seek(offset int64, whence int) (int64, error) {
	c, err := v.of.Call(wire.SeekAbility, func(c *guest.Call) {
		c.Out.Int(offset)
		c.Out.Int(int64(whence))
	})
	if err != nil {
		return 0, err
	}
	at := c.In.Int()
	err = c.InError()
	c.Taken()
	return at, err
}

func (v readerAt) ReadAt(p []byte, off int64) (int, error) {
	return v.of.Host.ReadAt(v.of.Base+wire.ReadAtAbility, p, off)
}

func (v stringWriter) WriteString(s string) (int, error) {
	c, err := v.of.Call(wire.WriteStringAbility, func(c *guest.Call) { c.Out.String(s) })
	if err != nil {
		return 0, err
	}
	n := int(c.In.Int())
	err = c.InError()
	c.Taken()
	return n, err
}

func (v byteReader) ReadByte() (byte, error)       { return v.of.TakeByte(wire.ReadByteAbility) }
func (v byteScanner) ReadByte() (byte, error)      { return v.of.TakeByte(wire.ReadByteAbility) }
func (v byteScanner) UnreadByte() error            { return v.of.BackByte(wire.UnreadByteAbility) }
func (v byteScanner) ReadRune() (rune, int, error) { return v.of.TakeRune(wire.ReadRuneAbility) }
func (v byteScanner) UnreadRune() error            { return v.of.BackRune(wire.UnreadRuneAbility) }
