package guesthttp

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"net/url"
	"strings"

	"github.com/loadgo/load/internal/wire"
)

// address is a URL as it crosses: its text would not do, because a path that begins with "//" reads
// as a host.
type address struct {
	scheme, opaque, host, path, rawPath, query, fragment, rawFragment, user, password string
	made, omitHost, forceQuery, hasUser, hasPassword                                  bool
}

func addressOf(u *url.URL) (a address) {
	if u == nil {
		return a
	}
	a = address{
		scheme: u.Scheme, opaque: u.Opaque, host: u.Host, path: u.Path, rawPath: u.RawPath, query: u.RawQuery,
		fragment: u.Fragment, rawFragment: u.RawFragment, made: true, omitHost: u.OmitHost, forceQuery: u.ForceQuery,
	}
	if u.User != nil {
		a.hasUser, a.user = true, u.User.Username()
		a.password, a.hasPassword = u.User.Password()
	}
	return a
}

// texts are the parts of it, for both directions.
func (a *address) texts() [10]*string {
	return [10]*string{&a.scheme, &a.opaque, &a.host, &a.path, &a.rawPath, &a.query, &a.fragment, &a.rawFragment, &a.user, &a.password}
}

func (a *address) flags() [5]*bool {
	return [5]*bool{&a.made, &a.omitHost, &a.forceQuery, &a.hasUser, &a.hasPassword}
}

// put appends the parts that are not empty.
func (a *address) put(e *wire.Encoder) {
	parts, texts := uint64(0), a.texts()
	for i, text := range texts {
		if *text != "" {
			parts |= 1 << i
		}
	}
	for i, flag := range a.flags() {
		if *flag {
			parts |= 1 << (len(texts) + i)
		}
	}
	e.Uint(parts)
	for _, text := range texts {
		if *text != "" {
			e.String(*text)
		}
	}
}

func takeAddress(d *wire.Decoder) (a address) {
	parts, texts := d.Uint(), a.texts()
	for i, flag := range a.flags() {
		*flag = parts&(1<<(len(texts)+i)) != 0
	}
	for i, text := range texts {
		if parts&(1<<i) != 0 {
			*text = d.String()
		}
	}
	return a
}

func (a *address) url() *url.URL {
	made := &url.URL{
		Scheme: a.scheme, Opaque: a.opaque, Host: a.host, Path: a.path, RawPath: a.rawPath, RawQuery: a.query,
		Fragment: a.fragment, RawFragment: a.rawFragment, OmitHost: a.omitHost, ForceQuery: a.forceQuery,
	}
	switch {
	case a.hasPassword:
		made.User = url.UserPassword(a.user, a.password)
	case a.hasUser:
		made.User = url.User(a.user)
	}
	return made
}

// putTLS appends what crosses of the state of a connection.
func putTLS(e *wire.Encoder, state *tls.ConnectionState) {
	if e.Bool(state != nil); state == nil {
		return
	}
	e.Uint(uint64(state.Version))
	e.Uint(uint64(state.CipherSuite))
	e.Bool(state.DidResume)
	e.String(state.ServerName)
	e.String(state.NegotiatedProtocol)
	e.Uint(uint64(len(state.PeerCertificates)))
	for _, certificate := range state.PeerCertificates {
		e.Bytes(certificate.Raw)
	}
}

func takeTLS(d *wire.Decoder) *tls.ConnectionState {
	if !d.Bool() {
		return nil
	}
	state := &tls.ConnectionState{
		Version: uint16(d.UintN(16)), HandshakeComplete: true, CipherSuite: uint16(d.UintN(16)), DidResume: d.Bool(),
		ServerName: d.String(), NegotiatedProtocol: d.String(),
	}
	const certificateSize = 4 << 10
	for n := count(d, certificateSize); n > 0 && d.Err() == nil; n-- {
		if certificate, err := x509.ParseCertificate(d.Bytes()); err == nil {
			state.PeerCertificates = append(state.PeerCertificates, certificate)
		}
	}
	return state
}

// wildcards returns what the wildcards of the request's pattern stand for.
func wildcards(r *http.Request) map[string]string {
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
