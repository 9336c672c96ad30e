package given

import (
	"bufio"
	"bytes"
	"io"
	"os"
	"reflect"
	"strings"

	"github.com/loadgo/load/internal/wire"
)

// maxChunk is the most bytes that one read of a host's reader returns.
const maxChunk = 8 << 20

// answerRead answers a Read of the host's io.Reader, with what the reader returns next where it can
// tell; or makes the reads that the module made in that.
func answerRead(c *Call, v reflect.Value) error {
	r := v.Interface().(io.Reader)
	if last := wire.LastRead(c.in.Uint()); last != wire.ReadNothing {
		return c.readLast(r, last)
	}
	size, most := min(c.in.Uint(), maxChunk), min(c.in.Uint(), maxChunk)
	if err := c.room(size); err != nil {
		return err
	}
	var next []byte
	if most > 0 && size > 0 {
		next = peek(r, int(size+most))
	}
	n, err := c.out.BytesOf(r, int(size))
	if err != nil {
		next = nil
	}
	c.out.Bytes(next[min(n, len(next)):])
	c.putError(err)
	return nil
}

// readLast makes the reads that the module made in what it has already.
func (c *Call) readLast(r io.Reader, last wire.LastRead) error {
	used, char := min(c.in.Uint(), maxChunk), c.in.Uint()
	if last == wire.ReadRune {
		used -= min(char, used)
	}
	buf, err := c.buffer(used)
	if err != nil {
		return err
	}
	if _, err = io.ReadFull(r, buf); err != nil || last == wire.ReadBytes {
		return err
	}
	s, ok := r.(byteScanner)
	if !ok {
		return errNoAbility
	}
	if last == wire.BackByte {
		if _, err = s.ReadByte(); err == nil {
			err = s.UnreadByte()
		}
		return err
	}
	if _, _, err = s.ReadRune(); err == nil && last == wire.BackRune {
		err = s.UnreadRune()
	}
	return err
}

// peek returns a copy of at most so many bytes that a reader returns next, where they can be seen
// without a trace: those of types of the standard library that hold them.
func peek(r io.Reader, most int) []byte {
	switch r := r.(type) {
	case *bytes.Buffer:
		return bytes.Clone(r.Bytes()[:min(most, r.Len())])
	case *bufio.Reader:
		next, _ := r.Peek(min(most, r.Buffered())) // the Read that follows sets anew what Peek forgets
		return bytes.Clone(next)
	case *bytes.Reader:
		return peekAt(r, r.Size()-int64(r.Len()), min(most, r.Len()))
	case *strings.Reader:
		return peekAt(r, r.Size()-int64(r.Len()), min(most, r.Len()))
	case *io.LimitedReader:
		return peek(r.R, int(max(0, min(int64(most), r.N))))
	case *os.File:
		return peekFile(r, most)
	}
	return nil
}

func peekAt(r io.ReaderAt, at int64, size int) []byte {
	buf := make([]byte, size)
	n, _ := r.ReadAt(buf, at)
	return buf[:n]
}

// peekFile looks into a regular file. Those of the kernel's own file systems have no size.
func peekFile(f *os.File, most int) []byte {
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return nil
	}
	at, err := f.Seek(0, io.SeekCurrent)
	if err != nil {
		return nil
	}
	return peekAt(f, at, int(max(0, min(int64(most), info.Size()-at))))
}
