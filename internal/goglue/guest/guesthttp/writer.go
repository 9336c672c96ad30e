package guesthttp

import (
	"maps"
	"net/http"
	"slices"
	"time"
)

// maxPending is how much of an answer waits to be sent together.
const maxPending = 32 << 10

// Writer is an http.ResponseWriter for a response of the other side. It has what an [http.ResponseController] asks
// for, except that a connection cannot be taken over.
type Writer struct {
	out     Response
	header  http.Header
	known   http.Header // as the other side has it
	written http.Header // as it was when the status was written, until that is sent
	status  int         // what was written, or 0
	pending int         // the status that is still to be sent
	data    []byte
	err     error
}

// NewWriter returns a writer with the header that the response has so far.
func NewWriter(out Response, header map[string][]string) *Writer {
	w := &Writer{out: out, header: headerOf(header)}
	w.know()
	return w
}

// know remembers that the other side has the header as it is.
func (w *Writer) know() { w.known = w.header.Clone() }

func same(a, b http.Header) bool { return maps.EqualFunc(a, b, slices.Equal) }

// Header implements [http.ResponseWriter].
func (w *Writer) Header() http.Header { return w.header }

// WriteHeader implements [http.ResponseWriter].
func (w *Writer) WriteHeader(status int) {
	if status >= 100 && status < 200 && status != http.StatusSwitchingProtocols { // more may follow
		w.pending = status
		w.send(false)
		return
	}
	if w.status == 0 {
		w.begin(status)
		w.pending = status
	}
}

// begin fixes the status and the header. A status that is only implied is not sent: a handler that writes after
// another one has answered implies none.
func (w *Writer) begin(status int) {
	if w.status == 0 {
		w.status, w.written = status, w.header.Clone()
	}
}

// Write implements [http.ResponseWriter].
func (w *Writer) Write(p []byte) (int, error) {
	w.begin(http.StatusOK)
	if len(w.data)+len(p) > maxPending {
		w.send(false)
	}
	if len(p) > maxPending {
		w.data = p
		w.send(false)
	} else {
		w.data = append(w.data, p...)
	}
	if w.err != nil {
		return 0, w.err
	}
	return len(p), nil
}

// Flush implements [http.Flusher].
func (w *Writer) Flush() { _ = w.FlushError() }

// FlushError flushes, for an [http.ResponseController].
func (w *Writer) FlushError() error {
	w.begin(http.StatusOK)
	w.send(true)
	return w.err
}

// EnableFullDuplex is for an [http.ResponseController].
func (w *Writer) EnableFullDuplex() error { return w.out.Control("EnableFullDuplex", time.Time{}) }

// SetReadDeadline is for an [http.ResponseController].
func (w *Writer) SetReadDeadline(deadline time.Time) error {
	return w.out.Control("SetReadDeadline", deadline)
}

// SetWriteDeadline is for an [http.ResponseController].
func (w *Writer) SetWriteDeadline(deadline time.Time) error {
	return w.out.Control("SetWriteDeadline", deadline)
}

func (w *Writer) send(flush bool) {
	header := w.header
	if w.written != nil {
		header = w.written
	}
	if err := w.out.Send(w.pending, header, w.data, flush); err != nil && w.err == nil {
		w.err = err
	}
	w.pending, w.data, w.written = 0, nil, nil
	w.known = header.Clone()
}

// Finish sends what is pending.
func (w *Writer) Finish() {
	if w.pending != 0 || len(w.data) > 0 {
		w.send(false)
	}
	if !same(w.header, w.known) {
		w.written = nil
		w.send(false)
	}
}
