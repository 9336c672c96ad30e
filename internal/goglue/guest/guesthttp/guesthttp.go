// Package guesthttp carries HTTP handlers across. It is ordinary code of a module: its types are described and
// its functions are called as those of the module's own package. A module without net/http does not contain it.
package guesthttp

import (
	"context"
	"crypto/tls"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
)

// Request is a request as it crosses.
type Request struct {
	ID uint64 // the host's number of the request that it came from, or 0

	Method, URL, Proto           string
	ProtoMajor, ProtoMinor       int
	Header, Trailer              map[string][]string
	ContentLength                int64
	TransferEncoding             []string
	Host, RemoteAddr, RequestURI string
	TLS                          bool

	// SameBody tells that the body is that of the request that it came from.
	SameBody bool
}

// Response takes the answer to a request.
type Response interface {
	// Send makes header the whole header, sends the status where it is not 0 and then the data, and flushes.
	Send(status int, header map[string][]string, data []byte, flush bool) error
}

// Handler answers requests. It returns the response's header as it is afterwards.
type Handler interface {
	ServeHTTP(ctx context.Context, r Request, body io.Reader, w Response) map[string][]string
}

// Serve lets a handler of the module answer a request of the host. What it returns is still to be sent: a status,
// which may be 0, the header, and data.
func Serve(ctx context.Context, h http.Handler, r Request, body io.Reader, w Response, header map[string][]string) (int, map[string][]string, []byte, error) {
	req, err := newRequest(ctx, r, body)
	if err != nil {
		return 0, nil, nil, err
	}
	rw := NewWriter(w, header)
	h.ServeHTTP(rw, req)
	return rw.pending, rw.header, rw.data, nil
}

// Crossing describes a request without its body.
func Crossing(r *http.Request) Request {
	return Request{
		Method: r.Method, URL: r.URL.String(), Proto: r.Proto, ProtoMajor: r.ProtoMajor, ProtoMinor: r.ProtoMinor,
		Header: r.Header, Trailer: r.Trailer, ContentLength: r.ContentLength, TransferEncoding: r.TransferEncoding,
		Host: r.Host, RemoteAddr: r.RemoteAddr, RequestURI: r.RequestURI, TLS: r.TLS != nil,
	}
}

// Apply makes what crossed the request's own.
func (r *Request) Apply(to *http.Request) error {
	u, err := url.Parse(r.URL)
	if err != nil {
		return err
	}
	to.Method, to.URL, to.Proto, to.ProtoMajor, to.ProtoMinor = r.Method, u, r.Proto, r.ProtoMajor, r.ProtoMinor
	to.Header, to.Trailer, to.ContentLength, to.TransferEncoding = headerOf(r.Header), r.Trailer, r.ContentLength, r.TransferEncoding
	to.Host, to.RemoteAddr, to.RequestURI = r.Host, r.RemoteAddr, r.RequestURI
	return nil
}

// origin is the context key of what a request came from.
type origin struct{}

type came struct {
	id   uint64
	body io.ReadCloser
}

func newRequest(ctx context.Context, r Request, body io.Reader) (*http.Request, error) {
	c := &came{id: r.ID, body: http.NoBody}
	if body != nil {
		c.body = io.NopCloser(body)
	}
	req := (&http.Request{Body: c.body}).WithContext(context.WithValue(ctx, origin{}, c))
	if r.TLS {
		req.TLS = &tls.ConnectionState{HandshakeComplete: true}
	}
	return req, r.Apply(req)
}

func headerOf(h map[string][]string) http.Header {
	if h == nil {
		return http.Header{}
	}
	return h
}

// maxPending is how much of an answer waits to be sent together.
const maxPending = 32 << 10

// Writer is an http.ResponseWriter for a response of the other side.
type Writer struct {
	out     Response
	header  http.Header
	known   http.Header // as the other side has it
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
		w.status, w.pending = status, status
	}
}

// Write implements [http.ResponseWriter].
func (w *Writer) Write(p []byte) (int, error) {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
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
func (w *Writer) Flush() {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	w.send(true)
}

func (w *Writer) send(flush bool) {
	if err := w.out.Send(w.pending, w.header, w.data, flush); err != nil && w.err == nil {
		w.err = err
	}
	w.pending, w.data = 0, nil
	w.know()
}

// Finish sends what is pending.
func (w *Writer) Finish() error {
	if w.pending != 0 || len(w.data) > 0 || !maps.EqualFunc(w.header, w.known, slices.Equal) {
		w.send(false)
	}
	return w.err
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
	var body io.Reader = r.Body
	if c, ok := r.Context().Value(origin{}).(*came); ok {
		crossing.ID = c.id
		if crossing.SameBody = r.Body == c.body; crossing.SameBody {
			body = nil
		}
	}
	if r.Body == nil || r.Body == http.NoBody {
		body = nil
	}
	own, ok := w.(*Writer)
	if !ok { // the module answers by a writer of its own
		h.Handler.ServeHTTP(r.Context(), crossing, body, To(w))
		return
	}
	if own.pending != 0 || len(own.data) > 0 || !maps.EqualFunc(own.header, own.known, slices.Equal) {
		own.send(false)
	}
	header := h.Handler.ServeHTTP(r.Context(), crossing, body, own.out)
	clear(own.header)
	maps.Copy(own.header, header)
	own.know()
}

// To returns a response that sends to an http.ResponseWriter.
func To(w http.ResponseWriter) Response { return response{w} }

type response struct{ w http.ResponseWriter }

func (r response) Send(status int, header map[string][]string, data []byte, flush bool) error {
	h := r.w.Header()
	clear(h)
	maps.Copy(h, header)
	if status != 0 {
		r.w.WriteHeader(status)
	}
	var err error
	if len(data) > 0 {
		_, err = r.w.Write(data)
	}
	if flusher, ok := r.w.(http.Flusher); ok && flush {
		flusher.Flush()
	}
	return err
}
