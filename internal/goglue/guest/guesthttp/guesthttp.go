// Package guesthttp carries HTTP handlers across. It is ordinary code of a module: its types are described and
// its functions are called as those of the module's own package. A module without net/http does not contain it.
package guesthttp

import (
	"context"
	"errors"
	"io"
	"maps"
	"net/http"
	"time"
)

// Response takes the answer to a request.
type Response interface {
	// Send makes header the whole header, sends the status where it is not 0 and then the data, and flushes.
	Send(status int, header map[string][]string, data []byte, flush bool) error
	// Control does what the method of that name of an [http.ResponseController] does.
	Control(method string, deadline time.Time) error
	// Trailer returns the trailer of the request, once its body has been read.
	Trailer() map[string][]string
}

// Handler answers requests.
type Handler interface {
	// ServeHTTP answers a request whose response has the header so far. It returns the header as it is
	// afterwards, and [http.ErrAbortHandler] where the handler panicked with it.
	ServeHTTP(ctx context.Context, r Request, body io.ReadCloser, w Response, header map[string][]string) (map[string][]string, error)
}

// Serve lets a handler of the module answer a request of the host. What it returns is still to be sent: a status,
// which may be 0, the header, and data. The error is [http.ErrAbortHandler] where the handler panicked with it.
func Serve(ctx context.Context, h http.Handler, r Request, body io.Reader, w Response, header map[string][]string) (status int, after map[string][]string, data []byte, err error) {
	defer func() {
		if p := recover(); p == http.ErrAbortHandler {
			err = http.ErrAbortHandler
		} else if p != nil {
			panic(p)
		}
	}()
	rw := NewWriter(w, header)
	h.ServeHTTP(rw, newRequest(ctx, r, body, w))
	if rw.written != nil && !same(rw.written, rw.header) { // what comes after the body is a trailer
		rw.send(false)
	}
	return rw.pending, rw.header, rw.data, nil
}

// NewHandler makes a handler of the host one of the module.
func NewHandler(h Handler) http.Handler { return hostHandler{h} }

type hostHandler struct{ Handler }

// HostHandle lets the handler return to the host as itself.
func (h hostHandler) HostHandle() uint64 {
	return h.Handler.(interface{ HostHandle() uint64 }).HostHandle()
}

func (h hostHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	crossing := Crossing(r)
	body := r.Body
	if c, ok := r.Context().Value(origin{}).(*came); ok {
		crossing.ID = c.id
		crossing.SameBody = body == c.body && !c.touched()
	}
	if crossing.SameBody || body == http.NoBody {
		body = nil
	}
	out := To(w) // the module answers by a writer of its own
	own, ok := w.(*Writer)
	if ok {
		if out = own.out; own.pending != 0 || len(own.data) > 0 {
			own.send(false)
		}
	}
	header, err := h.Handler.ServeHTTP(r.Context(), crossing, body, out, w.Header())
	if ok {
		Replace(own.header, header)
		own.know()
	}
	if err != nil {
		panic(err)
	}
}

// Replace makes a header another one, which may be the same.
func Replace(header http.Header, by map[string][]string) {
	by = maps.Clone(by)
	clear(header)
	maps.Copy(header, by)
}

// To returns a response that sends to an http.ResponseWriter.
func To(w http.ResponseWriter) Response { return response{w} }

type response struct{ w http.ResponseWriter }

func (r response) Send(status int, header map[string][]string, data []byte, flush bool) error {
	Replace(r.w.Header(), header)
	if status != 0 {
		r.w.WriteHeader(status)
	}
	var err error
	if len(data) > 0 {
		_, err = r.w.Write(data)
	}
	if flush && err == nil {
		if err = http.NewResponseController(r.w).Flush(); errors.Is(err, http.ErrNotSupported) {
			err = nil
		}
	}
	return err
}

func (r response) Control(method string, deadline time.Time) error {
	control := http.NewResponseController(r.w)
	switch method {
	case "EnableFullDuplex":
		return control.EnableFullDuplex()
	case "SetReadDeadline":
		return control.SetReadDeadline(deadline)
	case "SetWriteDeadline":
		return control.SetWriteDeadline(deadline)
	}
	return http.ErrNotSupported
}

func (r response) Trailer() map[string][]string { return nil }
