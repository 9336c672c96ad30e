package values

import (
	"fmt"
	"io"
	"strings"
)

// ReaderAbilities names what a reader is besides a reader.
func ReaderAbilities(r io.Reader) string {
	var all []string
	has := func(name string, ok bool) {
		if ok {
			all = append(all, name)
		}
	}
	_, ok := r.(io.Closer)
	has("Closer", ok)
	_, ok = r.(fmt.Stringer)
	has("Stringer", ok)
	_, ok = r.(io.Seeker)
	has("Seeker", ok)
	_, ok = r.(io.ReaderAt)
	has("ReaderAt", ok)
	_, ok = r.(io.ByteReader)
	has("ByteReader", ok)
	_, ok = r.(io.ByteScanner)
	has("ByteScanner", ok)
	_, ok = r.(io.RuneScanner)
	has("RuneScanner", ok)
	return strings.Join(all, " ")
}

// WriterAbilities names what a writer is besides a writer.
func WriterAbilities(w io.Writer) string {
	var all []string
	has := func(name string, ok bool) {
		if ok {
			all = append(all, name)
		}
	}
	_, ok := w.(io.Closer)
	has("Closer", ok)
	_, ok = w.(fmt.Stringer)
	has("Stringer", ok)
	_, ok = w.(io.StringWriter)
	has("StringWriter", ok)
	_, ok = w.(interface{ Sync() error })
	has("Sync", ok)
	_, ok = w.(interface{ Flush() error })
	has("Flush", ok)
	return strings.Join(all, " ")
}

// ReaderSteps does with a reader what each letter of steps says, and returns what it met.
func ReaderSteps(r io.Reader, steps string) string {
	var log strings.Builder
	for _, step := range steps {
		switch step {
		case 'b':
			b, err := r.(io.ByteReader).ReadByte()
			fmt.Fprintf(&log, "%q %v;", b, err)
		case 'B':
			fmt.Fprintf(&log, "%v;", r.(io.ByteScanner).UnreadByte())
		case 'r':
			c, size, err := r.(io.RuneScanner).ReadRune()
			fmt.Fprintf(&log, "%q %d %v;", c, size, err)
		case 'R':
			fmt.Fprintf(&log, "%v;", r.(io.RuneScanner).UnreadRune())
		case 'p':
			p := make([]byte, 3)
			n, err := r.Read(p)
			fmt.Fprintf(&log, "%q %v;", p[:n], err)
		case 's':
			at, err := r.(io.Seeker).Seek(-1, io.SeekCurrent)
			fmt.Fprintf(&log, "%d %v;", at, err)
		case 'a':
			p := make([]byte, 3)
			n, err := r.(io.ReaderAt).ReadAt(p, 2)
			fmt.Fprintf(&log, "%q %v;", p[:n], err)
		case 't':
			fmt.Fprintf(&log, "%v;", r)
		case 'c':
			fmt.Fprintf(&log, "%v;", r.(io.Closer).Close())
		}
	}
	return log.String()
}

// CloseAfter reads all of a reader, and closes it through the interface that it is given as.
func CloseAfter(r io.ReadCloser) (string, error) {
	text, err := io.ReadAll(r)
	_, seeks := r.(io.Seeker)
	return fmt.Sprint(string(text), seeks, err), r.Close()
}

// WriterSteps writes a text as a string, flushes, syncs and closes.
func WriterSteps(w io.Writer, text string) string {
	n, err := io.WriteString(w, text)
	log := fmt.Sprint(n, err)
	if f, ok := w.(interface{ Flush() error }); ok {
		log += fmt.Sprint(" ", f.Flush())
	}
	if s, ok := w.(interface{ Sync() error }); ok {
		log += fmt.Sprint(" ", s.Sync())
	}
	if s, ok := w.(fmt.Stringer); ok {
		log += " " + s.String()
	}
	if c, ok := w.(io.Closer); ok {
		log += fmt.Sprint(" ", c.Close())
	}
	return log
}

// ScanTwo scans two words, which must lose nothing of a reader that takes runes back.
func ScanTwo(r io.Reader) (a, b string, err error) {
	if _, err = fmt.Fscan(r, &a); err == nil {
		_, err = fmt.Fscan(r, &b)
	}
	return a, b, err
}

var keptStream io.Reader

// KeepStream keeps a reader, and reports whether it is the one that it kept before.
func KeepStream(r io.Reader) (same bool) {
	same = keptStream == r
	keptStream = r
	return same
}

// KeptStream returns the reader that was kept.
func KeptStream() io.Reader { return keptStream }
