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
	"time"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/internal/goglue/guest/guesthttp"
	"github.com/loadgo/load/internal/goglue/host/adapted"
)

// Requests are the requests of the host that handlers of one module are answering. Serve binds the
// function of the module that answers one. Limit is how long that may take; 0 is no limit.
type Requests struct {
	Serve func() ServeFunc
	Limit time.Duration

	mu     sync.Mutex
	last   uint64
	active map[uint64]served
}

// served is a request that the module answers, and the time that it takes.
type served struct {
	*http.Request
	clock *clock
}

func (r *Requests) begin(req served) (id uint64, end func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.active == nil {
		r.active = map[uint64]served{}
	}
	r.last++
	id = r.last
	r.active[id] = req
	return id, func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.active, id)
	}
}

func (r *Requests) get(id uint64) served {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.active[id]
}

// Handler returns a handler of the module as one of the host.
func (r *Requests) Handler(o *engine.Object) http.Handler {
	return moduleHandler{adapted.Value{Object: o}, r}
}

// Given returns a handler of the host as one for the module. From is what the host gave.
func (r *Requests) Given(h http.Handler, from reflect.Value) guesthttp.Handler {
	return hostHandler{h, r, from}
}

// moduleHandler is a module's handler for the host. A panic of the module panics here, which
// net/http's server takes as any handler's panic. So does the module's end once the response was
// begun; before that it is a bad gateway.
type moduleHandler struct {
	adapted.Value
	requests *Requests
}

// ServeFunc is the function of a module that lets a handler of it answer a request.
type ServeFunc = func(ctx context.Context, h *engine.Object, r guesthttp.Request, body io.Reader, w guesthttp.Response, abilities guesthttp.Abilities, header guesthttp.Changes) (guesthttp.Answer, guesthttp.Changes, error)

func (h moduleHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.serve(w, r, func(error) { http.Error(w, http.StatusText(http.StatusBadGateway), http.StatusBadGateway) }, func(err error) { panic(err) })
}

// ServeOr is ServeHTTP that leaves it to gone to answer where the module ended before the response
// was begun. Afterwards it breaks the response off. Package middleware calls it.
func (h moduleHandler) ServeOr(w http.ResponseWriter, r *http.Request, gone func(err error)) {
	h.serve(w, r, gone, func(error) { panic(http.ErrAbortHandler) })
}

// serve answers a request. It calls gone where the module ended before the response was begun, and
// broken where it did later.
func (h moduleHandler) serve(w http.ResponseWriter, r *http.Request, gone, broken func(err error)) {
	crossing := guesthttp.Crossing(r)
	ctx, clock, stop := newClock(r.Context(), h.requests.Limit)
	defer stop()
	id, end := h.requests.begin(served{r, clock})
	defer end()
	crossing.ID = id
	var body io.Reader
	if r.Body != nil && r.Body != http.NoBody {
		body = r.Body
	}
	target := guesthttp.To(w)
	response := &hostResponse{target: target, life: new(life), request: r}
	defer response.life.end()
	rest, late, err := h.requests.Serve()(ctx, h.Object, crossing, body, response, guesthttp.AbilitiesOf(w), target.Changes())
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

// hostHandler is a host's handler for a module.
type hostHandler struct {
	handler  http.Handler
	requests *Requests
	from     reflect.Value
}

// Original implements [adapted.Given].
func (h hostHandler) Original() reflect.Value { return h.from }

// ServeHTTP answers a request that came through the module: it is the host's own request with what
// the module has
// changed.
func (h hostHandler) ServeHTTP(ctx context.Context, r guesthttp.Request, body io.ReadCloser, w guesthttp.Response, abilities guesthttp.Abilities, header guesthttp.Changes) (after guesthttp.Changes, err error) {
	var out http.ResponseWriter
	var changes func() guesthttp.Changes
	own := h.requests.get(r.ID)
	req, cancel := h.request(ctx, own.Request, r, body)
	defer cancel()
	adapted.EndWith(req.Context(), body)
	if response, ok := w.(*hostResponse); ok {
		done, err := response.life.use()
		if err != nil {
			return after, err
		}
		defer done()
		defer context.AfterFunc(response.until(), cancel)()
		response.target.Apply(header)
		out, changes = response.target.Writer(), response.target.Changes
	} else {
		adapted.EndWith(req.Context(), w)
		rw := guesthttp.NewWriter(w, abilities, header)
		defer rw.Finish()
		out, changes = rw.As(), rw.Changes
	}
	own.clock.pause()
	defer own.clock.resume()
	defer func() {
		if p := recover(); p == http.ErrAbortHandler {
			err = http.ErrAbortHandler
		} else if p != nil {
			panic(p)
		}
		after = changes()
	}()
	h.handler.ServeHTTP(out, req)
	return after, nil
}

// request makes the request. Its context has the values of the host's own, and ends with either.
func (h hostHandler) request(ctx context.Context, own *http.Request, r guesthttp.Request, body io.ReadCloser) (*http.Request, context.CancelFunc) {
	if own == nil {
		own = &http.Request{}
	}
	var merged context.Context
	var cancel context.CancelFunc
	if deadline, ok := ctx.Deadline(); ok {
		merged, cancel = context.WithDeadline(own.Context(), deadline)
	} else {
		merged, cancel = context.WithCancel(own.Context())
	}
	context.AfterFunc(ctx, cancel) // which ends with the call
	req := own.WithContext(merged)
	r.Apply(req)
	if !r.SameBody {
		req.Body = body
	}
	if req.Body == nil {
		req.Body = http.NoBody
	}
	return req, cancel
}
