package origin

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/loadgo/load/internal/token"
	"github.com/loadgo/load/internal/webclient"
	"github.com/loadgo/load/policy"
)

// ownerProxy is the registry that owns a path, as a proxy.
func ownerProxy(owner policy.Owner) (Proxy, error) {
	u, err := url.Parse(strings.TrimSuffix(owner.URL, "/"))
	return Proxy{URL: u, owner: owner}, err
}

// owned reports whether the proxy is asked because a registry owns the name.
func (p Proxy) owned() bool { return p.owner.Name != "" }

// access says who may be told who the user is, by a request for a URL below the proxy's.
func (p Proxy) access(u *url.URL) webclient.Access {
	a := webclient.Access{URL: u, User: p.User}
	if p.owned() {
		a.Variable, a.Insecure = token.Variable(p.owner.Name), p.owner.Insecure
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
