package origin

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"strings"

	"github.com/loadgo/load/event"
	"github.com/loadgo/load/install"
	"github.com/loadgo/load/internal/token"
	"github.com/loadgo/load/internal/webclient"
	"github.com/loadgo/load/policy"
)

// ask asks the registry that owns a path, then its mirrors: the next where one is down or does not
// have a thing. Whatever else one answers stands, and so does that one is down, before absence.
func (o *Origin) ask(ctx context.Context, session *install.Session, owner policy.Owner, path string, ask func(Repo) error) error {
	places := owner.Places()
	var best error
	for i, place := range places {
		u, err := url.Parse(strings.TrimSuffix(place, "/"))
		if err != nil {
			return err
		}
		last := i == len(places)-1
		if err = ask(o.repo(session, Proxy{URL: u, owner: owner, mirror: i > 0, once: !last}, path)); err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		var asked *install.RegistryError
		absent, down := errors.Is(err, fs.ErrNotExist), errors.As(err, &asked) && asked.Unavailable
		if best == nil || errors.Is(best, fs.ErrNotExist) && !absent {
			best = err
		}
		if session.Offline || !absent && !down {
			return err
		}
		if down && !last {
			session.Emit(event.Retrying{URL: u.String(), Err: errors.New(asked.Reason)})
		}
	}
	return best
}

// owned reports whether the proxy is asked because a registry owns the name.
func (p Proxy) owned() bool { return p.owner.Name != "" }

// access says who may be told who the user is, by a request for a URL below the proxy's.
func (p Proxy) access(u *url.URL) webclient.Access {
	a := webclient.Access{URL: u, User: p.User}
	if p.owned() {
		a.Insecure = p.owner.Insecure
		if !p.mirror { // which the token is not for
			a.Variable = token.Variable(p.owner.Name)
		}
	}
	return a
}

// place is what a reader can set to another value where the proxy does not work.
func (p Proxy) place() string {
	if p.owned() {
		return fmt.Sprintf("the URL of the registry (%s)", p.owner.Rule)
	}
	return "GOPROXY"
}

// orElse ends the remedy of a proxy that does not do its work; a registry that owns a name has no
// replacement.
func (p Proxy) orElse(other string) string {
	if p.owned() {
		return ""
	}
	return other
}
