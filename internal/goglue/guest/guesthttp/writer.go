package guesthttp

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"
)

// maxPending is how much of an answer waits to be sent together.
const maxPending = 32 << 10

// Writer is an http.ResponseWriter for a Response. What is done to it is done to the other side's
// writer at once, for that one may be anything: it may change the header, fail or panic. Only what
// is written to the writer of net/http's server waits, as it does there.
type Writer struct {
	out       Response
	abilities Abilities
	header    http.Header
	mirror
	direct  bool // nothing waits
	begun   bool // the status was written or implied
	room    int  // how much may be written of the length that was declared
	pending Answer
	size    int // of what is pending
	err     error
	stale   atomic.Bool         // a flush may have changed the header
	inner   http.ResponseWriter // what Unwrap returned
}

// NewWriter returns a writer for a Response with these abilities and the header that it has so far.
func NewWriter(out Response, abilities Abilities, header Changes) *Writer {
	w := &Writer{out: out, abilities: abilities, header: http.Header{}, direct: abilities&served == 0}
	w.apply(header)
	return w
}

// As returns the writer with its abilities, and no other ones.
func (w *Writer) As() http.ResponseWriter { return combined[w.abilities&interfaces](w) }

// Changes returns what changed in the header since the other side knew it.
func (w *Writer) Changes() Changes { return w.changes(w.header) }

func (w *Writer) apply(c Changes) { w.change(w.header, c) }

// Header implements [http.ResponseWriter].
func (w *Writer) Header() http.Header {
	if w.stale.Swap(false) {
		_, _ = w.cross(Answer{Header: w.Changes()})
	}
	return w.header
}

// WriteHeader implements [http.ResponseWriter].
func (w *Writer) WriteHeader(status int) {
	final := status >= 200 && status <= 999 || status == http.StatusSwitchingProtocols
	if w.direct || w.begun || !final {
		w.begun = w.begun || final
		_, _ = w.send(Answer{Begins: true, Status: status})
		return
	}
	w.begin(status)
	w.pending.Begins, w.pending.Status = true, status
}

// begin fixes the header of what waits. A status that is only implied is not sent: a handler that
// writes after another one has answered implies none.
func (w *Writer) begin(status int) {
	w.begun, w.room = true, -1
	w.pending.Header = w.Changes()
	if length := w.header.Get("Content-Length"); length != "" {
		n, err := strconv.Atoi(length)
		w.room, w.direct = n, err != nil || n < 0
	}
	if status == http.StatusSwitchingProtocols || status == http.StatusNoContent || status == http.StatusNotModified {
		w.room = 0
	}
}

// Write implements [http.ResponseWriter].
func (w *Writer) Write(p []byte) (int, error) { return w.write(p, false) }

func (w *Writer) write(p []byte, text bool) (int, error) {
	if !w.direct && !w.begun {
		w.begin(http.StatusOK)
	}
	if !w.direct && w.room >= 0 {
		w.room -= len(p)
		w.direct = w.room < 0 // the server refuses it
	}
	if w.direct || len(p) > maxPending {
		w.begun = true
		return w.send(Answer{Data: [][]byte{p}, Text: text})
	}
	if w.size+len(p) > maxPending || len(w.pending.Data) > 0 && text != w.pending.Text {
		w.sendPending()
	}
	if w.err != nil {
		return 0, w.err
	}
	w.pending.Data, w.pending.Text = append(w.pending.Data, bytes.Clone(p)), text
	w.size += len(p)
	return len(p), nil
}

// send does what waits, and then what the answer says.
func (w *Writer) send(a Answer) (int, error) {
	w.sendPending()
	if !a.Apart {
		a.Header = w.Changes()
	}
	return w.cross(a)
}

// sendPending does what waits.
func (w *Writer) sendPending() {
	if w.pending.empty() {
		return
	}
	a := w.pending
	w.pending, w.size = Answer{}, 0
	if _, err := w.cross(a); err != nil && w.err == nil {
		w.err = err
	}
}

func (w *Writer) cross(a Answer) (int, error) {
	if !a.Apart {
		defer w.catchUp()
	}
	n, after, err := w.out.Send(a)
	w.learnt(after, err)
	return n, err
}

// learnt takes what a call of the other side's writer changed in the header. It panics where that
// one did.
func (w *Writer) learnt(after Changes, err error) {
	w.apply(after)
	if err == http.ErrAbortHandler {
		panic(err)
	}
}

// catchUp takes what the other side changed in the header before it panicked.
func (w *Writer) catchUp() {
	if p := recover(); p != nil {
		_, after, _ := w.out.Send(Answer{})
		w.apply(after)
		panic(p)
	}
}

// flush does not touch the header once the status was written: a handler may flush while it sets
// the trailer.
func (w *Writer) flush(by Flush) error {
	if !w.direct {
		if !w.begun {
			w.begin(http.StatusOK)
		}
		w.pending.Flush = by
		w.sendPending()
		return w.err
	}
	apart := w.begun
	w.begun = true
	_, err := w.send(Answer{Flush: by, Apart: apart})
	w.stale.Store(apart)
	return err
}

func (w *Writer) readFrom(src io.Reader) (int64, error) {
	if !w.direct {
		return io.Copy(struct{ io.Writer }{w}, src)
	}
	w.begun = true
	defer w.catchUp()
	n, after, err := w.out.ReadFrom(w.Changes(), src)
	w.learnt(after, err)
	return n, err
}

func (w *Writer) hijack() (net.Conn, *bufio.ReadWriter, error) {
	w.lend()
	defer w.catchUp()
	taken, after, err := w.out.Hijack(w.Changes())
	w.learnt(after, err)
	if err != nil {
		return nil, nil, err
	}
	conn, rw := taken.take()
	return conn, rw, nil
}

func (w *Writer) push(target string, opts *http.PushOptions) error {
	if opts == nil {
		opts = &http.PushOptions{}
	}
	err := w.out.Push(target, opts.Method, changed(nil, opts.Header))
	w.learnt(Changes{}, err)
	return err
}

// Original is a Response that has its writer on this side.
type Original interface{ Writer() http.ResponseWriter }

func (w *Writer) unwrap() http.ResponseWriter {
	if w.inner == nil {
		w.lend()
		out, abilities, header := w.out.Unwrap()
		if own, ok := out.(Original); ok {
			w.inner = own.Writer()
		} else {
			w.inner = NewWriter(out, abilities, header).As()
		}
	}
	return w.inner
}

func (w *Writer) control(method string, deadline time.Time) error {
	err := w.out.Control(method, deadline)
	w.learnt(Changes{}, err)
	return err
}

// lend lets others use the other side's writer: what waits is sent, and nothing waits any more.
func (w *Writer) lend() {
	w.sendPending()
	w.direct = true
}

// Finish does what waits, and tells the other side of the header.
func (w *Writer) Finish() {
	w.sendPending()
	if changes := w.Changes(); !changes.empty() {
		_, _, _ = w.out.Send(Answer{Header: changes})
	}
	if own, ok := w.inner.(lent); ok {
		own.writer().Finish()
	}
}
