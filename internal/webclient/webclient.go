// Package webclient holds what every part of load that speaks HTTP must do alike: which redirects
// to follow, whose credentials to send, and when an answer counts as broken.
package webclient

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/loadgo/load/internal/webhost"
)

// RedirectError reports a redirect that is not followed.
type RedirectError struct {
	Reason string
	Err    error // of who decided about where it leads, or nil
}

func (e *RedirectError) Error() string { return e.Reason }
func (e *RedirectError) Unwrap() error { return e.Err }

// NewTransport returns a transport like the default one, which gives up sooner what cannot be
// reached.
func NewTransport() *http.Transport {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.DialContext = (&net.Dialer{Timeout: 15 * time.Second, KeepAlive: 30 * time.Second}).DialContext
	transport.TLSHandshakeTimeout = 15 * time.Second
	return transport
}

// CheckRedirect returns an [http.Client]'s function of that name, which follows a redirect where
// admit lets it, and where it does not lead to less safety: out of https, to another scheme, or
// from the network to this machine.
func CheckRedirect(admit func(*url.URL) error) func(*http.Request, []*http.Request) error {
	return func(r *http.Request, via []*http.Request) error {
		if err := checkRedirect(r, via); err != nil {
			return err
		}
		if err := admit(r.URL); err != nil {
			return &RedirectError{"redirect to " + r.URL.Host + ": " + err.Error(), err}
		}
		return nil
	}
}

func checkRedirect(r *http.Request, via []*http.Request) error {
	first := via[0].URL
	switch {
	case len(via) >= 10:
		return &RedirectError{Reason: "too many redirects"}
	case r.URL.Scheme != "https" && r.URL.Scheme != "http", first.Scheme == "https" && r.URL.Scheme != "https":
		return &RedirectError{Reason: fmt.Sprintf("redirect from %s to %s", first.Scheme, r.URL.Scheme)}
	case webhost.Doubt(r.URL.Host) != "":
		return &RedirectError{Reason: fmt.Sprintf("redirect to %q, which %s", r.URL.Host, webhost.Doubt(r.URL.Host))}
	case webhost.IsLocal(r.URL.Hostname()) && !webhost.IsLocal(first.Hostname()):
		return &RedirectError{Reason: "redirect to this machine"}
	}
	return nil
}

// Steady returns a reader that sets the timer back to stall whenever a fair piece of r has arrived,
// so that a trickle runs into it as well as silence.
func Steady(r io.Reader, timer *time.Timer, stall time.Duration) io.Reader {
	return &steady{r: r, timer: timer, stall: stall}
}

type steady struct {
	r     io.Reader
	timer *time.Timer
	stall time.Duration
	since int
}

func (s *steady) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	if s.since += n; s.since >= 4<<10 {
		s.since = 0
		s.timer.Reset(s.stall)
	}
	return n, err
}
