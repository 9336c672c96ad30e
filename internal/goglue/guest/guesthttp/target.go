package guesthttp

import (
	"errors"
	"io"
	"net/http"
	"time"
)

// Target is a Response by an http.ResponseWriter of this side.
type Target struct {
	w http.ResponseWriter
	mirror
}

// To returns the Response by a writer. The other side does not know its header yet.
func To(w http.ResponseWriter) *Target { return &Target{w: w} }

// Writer returns the writer.
func (t *Target) Writer() http.ResponseWriter { return t.w }

// Changes returns what changed in the header since the other side knew it.
func (t *Target) Changes() Changes { return t.changes(t.w.Header()) }

// Apply makes changes of the other side.
func (t *Target) Apply(c Changes) {
	if !c.empty() {
		t.change(t.w.Header(), c)
	}
}

// Send implements [Response].
func (t *Target) Send(a Answer) (n int, after Changes, err error) {
	defer t.abort(&err)
	t.Apply(a.Header)
	if a.Begins {
		t.w.WriteHeader(a.Status)
	}
	for _, data := range a.Data {
		var failed error
		if a.Text {
			n, failed = t.w.(io.StringWriter).WriteString(string(data))
		} else {
			n, failed = t.w.Write(data)
		}
		if err == nil {
			err = failed
		}
	}
	switch a.Flush {
	case byFlusher:
		t.w.(http.Flusher).Flush()
	case byController:
		if failed := http.NewResponseController(t.w).Flush(); err == nil {
			err = failed
		}
	}
	if !a.Apart {
		after = t.Changes()
	}
	return n, after, err
}

// abort returns a panic with [http.ErrAbortHandler] as the error.
func (t *Target) abort(err *error) {
	if p := recover(); p != nil {
		*err = aborted(p)
	}
}

// ReadFrom implements [Response].
func (t *Target) ReadFrom(header Changes, src io.Reader) (n int64, after Changes, err error) {
	defer t.abort(&err)
	t.Apply(header)
	n, err = t.w.(io.ReaderFrom).ReadFrom(src)
	return n, t.Changes(), err
}

// Hijack implements [Response].
func (t *Target) Hijack(header Changes) (taken Taken, after Changes, err error) {
	defer t.abort(&err)
	t.Apply(header)
	conn, rw, err := t.w.(http.Hijacker).Hijack()
	if err == nil {
		taken = give(conn, rw)
	}
	return taken, t.Changes(), err
}

// Push implements [Response].
func (t *Target) Push(target, method string, header Changes) (err error) {
	defer t.abort(&err)
	opts := &http.PushOptions{Method: method}
	if !header.empty() {
		opts.Header = headerOf(header.Set)
	}
	return t.w.(http.Pusher).Push(target, opts)
}

// Unwrap implements [Response].
func (t *Target) Unwrap() (Response, Abilities, Changes) {
	inner := t.w.(unwrapper).Unwrap()
	if own, ok := inner.(lent); ok {
		own.writer().lend()
		return own.writer().out, 0, Changes{}
	}
	target := To(inner)
	return target, AbilitiesOf(inner), target.Changes()
}

// Control implements [Response].
func (t *Target) Control(method string, deadline time.Time) (err error) {
	defer t.abort(&err)
	control := http.NewResponseController(t.w)
	switch method {
	case "EnableFullDuplex":
		return control.EnableFullDuplex()
	case "SetReadDeadline":
		return control.SetReadDeadline(deadline)
	case "SetWriteDeadline":
		return control.SetWriteDeadline(deadline)
	}
	return errors.ErrUnsupported
}

// Trailer implements [Response]: the request came from the other side.
func (t *Target) Trailer() map[string][]string { return nil }

// Left implements [Response].
func (t *Target) Left(Message) Message { return Message{} }
