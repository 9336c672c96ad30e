package webclient

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io/fs"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/loadgo/load/event"
)

// Passing reports whether a request that failed may succeed the next time. What the server
// answered, and what the caller made of it, is for the caller to judge.
func Passing(err error) bool {
	var redirect *RedirectError
	var certificate *tls.CertificateVerificationError
	var authority x509.UnknownAuthorityError
	var disk *fs.PathError
	var dns *net.DNSError
	switch {
	case errors.As(err, &redirect), errors.As(err, &certificate), errors.As(err, &authority), errors.As(err, &disk):
		return false
	case errors.As(err, &dns):
		return !dns.IsNotFound
	}
	return true
}

// PassingStatus is Passing for the status of an answer.
func PassingStatus(code int) bool {
	return code >= 500 || code == http.StatusTooManyRequests || code == http.StatusRequestTimeout
}

// RetryAfter reads the header of that name. A server that wants more than a minute gets the usual
// delay, which is 0 here.
func RetryAfter(header http.Header) time.Duration {
	text := header.Get("Retry-After")
	if seconds, err := strconv.Atoi(text); err == nil && 0 < seconds && seconds <= 60 {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		if d := time.Until(at); 0 < d && d <= time.Minute {
			return d
		}
	}
	return 0
}

// Pause waits before a request to url is made again, and tells so by a [event.Retrying] that has
// why as its reason. It waits for after, where the server asked for that, or else for delay,
// doubled with each try from 0, at most 10 s and a part of it at random. Where ctx ends first, the
// error is its cause.
func Pause(ctx context.Context, events event.Sink, delay time.Duration, try int, after time.Duration, url string, why error) error {
	wait := max(after, delay<<try)
	if after == 0 {
		wait = min(wait, 10*time.Second)
		wait = wait/2 + rand.N(wait/2+1)
	}
	events.Emit(event.Retrying{URL: url, Err: why, Delay: wait})
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
