package origin

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/loadgo/load/install"
	"github.com/loadgo/load/internal/quantity"
	"github.com/loadgo/load/internal/webclient"
)

// client makes requests, again where a fault may pass.
type client struct {
	http    *http.Client
	user    *webclient.Credentials
	retries int
	delay   time.Duration
	stall   time.Duration
}

// newClient returns a client that asks through h.
func newClient(h http.Client, user *webclient.Credentials, retries int, delay, stall time.Duration) *client {
	if h.Transport == nil {
		h.Transport = http.DefaultTransport
	}
	return &client{http: &h, user: user, retries: retries, delay: delay, stall: stall}
}

// A finalError is not cured by asking again.
type finalError struct{ error }

func final(err error) error { return finalError{err} }

func (e finalError) Unwrap() error { return e.error }

// get writes the answer's body, of at most limit bytes, to what open returns; open is called for
// each try.
func (c *client) get(ctx context.Context, session *install.Session, from Proxy, u *url.URL, limit int64, open func() (io.Writer, error)) (int64, error) {
	if session.Offline {
		return 0, install.ErrOffline
	}
	if err := session.AdmitURL(u); err != nil {
		return 0, err
	}
	for try := 0; ; try++ {
		w, err := open()
		if err != nil {
			return 0, err
		}
		n, after, err := c.once(ctx, session, from, u, limit, w)
		switch {
		case err == nil:
			return n, nil
		case ctx.Err() != nil:
			return 0, context.Cause(ctx)
		case from.once || try >= c.retries || !passing(err):
			return 0, c.describe(from, u, err, try)
		}
		if err := webclient.Pause(ctx, session.Events, c.delay, try, after, u.String(), plain(err)); err != nil {
			return 0, err
		}
	}
}

var errStalled = errors.New("the answer stalled")

// once makes one request. after is how long the registry asks to wait.
func (c *client) once(ctx context.Context, session *install.Session, from Proxy, u *url.URL, limit int64, w io.Writer) (n int64, after time.Duration, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	progress := time.AfterFunc(c.stall, func() { cancel(errStalled) })
	defer progress.Stop()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return 0, 0, final(err)
	}
	defer func() {
		if err != nil && context.Cause(ctx) == errStalled {
			err = errStalled
		}
	}()
	access, h := from.access(u), *c.http
	access.Timer, access.Stall = progress, c.stall
	h.CheckRedirect = webclient.CheckRedirect(session.AdmitURL)
	h.Transport = c.user.Transport(h.Transport, access)
	resp, err := h.Do(r)
	if err != nil {
		return 0, 0, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return 0, webclient.RetryAfter(resp.Header), refusal(u, resp)
	}
	if strings.HasPrefix(resp.Header.Get("Content-Type"), "text/html") {
		return 0, 0, final(errNotProxy)
	}
	if resp.ContentLength > limit {
		return 0, 0, final(tooLarge(limit))
	}
	expect(w, resp.ContentLength)
	body := webclient.Steady(resp.Body, progress, c.stall)
	n, err = io.Copy(w, io.LimitReader(body, limit+1))
	if err == nil && n > limit {
		err = final(tooLarge(limit))
	}
	return n, 0, err
}

var errNotProxy = errors.New("not a module proxy's answer: it is an HTML page")

func tooLarge(limit int64) error {
	return errors.New("the answer is larger than " + quantity.Size(limit))
}
