package webclient

import (
	"context"
	"encoding/base64"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

// Credentials finds out who the user is to a server: by the callback, by the variable that holds a
// registry's token, by the configured URL, and else as the go command does (GOAUTH). It is safe for
// concurrent use, and not changed once it is in use.
type Credentials struct {
	// Callback returns headers for a URL, or none to go on with the other ways.
	Callback func(ctx context.Context, u *url.URL) (http.Header, error)

	// GoAuth returns the value of GOAUTH, and the file of its way "netrc". It is called once, when
	// it is needed.
	GoAuth func() (value, netrc string)

	auth goAuth
}

// Access is what requests are for, and who may be told who the user is: the scheme, host and port
// of the URL.
type Access struct {
	URL      *url.URL      // without credentials
	User     *url.Userinfo // that the configuration has in the URL, or nil
	Variable string        // of the environment, that holds the registry's token; "" for none
	Insecure bool          // it may be told over http

	// Timer ends the request, if it is not nil. It is stopped while the user's programs look for
	// credentials, and set to Stall again then.
	Timer *time.Timer
	Stall time.Duration
}

// pause stops the timer.
func (a Access) pause() (resume func()) {
	if a.Timer == nil || !a.Timer.Stop() {
		return func() {}
	}
	return func() { a.Timer.Reset(a.Stall) }
}

// CredentialsError reports credentials that cannot be looked for. Asking again does not help.
type CredentialsError struct {
	Reason, Fix string
	Err         error // or nil
}

func (e *CredentialsError) Error() string { return e.Reason }
func (e *CredentialsError) Unwrap() error { return e.Err }

// Transport adds the credentials for an access to requests, and asks next. They are added to each
// request on its own and are never part of it: a redirect to another scheme, host or port has none
// to take along, and the server there cannot lead back to one that gets them.
func (c *Credentials) Transport(next http.RoundTripper, a Access) http.RoundTripper {
	return &transport{c, next, a}
}

type transport struct {
	credentials *Credentials
	next        http.RoundTripper
	access      Access
}

func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx, a := r.Context(), t.access
	if a.URL.Scheme != "https" && !a.Insecure || !stayed(r, a.URL) {
		return t.next.RoundTrip(r)
	}
	header, final, err := t.credentials.first(ctx, a)
	if err != nil {
		return nil, err
	}
	resp, err := t.next.RoundTrip(withHeader(r, header))
	if err != nil || final || resp.StatusCode < 400 || resp.StatusCode >= 500 {
		return resp, err
	}
	again, told, err := t.credentials.again(ctx, a, r.URL, resp)
	if err != nil || len(again) == 0 || maps.EqualFunc(again, header, func(x, y []string) bool { return strings.Join(x, "\n") == strings.Join(y, "\n") }) {
		return resp, nil
	}
	resp.Body.Close()
	if resp, err = t.next.RoundTrip(withHeader(r, again)); err == nil {
		told(ctx, resp.StatusCode)
	}
	return resp, err
}

// stayed reports whether a request, and those that were redirected to it, are for the scheme, host
// and port of a URL.
func stayed(r *http.Request, at *url.URL) bool {
	for r.URL.Scheme == at.Scheme && r.URL.Host == at.Host {
		if r.Response == nil || r.Response.Request == nil {
			return true
		}
		r = r.Response.Request
	}
	return false
}

func withHeader(r *http.Request, header http.Header) *http.Request {
	if len(header) == 0 {
		return r
	}
	r = r.Clone(r.Context())
	for key, values := range header {
		r.Header[http.CanonicalHeaderKey(key)] = values
	}
	return r
}

// first returns the headers for a first request. They are final where no answer of the server can
// lead to others.
func (c *Credentials) first(ctx context.Context, a Access) (header http.Header, final bool, err error) {
	defer a.pause()()
	if c.Callback != nil {
		u := *a.URL
		header, err := c.Callback(ctx, &u)
		if err != nil {
			return nil, false, &CredentialsError{Reason: "Config.Credentials: " + err.Error(), Err: err}
		}
		if len(header) > 0 {
			return header.Clone(), true, nil
		}
	}
	if secret := strings.TrimSpace(os.Getenv(a.Variable)); a.Variable != "" && secret != "" {
		if strings.ContainsFunc(secret, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			return nil, false, &CredentialsError{Reason: a.Variable + " holds what no token can", Fix: "set it to a token, or to user:password"}
		}
		if strings.Contains(secret, ":") {
			return basic(secret), true, nil
		}
		return http.Header{"Authorization": {"Bearer " + secret}}, true, nil
	}
	if a.User != nil {
		return userHeader(a.User), true, nil
	}
	if a.URL.Scheme != "https" {
		return nil, true, nil
	}
	header, err = c.auth.first(ctx, c, a.URL)
	return header, false, err
}

// again runs the commands of GOAUTH with a server's refusal. told is to hear how the next answer
// was.
func (c *Credentials) again(ctx context.Context, a Access, u *url.URL, refusal *http.Response) (header http.Header, told func(context.Context, int), err error) {
	if u.Scheme != "https" {
		return nil, nil, nil
	}
	defer a.pause()()
	return c.auth.again(ctx, u, refusal)
}

func basic(userPassword string) http.Header {
	return http.Header{"Authorization": {"Basic " + base64.StdEncoding.EncodeToString([]byte(userPassword))}}
}

func userHeader(user *url.Userinfo) http.Header {
	password, _ := user.Password()
	return basic(user.Username() + ":" + password)
}

// Places tells where credentials for a URL are looked for, for the reader of a refusal. It holds
// none of them.
func (c *Credentials) Places(a Access) string {
	var places []string
	if c.Callback != nil {
		places = append(places, "Config.Credentials")
	}
	if a.Variable != "" {
		state := "not set"
		if os.Getenv(a.Variable) != "" {
			state = "set"
		}
		places = append(places, fmt.Sprintf("%s (%s)", a.Variable, state))
	}
	if a.URL.Scheme == "https" || len(places) == 0 {
		places = append(places, c.auth.places(c)...)
	}
	last := len(places) - 1
	if last == 0 {
		return places[0]
	}
	return strings.Join(places[:last], ", ") + " or " + places[last]
}
