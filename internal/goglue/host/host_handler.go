package host

import (
	"context"
	"errors"
	"io"
	"net/http"
	"reflect"
	"sync"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/internal/goglue/guest/guesthttp"
)

// requests are the requests of the host that handlers of the module are answering.
type requests struct {
	mu     sync.Mutex
	last   uint64
	active map[uint64]served
}

// served is a request that the module answers, and the time that it takes.
type served struct {
	*http.Request
	clock *clock
}

func (r *requests) begin(req served) (id uint64, end func()) {
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

func (r *requests) get(id uint64) served {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.active[id]
}

// adaptedHandler is a module's handler for the host. A panic of the module panics here, which
// net/http's server takes as any handler's panic. So does the module's end once the response was
// begun; before that it is a bad gateway.
type adaptedHandler struct {
	adapted
	instance *Instance
}

// serveBridge is the function of a module that lets a handler of it answer a request.
const serveBridge = "net/http.Handler.Serve"

type serveFunc = func(ctx context.Context, h *engine.Object, r guesthttp.Request, body io.Reader, w guesthttp.Response, abilities guesthttp.Abilities, header guesthttp.Changes) (guesthttp.Answer, guesthttp.Changes, error)

func (h adaptedHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.serve(w, r, func(error) { http.Error(w, http.StatusText(http.StatusBadGateway), http.StatusBadGateway) }, func(err error) { panic(err) })
}

// ServeOr is ServeHTTP that leaves it to gone to answer where the module ended before the response
// was begun. Afterwards it breaks the response off. Package middleware calls it.
func (h adaptedHandler) ServeOr(w http.ResponseWriter, r *http.Request, gone func(err error)) {
	h.serve(w, r, gone, func(error) { panic(http.ErrAbortHandler) })
}

// serve answers a request. It calls gone where the module ended before the response was begun, and
// broken where it did later.
func (h adaptedHandler) serve(w http.ResponseWriter, r *http.Request, gone, broken func(err error)) {
	crossing := guesthttp.Crossing(r)
	ctx, clock, stop := newClock(r.Context(), h.instance.callTime)
	defer stop()
	id, end := h.instance.requests.begin(served{r, clock})
	defer end()
	crossing.ID = id
	var body io.Reader
	if r.Body != nil && r.Body != http.NoBody {
		body = r.Body
	}
	target := guesthttp.To(w)
	response := &hostResponse{target: target, life: new(life), request: r}
	defer response.life.end()
	rest, late, err := bridgeFunc[serveFunc](h.instance, serveBridge)(ctx, h.object, crossing, body, response, guesthttp.AbilitiesOf(w), target.Changes())
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
	instance *Instance
	from     reflect.Value
}

func (h hostHandler) original() reflect.Value { return h.from }

// ServeHTTP answers a request that came through the module: it is the host's own request with what
// the module has
// changed.
func (h hostHandler) ServeHTTP(ctx context.Context, r guesthttp.Request, body io.ReadCloser, w guesthttp.Response, abilities guesthttp.Abilities, header guesthttp.Changes) (after guesthttp.Changes, err error) {
	var out http.ResponseWriter
	var changes func() guesthttp.Changes
	if own, ok := w.(*hostResponse); ok {
		done, err := own.life.use()
		if err != nil {
			return after, err
		}
		defer done()
		own.target.Apply(header)
		out, changes = own.target.Writer(), own.target.Changes
	} else {
		rw := guesthttp.NewWriter(w, abilities, header)
		defer rw.Finish()
		out, changes = rw.As(), rw.Changes
	}
	own := h.instance.requests.get(r.ID)
	req, cancel := h.request(ctx, own.Request, r, body)
	defer cancel()
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
	req, cancel := (&http.Request{}).WithContext(ctx), func() {}
	if own != nil {
		var merged context.Context
		if deadline, ok := ctx.Deadline(); ok {
			merged, cancel = context.WithDeadline(own.Context(), deadline)
		} else {
			merged, cancel = context.WithCancel(own.Context())
		}
		context.AfterFunc(ctx, cancel) // which ends with the call
		req = own.WithContext(merged)
	}
	r.Apply(req)
	if !r.SameBody {
		req.Body = body
	}
	if req.Body == nil {
		req.Body = http.NoBody
	}
	return req, cancel
}
