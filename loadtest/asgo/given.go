package asgo

import (
	"errors"
	"io"
)

var errBroken = errors.New("broken")

// reader gives its text in steps, and then its error.
type reader struct {
	text string
	step int
	err  error
}

func (r *reader) Read(p []byte) (int, error) {
	if r.text == "" {
		return 0, r.err
	}
	n := copy(p, r.text[:min(r.step, len(r.text))])
	r.text = r.text[n:]
	return n, nil
}

// writer keeps what is written, as far as it has room.
type writer struct {
	text string
	room int
}

func (w *writer) Write(p []byte) (int, error) {
	n := min(len(p), w.room)
	w.text += string(p[:n])
	if w.room -= n; n < len(p) {
		return n, io.ErrShortWrite
	}
	return n, nil
}

type named struct{ name string }

func (n *named) String() string { return n.name }
