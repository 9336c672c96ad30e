package guesthttp

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
)

// Request is a request as it crosses.
type Request struct {
	ID uint64 // the host's number of the request that it came from, or 0

	Method                                string
	URL                                   URL
	Proto                                 string
	ProtoMajor, ProtoMinor                int
	Header, Trailer, Form, PostForm       map[string][]string
	ContentLength                         int64
	TransferEncoding                      []string
	Close                                 bool
	Host, RemoteAddr, RequestURI, Pattern string
	PathValues                            map[string]string
	TLS                                   *TLS

	// SameBody tells that the body is that of the request that it came from, of which nothing was read.
	SameBody bool
}

// URL is a URL as it crosses: its text would not do, because a path that begins with "//" reads as a host.
type URL struct {
	Scheme, Opaque, Host, Path, RawPath, RawQuery, Fragment, RawFragment string
	OmitHost, ForceQuery                                                 bool
	User                                                                 []string // the name, and the password where there is one
}

// TLS is what crosses of the state of a connection.
type TLS struct {
	Version, CipherSuite           uint16
	DidResume                      bool
	ServerName, NegotiatedProtocol string
	PeerCertificates               [][]byte
}

// Crossing describes a request without its body.
func Crossing(r *http.Request) Request {
	return Request{
		Method: r.Method, URL: crossingURL(r.URL), Proto: r.Proto, ProtoMajor: r.ProtoMajor, ProtoMinor: r.ProtoMinor,
		Header: r.Header, Trailer: r.Trailer, Form: r.Form, PostForm: r.PostForm,
		ContentLength: r.ContentLength, TransferEncoding: r.TransferEncoding, Close: r.Close,
		Host: r.Host, RemoteAddr: r.RemoteAddr, RequestURI: r.RequestURI,
		Pattern: r.Pattern, PathValues: pathValues(r), TLS: crossingTLS(r.TLS),
	}
}

// Apply makes what crossed the request's own.
func (r *Request) Apply(to *http.Request) {
	to.Method, to.URL, to.Proto, to.ProtoMajor, to.ProtoMinor = r.Method, r.URL.url(), r.Proto, r.ProtoMajor, r.ProtoMinor
	to.Header, to.Form, to.PostForm = headerOf(r.Header), r.Form, r.PostForm
	to.ContentLength, to.TransferEncoding, to.Close = r.ContentLength, r.TransferEncoding, r.Close
	to.Host, to.RemoteAddr, to.RequestURI, to.Pattern = r.Host, r.RemoteAddr, r.RequestURI, r.Pattern
	if !r.SameBody || to.Trailer == nil { // else reading the body fills in the one that is there
		to.Trailer = r.Trailer
	}
	for name, value := range r.PathValues {
		if to.PathValue(name) != value {
			to.SetPathValue(name, value)
		}
	}
	if to.TLS == nil || r.TLS == nil { // else the one that is there is complete
		to.TLS = r.TLS.state()
	}
}

func crossingURL(u *url.URL) URL {
	if u == nil {
		return URL{}
	}
	c := URL{
		Scheme: u.Scheme, Opaque: u.Opaque, Host: u.Host, Path: u.Path, RawPath: u.RawPath, RawQuery: u.RawQuery,
		Fragment: u.Fragment, RawFragment: u.RawFragment, OmitHost: u.OmitHost, ForceQuery: u.ForceQuery,
	}
	if u.User != nil {
		c.User = []string{u.User.Username()}
		if password, ok := u.User.Password(); ok {
			c.User = append(c.User, password)
		}
	}
	return c
}

func (u *URL) url() *url.URL {
	made := &url.URL{
		Scheme: u.Scheme, Opaque: u.Opaque, Host: u.Host, Path: u.Path, RawPath: u.RawPath, RawQuery: u.RawQuery,
		Fragment: u.Fragment, RawFragment: u.RawFragment, OmitHost: u.OmitHost, ForceQuery: u.ForceQuery,
	}
	switch len(u.User) {
	case 1:
		made.User = url.User(u.User[0])
	case 2:
		made.User = url.UserPassword(u.User[0], u.User[1])
	}
	return made
}

func crossingTLS(state *tls.ConnectionState) *TLS {
	if state == nil {
		return nil
	}
	c := &TLS{
		Version: state.Version, CipherSuite: state.CipherSuite, DidResume: state.DidResume,
		ServerName: state.ServerName, NegotiatedProtocol: state.NegotiatedProtocol,
	}
	for _, certificate := range state.PeerCertificates {
		c.PeerCertificates = append(c.PeerCertificates, certificate.Raw)
	}
	return c
}

func (t *TLS) state() *tls.ConnectionState {
	if t == nil {
		return nil
	}
	state := &tls.ConnectionState{
		Version: t.Version, HandshakeComplete: true, CipherSuite: t.CipherSuite, DidResume: t.DidResume,
		ServerName: t.ServerName, NegotiatedProtocol: t.NegotiatedProtocol,
	}
	for _, raw := range t.PeerCertificates {
		if certificate, err := x509.ParseCertificate(raw); err == nil {
			state.PeerCertificates = append(state.PeerCertificates, certificate)
		}
	}
	return state
}

// pathValues returns what the wildcards of the request's pattern stand for.
func pathValues(r *http.Request) map[string]string {
	var values map[string]string
	for rest := r.Pattern; ; {
		_, after, found := strings.Cut(rest, "{")
		if !found {
			return values
		}
		var name string
		name, rest, _ = strings.Cut(after, "}")
		if name = strings.TrimSuffix(name, "..."); name == "$" {
			continue
		}
		if values == nil {
			values = map[string]string{}
		}
		values[name] = r.PathValue(name)
	}
}

// origin is the context key of what a request came from.
type origin struct{}

type came struct {
	id   uint64
	body io.ReadCloser
}

// touched tells whether the module has read from the body: what was read ahead of it is lost to the host.
func (c *came) touched() bool {
	b, ok := c.body.(*hostBody)
	return ok && b.read.Load()
}

func newRequest(ctx context.Context, r Request, body io.Reader, w Response) *http.Request {
	c := &came{id: r.ID, body: http.NoBody}
	req := (&http.Request{}).WithContext(context.WithValue(ctx, origin{}, c))
	if body != nil {
		c.body = &hostBody{Reader: body, request: req, from: w}
	}
	req.Body = c.body
	r.Apply(req)
	return req
}

// hostBody is the body of a request of the host.
type hostBody struct {
	io.Reader
	request *http.Request
	from    Response
	read    atomic.Bool
	closed  atomic.Bool
}

// Read reads, and completes the request's trailer at the end.
func (b *hostBody) Read(p []byte) (int, error) {
	if b.closed.Load() {
		return 0, http.ErrBodyReadAfterClose
	}
	b.read.Store(true)
	n, err := b.Reader.Read(p)
	if err == io.EOF && b.request.Trailer != nil {
		maps.Copy(b.request.Trailer, b.from.Trailer())
	}
	return n, err
}

// Close ends reading in the module; the host's server closes its own body.
func (b *hostBody) Close() error {
	b.closed.Store(true)
	return nil
}

func headerOf(h map[string][]string) http.Header {
	if h == nil {
		return http.Header{}
	}
	return h
}
