package oci

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"golang.org/x/mod/module"

	"github.com/loadgo/load/internal/webclient"
	"github.com/loadgo/load/internal/webhost"
)

// strict ends answers that stall or are none of a registry, and keeps a user's password from hosts
// that it is not for.
type strict struct {
	next http.RoundTripper
	r    *Repository
	host string // of the registry
}

var errHTML = errors.New("it is an HTML page, not a registry's answer")

func (t strict) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := t.admit(r); err != nil {
		return nil, err
	}
	stall := webclient.NewStall(r.Context(), t.r.in.config.Stall)
	r = r.Clone(stall.Context())
	r.Header.Set("Accept-Encoding", "identity") // what arrives is what the digest is of
	if r.Body != nil && r.Body != http.NoBody {
		r.Body = body{stall.Sent(r.Body)}
	}
	resp, err := t.next.RoundTrip(r)
	switch {
	case err != nil:
		err = stall.Explain(err)
	case webclient.PassingStatus(resp.StatusCode):
		err = webclient.StatusError{Code: resp.StatusCode, After: webclient.RetryAfter(resp.Header)}
	case resp.StatusCode == http.StatusOK && strings.HasPrefix(resp.Header.Get("Content-Type"), "text/html"):
		err = errHTML
	case resp.ContentLength > t.r.in.config.MaxBytes && r.Method != http.MethodHead:
		err = sizeError{limit: t.r.in.config.MaxBytes}
	}
	if err != nil {
		stall.End()
		if resp != nil {
			resp.Body.Close()
		}
		return nil, err
	}
	resp.Body = body{stall.Received(resp.Body)}
	return resp, nil
}

// admit decides about a request that the registry asks for instead of answering itself: that for a
// token. Redirects are decided about before, and carry no credentials to another host.
func (t strict) admit(r *http.Request) error {
	if r.URL.Host == t.host && r.URL.Scheme == t.r.url().Scheme || r.Response != nil {
		return nil
	}
	if webhost.Doubt(r.URL.Host) != "" || webhost.IsLocal(r.URL.Hostname()) && !webhost.IsLocal(hostname(t.host)) {
		return &webclient.RedirectError{Reason: "it sends for a token to this machine, or to a host that can stand for another"}
	}
	if err := t.r.session.AdmitURL(r.URL); err != nil {
		return err
	}
	if r.Header.Get("Authorization") == "" && (r.Body == nil || r.Body == http.NoBody) {
		return nil
	}
	if r.URL.Scheme == "https" && (givesTokens(t.host, r.URL) || module.MatchPrefixPatterns(t.r.in.config.TokenHosts, r.URL.Host)) {
		return nil
	}
	return &webclient.CredentialsError{
		Reason: "it wants the password sent to " + r.URL.Scheme + "://" + r.URL.Host,
		Fix:    "if you trust that host with it, add the host to LOAD_TOKEN_HOSTS (oci.Config.TokenHosts)",
	}
}

// tokenHosts are the hosts at which registries that everybody knows give tokens. A neighbour in a
// registry's domain is nobody's in general: registries.example.cloud may be rented to all comers.
var tokenHosts = map[string]string{
	"registry-1.docker.io":      "auth.docker.io",
	"registry.gitlab.com":       "gitlab.com",
	"registry.digitalocean.com": "api.digitalocean.com",
}

// givesTokens reports whether a registry may send a password to a URL without being trusted with
// it by the user: to its own name, on any port, and to the host that tokenHosts has.
func givesTokens(registry string, u *url.URL) bool {
	own, _, _ := splitPort(registry)
	return own == u.Hostname() && !isAddress(own) || tokenHosts[registry] == u.Host
}

func isAddress(host string) bool {
	_, err := netip.ParseAddr(webhost.Canonical(host))
	return err == nil || webhost.IsLocal(host)
}

// splitPort splits a host and its port, "" for none.
func splitPort(hostPort string) (host, port string, err error) {
	if host, port, err = net.SplitHostPort(hostPort); err != nil {
		return strings.Trim(hostPort, "[]"), "", err
	}
	return host, port, nil
}

// body is a request's or an answer's, which tells a transfer that broke off from a refused one.
type body struct{ io.ReadCloser }

func (b body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil && err != io.EOF {
		err = brokenError{err}
	}
	return n, err
}

// brokenError is a transfer that broke off.
type brokenError struct{ error }

func (e brokenError) Unwrap() error { return e.error }
