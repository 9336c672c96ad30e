// Package guesthttp carries HTTP handlers across. It is ordinary code of a module: its types are
// described and
// its functions are called as those of the module's own package. A module without net/http does not
// contain it.
package guesthttp

import (
	"context"
	"io"
	"net/http"
	"time"
)

// Response is the http.ResponseWriter of the other side. A panic in one of its methods panics here,
// but for [http.ErrAbortHandler], which is returned.
type Response interface {
	// Send does what the answer says. It returns what the last of its writes returned, and what
	// changed in the header meanwhile.
	Send(a Answer) (n int, after Changes, err error)
	// ReadFrom calls the method of that name of an [io.ReaderFrom].
	ReadFrom(header Changes, src io.Reader) (n int64, after Changes, err error)
	// Hijack calls the method of that name of an [http.Hijacker].
	Hijack(header Changes) (Taken, Changes, error)
	// Push calls the method of that name of an [http.Pusher].
	Push(target, method string, header Changes) error
	// Unwrap returns the writer that this one wraps, which has that header.
	Unwrap() (Response, Abilities, Changes)
	// Control does what the method of that name of an [http.ResponseController] does.
	Control(method string, deadline time.Time) error
	// Trailer returns the trailer of the request, once its body has been read.
	Trailer() map[string][]string
}

// Answer is a part of an answer: what it says is done in this order.
type Answer struct {
	Header Changes
	Begins bool // WriteHeader is called
	Status int
	Data   [][]byte // Write is called with each
	Text   bool     // WriteString instead
	Flush  Flush
	Apart  bool // from the header, which somebody may be changing
}

func (a *Answer) empty() bool {
	return !a.Begins && len(a.Data) == 0 && a.Flush == 0 && a.Header.empty()
}

// Flush says what flushes.
type Flush uint8

const (
	byFlusher    Flush = 1 + iota // an [http.Flusher]
	byController                  // an [http.ResponseController]
)

// Handler answers requests.
type Handler interface {
	// ServeHTTP answers a request by a response whose writer has these abilities and this header,
	// or the changes of one that is known. It returns what changed in the header, and
	// [http.ErrAbortHandler] where the handler panicked with it.
	ServeHTTP(ctx context.Context, r Request, body io.ReadCloser, w Response, abilities Abilities, header Changes) (Changes, error)
}

// Serve lets a handler of the module answer a request of the host. What it returns is still to be
// sent, and then to be
// changed in the header. The error is [http.ErrAbortHandler] where the handler panicked with it.
func Serve(ctx context.Context, h http.Handler, r Request, body io.Reader, w Response, abilities Abilities, header Changes) (rest Answer, late Changes, err error) {
	rw := NewWriter(w, abilities, header)
	defer func() {
		if p := recover(); p != nil {
			rw.Finish() // as net/http, which has what was written before
			err = aborted(p)
		}
	}()
	h.ServeHTTP(rw.As(), newRequest(ctx, r, body, w))
	return rw.pending, rw.Changes(), nil
}

// aborted returns what was recovered where it is [http.ErrAbortHandler], and panics with it else.
func aborted(p any) error {
	if p != http.ErrAbortHandler {
		panic(p)
	}
	return http.ErrAbortHandler
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
	if own, ok := w.(lent); ok {
		h.serveWith(own.writer(), r, crossing, body)
		return
	}
	target := To(w) // the module answers by a writer of its own
	after, err := h.Handler.ServeHTTP(r.Context(), crossing, body, target, AbilitiesOf(w), target.Changes())
	target.Apply(after)
	if err != nil {
		panic(err)
	}
}

// serveWith lets the handler answer with the host's own writer.
func (h hostHandler) serveWith(w *Writer, r *http.Request, crossing Request, body io.ReadCloser) {
	w.lend()
	defer w.catchUp() // if the handler panics, perhaps after it has changed the header
	after, err := h.Handler.ServeHTTP(r.Context(), crossing, body, w.out, 0, w.Changes())
	w.apply(after)
	if err != nil {
		panic(err)
	}
}
