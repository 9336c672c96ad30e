package goglue

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

type serveFunc = func(ctx context.Context, h *engine.Object, r guesthttp.Request, body io.Reader, w guesthttp.Response, header map[string][]string) (int, map[string][]string, []byte, error)

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
	response := &hostResponse{Response: guesthttp.To(w), w: w, request: r}
	defer response.end()
	status, header, data, err := bridgeFunc[serveFunc](h.instance, serveBridge)(ctx, h.object, crossing, body, response, w.Header())
	switch {
	case err == nil:
		_ = response.Send(status, header, data, false) // as with what net/http buffers, the handler does not learn of it
	case errors.Is(err, http.ErrAbortHandler) || r.Context().Err() != nil: // the client has gone
		panic(http.ErrAbortHandler)
	case (errors.Is(err, engine.ErrUnloaded) || errors.Is(err, engine.ErrCrashed)) && !response.used():
		gone(err)
	case errors.Is(err, engine.ErrUnloaded) || errors.Is(err, engine.ErrCrashed):
		broken(err)
	default:
		panic(err)
	}
}

// hostResponse is a response of the host. A module that goes on after its call was cancelled must not write to it:
// it belongs to the server again when ServeHTTP returns.
type hostResponse struct {
	guesthttp.Response
	w       http.ResponseWriter
	request *http.Request

	mu    sync.Mutex
	ended bool
	begun bool // somebody has used it
	users sync.WaitGroup
}

var errRequestOver = errors.New("the request is over")

// use lets the response be used until done is called.
func (r *hostResponse) use() (done func(), err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ended {
		return nil, errRequestOver
	}
	r.begun = true
	r.users.Add(1)
	return r.users.Done, nil
}

// used reports whether the module, or a handler of the host that it called, may have written to the
// response.
func (r *hostResponse) used() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.begun
}

// end waits for those who use the response, and lets go of it: the module may keep the reference for a while.
func (r *hostResponse) end() {
	r.mu.Lock()
	r.ended = true
	r.mu.Unlock()
	r.users.Wait()
	r.Response, r.w, r.request = nil, nil, nil
}

func (r *hostResponse) Send(status int, header map[string][]string, data []byte, flush bool) error {
	done, err := r.use()
	if err != nil {
		return err
	}
	defer done()
	return r.Response.Send(status, header, data, flush)
}

func (r *hostResponse) Control(method string, deadline time.Time) error {
	done, err := r.use()
	if err != nil {
		return err
	}
	defer done()
	return r.Response.Control(method, deadline)
}

func (r *hostResponse) Trailer() map[string][]string {
	done, err := r.use()
	if err != nil {
		return nil
	}
	defer done()
	return r.request.Trailer
}

// adaptedResponse is a response of the module.
type adaptedResponse struct {
	adapted
	send    func(int, map[string][]string, []byte, bool) error
	control func(string, time.Time) error
}

func newAdaptedResponse(a adapted) adaptedResponse {
	return adaptedResponse{a, adapt[func(int, map[string][]string, []byte, bool) error](a, "Send"), adapt[func(string, time.Time) error](a, "Control")}
}

func (r adaptedResponse) Send(status int, header map[string][]string, data []byte, flush bool) error {
	return r.send(status, header, data, flush)
}

func (r adaptedResponse) Control(method string, deadline time.Time) error {
	return r.control(method, deadline)
}

func (r adaptedResponse) Trailer() map[string][]string { return nil } // its request came from the host

// hostHandler is a host's handler for a module.
type hostHandler struct {
	handler  http.Handler
	instance *Instance
	from     reflect.Value
}

func (h hostHandler) original() reflect.Value { return h.from }

// ServeHTTP answers a request that came through the module: it is the host's own request with what the module has
// changed.
func (h hostHandler) ServeHTTP(ctx context.Context, r guesthttp.Request, body io.ReadCloser, w guesthttp.Response, header map[string][]string) (after map[string][]string, err error) {
	var out http.ResponseWriter
	if own, ok := w.(*hostResponse); ok {
		done, err := own.use()
		if err != nil {
			return nil, err
		}
		defer done()
		out = own.w
		guesthttp.Replace(out.Header(), header)
	} else {
		rw := guesthttp.NewWriter(w, header)
		defer rw.Finish()
		out = rw
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
	}()
	h.handler.ServeHTTP(out, req)
	return out.Header(), nil
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
