package origin

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/loadgo/load/install"
	"github.com/loadgo/load/internal/webclient"
)

// AbsentError is a registry's answer that it does not have something: 404, 410, a missing file.
type AbsentError struct {
	URL    string
	Status string // "404 Not Found"
	text   string // what the registry says about it, one line, or ""

	Registry string // the name of the registry that owns it, "" for one of GOPROXY
}

func (e *AbsentError) Error() string {
	if e.text != "" {
		return e.URL + ": " + e.Status + ": " + e.text
	}
	return e.URL + ": " + e.Status
}

func (e *AbsentError) Is(target error) bool { return target == fs.ErrNotExist }

// statusError is an answer that is neither success nor absence.
type statusError struct {
	code int
	text string
}

func (e *statusError) Error() string { return e.text }

// Forbidden reports whether a registry refused to answer, which some do about what they do not
// know.
func Forbidden(err error) bool {
	var status *statusError
	return errors.As(err, &status) && (status.code == http.StatusForbidden || status.code == http.StatusUnauthorized) || denied(err)
}

func refusal(u *url.URL, resp *http.Response) error {
	status := strconv.Itoa(resp.StatusCode)
	if text := http.StatusText(resp.StatusCode); text != "" {
		status += " " + text
	}
	if resp.StatusCode == http.StatusNotFound || resp.StatusCode == http.StatusGone {
		return &AbsentError{URL: u.String(), Status: status, text: firstLine(resp)}
	}
	return &statusError{code: resp.StatusCode, text: status}
}

// firstLine returns the start of a plain text answer, fit to be shown.
func firstLine(resp *http.Response) string {
	if !strings.HasPrefix(resp.Header.Get("Content-Type"), "text/plain") {
		return ""
	}
	data, _ := io.ReadAll(io.LimitReader(resp.Body, 300))
	line, _, _ := strings.Cut(strings.TrimSpace(string(data)), "\n")
	return strings.Map(func(r rune) rune {
		if !strconv.IsPrint(r) {
			return -1
		}
		return r
	}, line)
}

// passing reports whether a fault may be gone the next time.
func passing(err error) bool {
	var status *statusError
	var done finalError
	var credentials *webclient.CredentialsError
	switch {
	case errors.As(err, &done), errors.Is(err, fs.ErrNotExist), errors.As(err, &credentials):
		return false
	case errors.As(err, &status):
		return webclient.PassingStatus(status.code)
	}
	return webclient.Passing(err)
}

// plain takes the URL, which the reader is told anyhow and which may hold credentials, out of an
// error.
func plain(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return plain(u.Err)
	}
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		return errStalled
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("the answer was cut off")
	}
	return err
}

// describe makes the error that a user reads after the last try.
func (c *client) describe(from Proxy, u *url.URL, err error, retries int) error {
	var absent *AbsentError
	var disk *fs.PathError
	var denied *install.PolicyError
	if errors.As(err, &denied) {
		return denied
	}
	if errors.As(err, &absent) {
		absent.Registry = from.owner.Name
	}
	if absent != nil || errors.As(err, &disk) {
		return err
	}
	out := &install.RegistryError{URL: u.String(), Err: err, Reason: plain(err).Error()}
	var status *statusError
	var credentials *webclient.CredentialsError
	errors.As(err, &status)
	switch {
	case Forbidden(err):
		out.Reason = "forbidden by the registry (" + status.text + ")"
		out.Fix = "check the name's spelling and the credentials for " + u.Host + " in " + c.user.Places(from.access(u)) + from.orElse(", or set GOPROXY to another registry")
	case errors.As(err, &credentials):
		out.Fix = credentials.Fix
	case errors.Is(err, errNotProxy) && from.owned():
		out.Fix = "check " + from.place() + "; a network's log-in page may be in the way"
	case errors.Is(err, errNotProxy):
		out.Fix = "set GOPROXY to a module proxy; a network's log-in page may be in the way"
	default:
		if retries > 0 {
			out.Reason += fmt.Sprintf(" (tried %d times)", retries+1)
		}
		out.Fix = "check the network and " + from.place() + ", and try again"
		out.Unavailable = passing(err)
	}
	return out
}
