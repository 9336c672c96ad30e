package goglue

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"reflect"
	"sync"

	"github.com/loadgo/load"
	"github.com/loadgo/load/internal/goglue/guest/guestfs"
	"github.com/loadgo/load/internal/goglue/guest/guesthttp"
	"github.com/loadgo/load/internal/wire"
)

var (
	handlerType     = reflect.TypeFor[http.Handler]()
	handlerFuncType = reflect.TypeFor[http.HandlerFunc]()
	fsType          = reflect.TypeFor[fs.FS]()
)

// encodeBridged builds what gives a host's value for a type that has a bridge, or nil where the host's type is
// another one.
func (i *Instance) encodeBridged(t reflect.Type, n int) (encoder, error) {
	typ := &i.api.Types[n]
	var wrap func(v reflect.Value) any
	var target reflect.Type
	switch {
	case typ.Kind == KindFunc && t.ConvertibleTo(handlerFuncType):
		target = reflect.TypeFor[guesthttp.Handler]()
		wrap = func(v reflect.Value) any {
			return hostHandler{v.Convert(handlerFuncType).Interface().(http.Handler), i, v}
		}
	case typ.Std == "net/http.Handler" && t.Implements(handlerType):
		target = reflect.TypeFor[guesthttp.Handler]()
		wrap = func(v reflect.Value) any { return hostHandler{v.Interface().(http.Handler), i, v} }
	case typ.Std == "io/fs.FS" && t.Implements(fsType):
		target = reflect.TypeFor[guestfs.System]()
		wrap = func(v reflect.Value) any { return hostSystem{v.Interface().(fs.FS), v} }
	default:
		return nil, nil
	}
	encode, err := i.encodeGiven(target, typ.Bridge)
	if err != nil {
		return nil, err
	}
	return func(e *wire.Encoder, v reflect.Value) {
		switch v.Kind() {
		case reflect.Func, reflect.Interface, reflect.Pointer, reflect.Map:
			if v.IsNil() {
				e.Byte(wire.TagNil)
				return
			}
		}
		if o := i.ownObject(v); o != nil {
			i.encodeObject(e, reflect.ValueOf(o))
			return
		}
		encode(e, reflect.ValueOf(wrap(v)))
	}, nil
}

// wrapped is a host's value that crosses by a bridge.
type wrapped interface{ original() reflect.Value }

// hostSystem is a host's file system for a module.
type hostSystem struct {
	fsys fs.FS
	from reflect.Value
}

func (s hostSystem) original() reflect.Value { return s.from }

func (s hostSystem) Stat(name string) (guestfs.Info, error) { return guestfs.Stat(s.fsys, name) }

func (s hostSystem) ReadDir(name string) ([]guestfs.Info, error) {
	return guestfs.ReadDir(s.fsys, name)
}

func (s hostSystem) Open(name string) (io.ReadCloser, error) { return guestfs.Open(s.fsys, name) }

// adaptedSystem is a module's file system for the host.
type adaptedSystem struct {
	adapted
	instance *Instance
}

func (s adaptedSystem) Stat(name string) (guestfs.Info, error) {
	return bridgeFunc[func(*load.Object, string) (guestfs.Info, error)](s.instance, "io/fs.FS.Stat")(s.object, name)
}

func (s adaptedSystem) ReadDir(name string) ([]guestfs.Info, error) {
	return bridgeFunc[func(*load.Object, string) ([]guestfs.Info, error)](s.instance, "io/fs.FS.ReadDir")(s.object, name)
}

func (s adaptedSystem) Open(name string) (io.ReadCloser, error) {
	return bridgeFunc[func(*load.Object, string) (io.ReadCloser, error)](s.instance, "io/fs.FS.Open")(s.object, name)
}

// requests are the requests of the host that handlers of the module are answering.
type requests struct {
	mu     sync.Mutex
	last   uint64
	active map[uint64]*http.Request
}

func (r *requests) begin(req *http.Request) (id uint64, end func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.active == nil {
		r.active = map[uint64]*http.Request{}
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

func (r *requests) get(id uint64) *http.Request {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.active[id]
}

// adaptedHandler is a module's handler for the host. A panic of the module, and its end, panic here, which
// net/http's server takes as any handler's panic.
type adaptedHandler struct {
	adapted
	instance *Instance
}

type serveFunc = func(ctx context.Context, h *load.Object, r guesthttp.Request, body io.Reader, w guesthttp.Response, header map[string][]string) (int, map[string][]string, []byte, error)

func (h adaptedHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	crossing := guesthttp.Crossing(r)
	id, end := h.instance.requests.begin(r)
	defer end()
	crossing.ID = id
	var body io.Reader
	if r.Body != nil && r.Body != http.NoBody {
		body = r.Body
	}
	response := hostResponse{guesthttp.To(w), w}
	status, header, data, err := bridgeFunc[serveFunc](h.instance, "net/http.Handler.Serve")(r.Context(), h.object, crossing, body, response, w.Header())
	if err == nil {
		err = response.Send(status, header, data, false)
	}
	switch {
	case err == nil:
	case r.Context().Err() != nil:
		panic(http.ErrAbortHandler) // the client has gone
	default:
		panic(err)
	}
}

// hostResponse is a response of the host.
type hostResponse struct {
	guesthttp.Response
	w http.ResponseWriter
}

// hostHandler is a host's handler for a module.
type hostHandler struct {
	handler  http.Handler
	instance *Instance
	from     reflect.Value
}

func (h hostHandler) original() reflect.Value { return h.from }

// ServeHTTP answers a request that came through the module: it is the host's own request with what the module has
// changed.
func (h hostHandler) ServeHTTP(ctx context.Context, r guesthttp.Request, body io.Reader, w guesthttp.Response) map[string][]string {
	var req *http.Request
	if own := h.instance.requests.get(r.ID); own != nil {
		merged, cancel := context.WithCancel(own.Context())
		defer cancel()
		defer context.AfterFunc(ctx, cancel)()
		req = own.WithContext(merged)
	} else {
		req = (&http.Request{}).WithContext(ctx)
	}
	if err := r.Apply(req); err != nil {
		panic(err)
	}
	if !r.SameBody {
		req.Body = http.NoBody
		if closer, ok := body.(io.ReadCloser); ok {
			req.Body = closer
		} else if body != nil {
			req.Body = io.NopCloser(body)
		}
	}
	if own, ok := w.(hostResponse); ok {
		h.handler.ServeHTTP(own.w, req)
		return own.w.Header()
	}
	rw := guesthttp.NewWriter(w, nil)
	h.handler.ServeHTTP(rw, req)
	if err := rw.Finish(); err != nil {
		panic(err)
	}
	return rw.Header()
}

// bridgeFunc binds a function of a bridge, once.
func bridgeFunc[F any](i *Instance, name string) F {
	if known, ok := i.bridgeFuncs.Load(name); ok {
		return known.(F)
	}
	f, err := i.bridgeFunc(name, reflect.TypeFor[F]())
	if err != nil {
		panic(err)
	}
	i.bridgeFuncs.Store(name, f.Interface())
	return f.Interface().(F)
}

func (i *Instance) bridgeFunc(name string, t reflect.Type) (reflect.Value, error) {
	for _, b := range i.api.Bridges {
		if b.Name == name {
			return i.bindFunc(callee{symbol: name, function: b.Func - 1 + wire.FuncCount, Func: &i.api.Funcs[b.Func-1]}, t)
		}
	}
	return reflect.Value{}, fmt.Errorf("the module has no bridge %s", name)
}

// bridgeable tells whether the module can serve values of the host's interface t.
func (i *Instance) bridgeable(t reflect.Type) error {
	name := map[reflect.Type]string{handlerType: "net/http.Handler.Serve", fsType: "io/fs.FS.Stat"}[t]
	for _, b := range i.api.Bridges {
		if b.Name == name {
			return nil
		}
	}
	return errors.New("the module's API has no " + t.String())
}
