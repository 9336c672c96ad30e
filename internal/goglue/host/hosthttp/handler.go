// Package hosthttp is the host's side of requests: what lets handlers of a module answer requests of
// the host, and handlers of the host those that come through a module. Its counterpart in the
// module is package guesthttp.
package hosthttp

import (
	"context"
	"errors"
	"io"
	"net/http"
	"reflect"
	"sync"
	"sync/atomic"
	"time"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/internal/goglue/guest/guesthttp"
	"github.com/loadgo/load/internal/goglue/host/adapted"
)

// Requests are the requests of the host that handlers of one module are answering. Serve is the
// function of the module that answers one. Limit is how long that may take; 0 is no limit.
type Requests struct {
	Serve  ServeFunc
	Module string // its name
	Limit  time.Duration

	mu     sync.Mutex
	last   uint64
	active map[uint64]*served
}

// served is a request that the module answers, as the module got it, and the time that it takes.
type served struct {
	hostResponse
	writer   guesthttp.Target // of the response
	lifetime life             // likewise
	body     body             // of the request
	known    *guesthttp.Request
	lent     atomic.Bool // a handler of the host has the header, and the response meanwhile
	clock    *clock
}

// number gives a request the number that the module knows it by.
func (r *Requests) number() uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.last++
	return r.last
}

func (r *Requests) begin(id uint64, s *served) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.active == nil {
		r.active = map[uint64]*served{}
	}
	r.active[id] = s
}

func (r *Requests) end(id uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.active, id)
}

// get returns the request with a number, or one of which nothing is known.
func (r *Requests) get(id uint64) *served {
	r.mu.Lock()
	defer r.mu.Unlock()
	if s := r.active[id]; s != nil {
		return s
	}
	return new(served)
}

// Handler returns a handler of the module as one of the host.
func (r *Requests) Handler(o *engine.Object) http.Handler {
	return moduleHandler{adapted.Value{Object: o}, r}
}

// Given returns a handler of the host as one for the module. From is what the host gave.
func (r *Requests) Given(h http.Handler, from reflect.Value) *Given {
	return &Given{h, r, from}
}

// moduleHandler is a module's handler for the host. A panic of the module panics here, which
// net/http's server takes as any handler's panic. So does the module's end once the response was
// begun; before that it is a bad gateway.
type moduleHandler struct {
	adapted.Value
	requests *Requests
}

// ServeFunc is the function of a module that lets a handler of it answer a request.
type ServeFunc = func(ctx context.Context, h *engine.Object, message guesthttp.Message, body io.Reader, w guesthttp.Response) (guesthttp.Message, error)

func (h moduleHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.serve(w, r, func(error) { http.Error(w, http.StatusText(http.StatusBadGateway), http.StatusBadGateway) }, func(err error) { panic(err) })
}

// ServeOr is ServeHTTP that leaves it to gone to answer where the module ended before the response
// was begun. Afterwards it breaks the response off. Package middleware calls it.
func (h moduleHandler) ServeOr(w http.ResponseWriter, r *http.Request, gone func(err error)) {
	h.serve(w, r, gone, func(error) { panic(http.ErrAbortHandler) })
}

// buffers are memory for messages, which is used again once the call that carried one is over.
var buffers = sync.Pool{New: func() any { return new([]byte) }}

// maxBuffer is the size of the largest buffer that is kept.
const maxBuffer = 64 << 10

// serve answers a request. It calls gone where the module ended before the response was begun, and
// broken where it did later.
func (h moduleHandler) serve(w http.ResponseWriter, r *http.Request, gone, broken func(err error)) {
	ctx, clock, stop := newClock(r.Context(), h.requests.Module, h.requests.Limit)
	defer stop()
	id, own := h.requests.number(), &served{writer: *guesthttp.To(w), clock: clock}
	own.hostResponse = hostResponse{&own.writer, &own.lifetime, r}
	buf := buffers.Get().(*[]byte)
	defer buffers.Put(buf)
	message, known := guesthttp.Arriving((*buf)[:0], id, r, guesthttp.AbilitiesOf(w), own.writer.Changes())
	if own.known = known; cap(message.Data) <= maxBuffer {
		*buf = message.Data
	}
	h.requests.begin(id, own)
	defer h.requests.end(id)
	var from io.Reader
	if r.Body != nil && r.Body != http.NoBody {
		own.body.ReadCloser, own.body.from = r.Body, &own.hostResponse
		from = &own.body
	}
	response := &own.hostResponse
	defer response.takeLeft()
	defer response.life.end()
	answer, err := h.requests.Serve(ctx, h.Object, message, from, response)
	response.life.end()
	var rest guesthttp.Answer
	var late guesthttp.Changes
	if err == nil {
		rest, late, err = guesthttp.Rest(answer, r, response.life.reading())
	}
	switch {
	case err == nil:
		response.finish(rest, late)
	case errors.Is(err, http.ErrAbortHandler) || r.Context().Err() != nil: // the client has gone
		panic(http.ErrAbortHandler)
	case (errors.Is(err, engine.ErrUnloaded) || errors.Is(err, engine.ErrCrashed)) && !response.life.used():
		gone(err)
	case errors.Is(err, engine.ErrUnloaded) || errors.Is(err, engine.ErrCrashed):
		broken(err)
	default:
		panic(err)
	}
}

// Given is a host's handler for a module.
type Given struct {
	handler  http.Handler
	requests *Requests
	from     reflect.Value
}

// Original implements [adapted.Given].
func (h *Given) Original() reflect.Value { return h.from }

// Call is a call of a host's handler by the module.
type Call interface {
	// Context makes the context that the module has given.
	Context() context.Context
}

// ServeHTTP answers a request that came through the module: it is the host's own request with what
// the module has changed. It is the method of a [guesthttp.Handler], whose answer lies in
// the given memory if that is large enough.
func (h *Given) ServeHTTP(call Call, message guesthttp.Message, body io.ReadCloser, w guesthttp.Response, into []byte) (answer guesthttp.Message, err error) {
	next, err := guesthttp.TakeNext(message, func(id uint64) *guesthttp.Request { return h.requests.get(id).known })
	switch {
	case err == guesthttp.ErrUnknown:
		return guesthttp.Unknown, nil
	case err != nil:
		return answer, err
	}
	own := h.requests.get(next.ID)
	response, isOwn := w.(*hostResponse)
	if isOwn {
		if err := response.use(); err != nil {
			return answer, err
		}
		defer response.life.done()
	}
	var header http.Header
	if isOwn && response.life == own.life && own.lent.CompareAndSwap(false, true) {
		defer own.lent.Store(false)
		if next.SameHeader(own.request.Header) {
			header = own.request.Header
		}
	}
	req, cancel := own.next(call, next, body, header)
	defer cancel()
	var out http.ResponseWriter
	var changes func() guesthttp.Changes
	if isOwn {
		adapted.EndWith(req.Context(), body, response.life.ask)
		if response.life != own.life || !next.SameContext() {
			defer context.AfterFunc(response.until(), cancel)()
		}
		response.target.Apply(next.Header)
		out, changes = response.target.Writer(), response.target.Changes
	} else {
		adapted.EndWith(req.Context(), body, nil)
		adapted.EndWith(req.Context(), w, nil)
		rw := guesthttp.NewWriter(w, next.Abilities, next.Header)
		defer rw.Finish()
		out, changes = rw.As(), rw.Changes
	}
	own.clock.pause()
	defer own.clock.resume()
	defer func() {
		p := recover()
		switch {
		case p == http.ErrAbortHandler:
			err = http.ErrAbortHandler
		case p != nil:
			own.leave(next.Left())
			panic(p)
		}
		answer = next.Came(into, changes())
	}()
	h.handler.ServeHTTP(out, req)
	return answer, nil
}

// next makes the request for a handler of the host. Its context has the values of the host's own,
// and ends with either; that of a request that is known ends with it. Header is the host's own if
// the handler gets that.
func (s *served) next(call Call, next *guesthttp.Next, from io.ReadCloser, header http.Header) (*http.Request, context.CancelFunc) {
	own := s.request
	if own == nil {
		own = &http.Request{}
	}
	merged, cancel := own.Context(), func() {}
	if s.life != nil && next.SameContext() {
		merged = s.until()
	} else {
		ctx := call.Context()
		if deadline, ok := ctx.Deadline(); ok {
			merged, cancel = context.WithDeadline(merged, deadline)
		} else {
			merged, cancel = context.WithCancel(merged)
		}
		context.AfterFunc(ctx, cancel) // which ends with the call
	}
	req := own.WithContext(merged)
	if s.life != nil {
		req.Trailer = s.trailer()
	}
	next.Apply(req, header)
	switch {
	case !next.SameBody():
		req.Body = from
	case s.life != nil && req.Trailer != nil && s.body.ReadCloser != nil:
		req.Body = trailing{&s.body, req}
	}
	if req.Body == nil {
		req.Body = http.NoBody
	}
	return req, cancel
}
