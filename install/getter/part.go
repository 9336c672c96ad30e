package getter

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"golang.org/x/mod/module"

	"github.com/loadgo/load/install"
	"github.com/loadgo/load/internal/webclient"
	"github.com/loadgo/load/internal/webhost"
	"github.com/loadgo/load/policy"
)

// Open opens what is at a URL that something which is loaded names as a part of it, and of which it
// has the sum, as a manifest of WebAssembly modules does. The policies decide about the URL as
// about any part. It is not tried again; a host of this machine's, and plain http, have to be in
// [Config].Insecure, for somebody else chose the URL.
func (in *Installer) Open(ctx context.Context, session *install.Session, address string) (io.ReadCloser, error) {
	if session.Offline {
		return nil, install.ErrOffline
	}
	u, err := url.Parse(address)
	if err != nil {
		return nil, errors.New("it is not a URL")
	}
	safe := u.Scheme == "https" && !webhost.IsLocal(u.Hostname())
	if u.Host == "" || u.User != nil || !safe && (u.Scheme != "http" && u.Scheme != "https" || !module.MatchPrefixPatterns(in.config.Insecure, u.Host+u.Path)) {
		return nil, fmt.Errorf("%s is not the https URL of a host elsewhere, and not among those of getter.Config.Insecure", u.Redacted())
	}
	if err := session.AdmitURL(u); err != nil {
		return nil, err
	}
	where := (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
	err = install.Decide(session.Policies, func(p *policy.Policy) policy.Decision {
		if d := p.Install(); !d.Allowed {
			return d
		}
		return p.Name(where)
	})
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, err
	}
	receiver := session.Receive(where, "", "source")
	answer, err := in.webClient(session, u, receiver).Do(request)
	if err != nil {
		receiver.End()
		var refused *install.PolicyError
		var led *webclient.RedirectError
		switch {
		case ctx.Err() != nil:
			return nil, context.Cause(ctx)
		case errors.As(err, &refused), errors.As(err, &led):
			return nil, err
		}
		return nil, fmt.Errorf("%s: %w", where, plain(err))
	}
	return &part{answer.Body, receiver}, nil
}

// part is what arrives.
type part struct {
	io.ReadCloser
	receiver *install.Receiver
}

// Close implements [io.Closer].
func (p *part) Close() error {
	p.receiver.End()
	return p.ReadCloser.Close()
}
