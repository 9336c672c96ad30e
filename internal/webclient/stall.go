package webclient

import (
	"context"
	"io"
	"time"
)

// Stall ends a request when nothing of its body or of the answer's has arrived for a time.
type Stall struct {
	ctx   context.Context
	end   context.CancelCauseFunc
	timer *time.Timer
	after time.Duration
}

// NewStall returns one that ends the request after a time without a fair piece. The request takes
// its context, and the caller calls End or closes the body that Received returns.
func NewStall(ctx context.Context, after time.Duration) *Stall {
	s := &Stall{after: after}
	s.ctx, s.end = context.WithCancelCause(ctx)
	s.timer = time.AfterFunc(after, func() { s.end(ErrStalled) })
	return s
}

// Context returns the request's context, which ends with [ErrStalled] as its cause.
func (s *Stall) Context() context.Context { return s.ctx }

// End frees what the watch holds, and ends the context.
func (s *Stall) End() {
	s.timer.Stop()
	s.end(nil)
}

// Pauses returns what a request's [Access] needs to stop the time while the user's programs work.
func (s *Stall) Pauses(a Access) Access {
	a.Timer, a.Stall = s.timer, s.after
	return a
}

// Explain returns [ErrStalled] instead of an error that the stall brought about.
func (s *Stall) Explain(err error) error {
	if err != nil && err != io.EOF && context.Cause(s.ctx) == ErrStalled {
		return ErrStalled
	}
	return err
}

// Sent returns a request's body whose progress counts.
func (s *Stall) Sent(body io.ReadCloser) io.ReadCloser {
	return &watched{Reader: Steady(body, s.timer, s.after), stall: s, close: body.Close}
}

// Received returns an answer's body whose progress counts, and which ends the watch when it is
// closed.
func (s *Stall) Received(body io.ReadCloser) io.ReadCloser {
	return &watched{Reader: Steady(body, s.timer, s.after), stall: s, close: func() error {
		s.End()
		return body.Close()
	}}
}

type watched struct {
	io.Reader
	stall *Stall
	close func() error
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.Reader.Read(p)
	return n, w.stall.Explain(err)
}

func (w *watched) Close() error { return w.close() }
