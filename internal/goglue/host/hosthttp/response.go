package hosthttp

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/loadgo/load/engine"
	"github.com/loadgo/load/internal/goglue/guest/guesthttp"
	"github.com/loadgo/load/internal/goglue/host/adapted"
)

// hostResponse is a response of the host.
type hostResponse struct {
	target  *guesthttp.Target
	life    *life
	request *http.Request
}

// GivenOnce implements [adapted.Once].
func (r *hostResponse) GivenOnce() {}

// Writer is the host's own writer, for what unwraps to it.
func (r *hostResponse) Writer() http.ResponseWriter { return r.target.Writer() }

// finish sends what the module's handler left to be sent, after the end.
func (r *hostResponse) finish(rest guesthttp.Answer, late guesthttp.Changes) {
	if _, _, err := r.target.Send(rest); err == http.ErrAbortHandler {
		panic(err)
	}
	r.target.Apply(late)
}

func (r *hostResponse) Send(a guesthttp.Answer) (int, guesthttp.Changes, error) {
	if err := r.use(); err != nil {
		return 0, guesthttp.Changes{}, err
	}
	defer r.life.done()
	return r.target.Send(a)
}

func (r *hostResponse) ReadFrom(header guesthttp.Changes, src io.Reader) (int64, guesthttp.Changes, error) {
	if err := r.use(); err != nil {
		return 0, guesthttp.Changes{}, err
	}
	defer r.life.done()
	adapted.EndWith(r.until(), src, r.aside)
	return r.target.ReadFrom(header, src)
}

func (r *hostResponse) Hijack(header guesthttp.Changes) (guesthttp.Taken, guesthttp.Changes, error) {
	if err := r.use(); err != nil {
		return guesthttp.Taken{}, guesthttp.Changes{}, err
	}
	defer r.life.done()
	return r.target.Hijack(header)
}

func (r *hostResponse) Push(target, method string, header guesthttp.Changes) error {
	if err := r.use(); err != nil {
		return err
	}
	defer r.life.done()
	return r.target.Push(target, method, header)
}

func (r *hostResponse) Unwrap() (guesthttp.Response, guesthttp.Abilities, guesthttp.Changes) {
	if err := r.use(); err != nil {
		return r, 0, guesthttp.Changes{} // each use of it says so
	}
	defer r.life.done()
	inner, abilities, header := r.target.Unwrap()
	if target, ok := inner.(*guesthttp.Target); ok {
		inner = &hostResponse{target, r.life, r.request}
	}
	return inner, abilities, header
}

// Control does not wait to set a deadline, which may end what others wait for.
func (r *hostResponse) Control(method string, deadline time.Time) error {
	if method != "EnableFullDuplex" {
		if err := r.life.stay(); err != nil {
			return err
		}
		defer r.life.leave()
		return r.target.Control(method, deadline)
	}
	if err := r.use(); err != nil {
		return err
	}
	defer r.life.done()
	return r.target.Control(method, deadline)
}

func (r *hostResponse) Trailer() map[string][]string {
	if err := r.life.stay(); err != nil {
		return nil
	}
	defer r.life.leave()
	return r.trailer()
}

// Left implements [guesthttp.Response].
func (r *hostResponse) Left(changes guesthttp.Message) (panicked guesthttp.Message) {
	l := r.life
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended {
		return panicked
	}
	if len(changes.Data) > 0 {
		l.left = changes
	}
	panicked, l.panicked = l.panicked, panicked
	return panicked
}

// leave keeps what a handler of the host that panicked has changed in the request.
func (r *hostResponse) leave(changes guesthttp.Message) {
	if r.life == nil {
		return
	}
	r.life.mu.Lock()
	defer r.life.mu.Unlock()
	r.life.panicked = changes
}

// takeLeft makes the changes in the request that the module's handler has left, after the end.
func (r *hostResponse) takeLeft() {
	if len(r.life.left.Data) > 0 {
		guesthttp.TakeLeft(r.life.left, r.request, r.life.reading())
	}
}

// moduleResponse is a response of the module, which ends with a context. Few are more than written
// to, so that the other methods are bound when they are called.
type moduleResponse struct {
	adapted.Value
	ctx  context.Context
	send func(context.Context, guesthttp.Answer) (int, guesthttp.Changes, error)
}

// NewResponse returns a response of the module as one of the host.
func NewResponse(o *engine.Object) guesthttp.Response {
	send := adapted.Bind[func(context.Context, guesthttp.Answer) (int, guesthttp.Changes, error)](o, "Send")
	return &moduleResponse{adapted.Value{Object: o}, context.Background(), send}
}

// EndWith implements [adapted.Ending].
func (r *moduleResponse) EndWith(ctx context.Context, _ func(bool)) { r.ctx = ctx }

// panicked lets a panic of the module's writer go on in the handler that used it.
func panicked(err error) error {
	var p *engine.PanicError
	if errors.As(err, &p) {
		panic(err)
	}
	return err
}

func (r *moduleResponse) Send(a guesthttp.Answer) (int, guesthttp.Changes, error) {
	n, after, err := r.send(r.ctx, a)
	return n, after, panicked(err)
}

func (r *moduleResponse) ReadFrom(header guesthttp.Changes, src io.Reader) (int64, guesthttp.Changes, error) {
	n, after, err := adapted.Bind[func(context.Context, guesthttp.Changes, io.Reader) (int64, guesthttp.Changes, error)](r.Object, "ReadFrom")(r.ctx, header, src)
	return n, after, panicked(err)
}

func (r *moduleResponse) Hijack(header guesthttp.Changes) (guesthttp.Taken, guesthttp.Changes, error) {
	taken, after, err := adapted.Bind[func(context.Context, guesthttp.Changes) (guesthttp.Taken, guesthttp.Changes, error)](r.Object, "Hijack")(r.ctx, header)
	return taken, after, panicked(err)
}

func (r *moduleResponse) Push(target, method string, header guesthttp.Changes) error {
	return panicked(adapted.Bind[func(context.Context, string, string, guesthttp.Changes) error](r.Object, "Push")(r.ctx, target, method, header))
}

func (r *moduleResponse) Unwrap() (guesthttp.Response, guesthttp.Abilities, guesthttp.Changes) {
	inner, abilities, header, err := adapted.Bind[func(context.Context) (guesthttp.Response, guesthttp.Abilities, guesthttp.Changes, error)](r.Object, "Unwrap")(r.ctx)
	if err != nil {
		panic(err)
	}
	adapted.EndWith(r.ctx, inner, nil)
	return inner, abilities, header
}

func (r *moduleResponse) Control(method string, deadline time.Time) error {
	return panicked(adapted.Bind[func(context.Context, string, time.Time) error](r.Object, "Control")(r.ctx, method, deadline))
}

// Left implements [guesthttp.Response]: its request came from the host.
func (r *moduleResponse) Left(guesthttp.Message) guesthttp.Message { return guesthttp.Message{} }

func (r *moduleResponse) Trailer() map[string][]string { return nil } // its request came from the host

// moduleConn is a connection of the module.
type moduleConn struct {
	adapted.Value
	receive  func(int) ([]byte, error)
	send     func(guesthttp.Piece) (int, error)
	shut     func() error
	shutHalf func() error
	deadline func(string, time.Time) error
}

// NewConn returns a connection of the module as one of the host.
func NewConn(o *engine.Object) guesthttp.Conn {
	return moduleConn{
		adapted.Value{Object: o},
		adapted.Bind[func(int) ([]byte, error)](o, "Receive"), adapted.Bind[func(guesthttp.Piece) (int, error)](o, "Send"),
		adapted.Bind[func() error](o, "Close"), adapted.Bind[func() error](o, "CloseWrite"),
		adapted.Bind[func(string, time.Time) error](o, "Deadline"),
	}
}

func (c moduleConn) Receive(most int) ([]byte, error)          { return c.receive(most) }
func (c moduleConn) Send(p guesthttp.Piece) (int, error)       { return c.send(p) }
func (c moduleConn) Close() error                              { return c.shut() }
func (c moduleConn) CloseWrite() error                         { return c.shutHalf() }
func (c moduleConn) Deadline(method string, t time.Time) error { return c.deadline(method, t) }
