package guesthttp

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"reflect"
	"time"
)

// Abilities are the optional interfaces of an http.ResponseWriter.
type Abilities uint16

const (
	canFlush       Abilities = 1 << iota // [http.Flusher]
	canHijack                            // [http.Hijacker]
	canReadFrom                          // [io.ReaderFrom]
	canPush                              // [http.Pusher]
	canWriteString                       // [io.StringWriter]
	canUnwrap                            // Unwrap, for an [http.ResponseController]
	canControl                           // any other method for one
	served                               // it is the writer of net/http's server, which waits to be flushed, too
)

// interfaces are what a writer can be used as, but for served.
const interfaces = served - 1

type unwrapper interface{ Unwrap() http.ResponseWriter }

// AbilitiesOf finds the abilities of a writer.
func AbilitiesOf(w http.ResponseWriter) (a Abilities) {
	has := func(ability Abilities, ok bool) {
		if ok {
			a |= ability
		}
	}
	_, ok := w.(http.Flusher)
	has(canFlush, ok)
	_, ok = w.(http.Hijacker)
	has(canHijack, ok)
	_, ok = w.(io.ReaderFrom)
	has(canReadFrom, ok)
	_, ok = w.(http.Pusher)
	has(canPush, ok)
	_, ok = w.(io.StringWriter)
	has(canWriteString, ok)
	_, ok = w.(unwrapper)
	has(canUnwrap, ok)
	has(canControl, controls(w))
	has(served, isServers(w))
	return a
}

// controls reports whether a writer has a method for an [http.ResponseController] that no other
// ability stands for.
func controls(w http.ResponseWriter) bool {
	switch w.(type) {
	case interface{ FlushError() error }, interface{ SetReadDeadline(time.Time) error },
		interface{ SetWriteDeadline(time.Time) error }, interface{ EnableFullDuplex() error }:
		return true
	}
	return false
}

// isServers reports whether a writer is one of net/http's server. It takes a header as it is when
// the status is written, and changes nothing of it, so that what is sent to it can wait.
func isServers(w http.ResponseWriter) bool {
	t := reflect.TypeOf(w)
	if t == nil || t.Kind() != reflect.Pointer || t.Elem().PkgPath() != "net/http" {
		return false
	}
	return t.Elem().Name() == "response" || t.Elem().Name() == "http2responseWriter"
}

// lent is a Writer with the abilities of the other side's.
type lent interface {
	http.ResponseWriter
	writer() *Writer
}

func (w *Writer) writer() *Writer { return w }

//go:generate go run combine.go

// Each of the following is a Writer's ability; combined.go has what a writer with some of them is.
type (
	flusher      struct{ w *Writer }
	hijacker     struct{ w *Writer }
	readerFrom   struct{ w *Writer }
	pusher       struct{ w *Writer }
	stringWriter struct{ w *Writer }
	wrapper      struct{ w *Writer }
	controller   struct{ w *Writer }
)

func (f flusher) Flush()                                          { _ = f.w.flush(byFlusher) }
func (h hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error)   { return h.w.hijack() }
func (r readerFrom) ReadFrom(src io.Reader) (int64, error)        { return r.w.readFrom(src) }
func (p pusher) Push(target string, opts *http.PushOptions) error { return p.w.push(target, opts) }
func (s stringWriter) WriteString(text string) (int, error)       { return s.w.write([]byte(text), true) }
func (u wrapper) Unwrap() http.ResponseWriter                     { return u.w.unwrap() }
func (c controller) FlushError() error                            { return c.w.flush(byController) }
func (c controller) SetReadDeadline(deadline time.Time) error {
	return c.w.control("SetReadDeadline", deadline)
}

func (c controller) SetWriteDeadline(deadline time.Time) error {
	return c.w.control("SetWriteDeadline", deadline)
}
func (c controller) EnableFullDuplex() error { return c.w.control("EnableFullDuplex", time.Time{}) }
