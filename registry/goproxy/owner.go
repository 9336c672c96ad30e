package goproxy

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"golang.org/x/mod/module"

	"github.com/loadgo/load"
	"github.com/loadgo/load/internal/token"
	"github.com/loadgo/load/internal/webclient"
	"github.com/loadgo/load/policy"
)

// ownerProxy is the registry that owns a path, as a proxy.
func ownerProxy(owner policy.Owner) (proxy, error) {
	u, err := url.Parse(strings.TrimSuffix(owner.URL, "/"))
	return proxy{url: u, owner: owner}, err
}

// owned tells whether the proxy is asked because a registry owns the name.
func (p proxy) owned() bool { return p.owner.Name != "" }

// access says who may be told who the user is, by a request for a URL below the proxy's.
func (p proxy) access(u *url.URL) webclient.Access {
	a := webclient.Access{URL: u, User: p.user}
	if p.owned() {
		a.Variable, a.Insecure = token.Variable(p.owner.Name), p.owner.Insecure
	}
	return a
}

// place is what a reader can set to another value where the proxy does not work.
func (p proxy) place() string {
	if p.owned() {
		return fmt.Sprintf("the URL of the registry (%s)", p.owner.Rule)
	}
	return "GOPROXY"
}

// orElse ends the remedy of a proxy that does not do its work; a registry that owns a name has no replacement.
func (p proxy) orElse(other string) string {
	if p.owned() {
		return ""
	}
	return other
}

// owner is the URL of the registry that a path is asked of, "" for one that nobody owns.
func owner(ctx context.Context, path string) string {
	o, _ := load.RegistryFor(ctx, path)
	return o.URL
}

// alike leaves those candidates that belong to whom the package belongs to. A module of anybody else cannot hold it,
// whatever its path is, and nobody is asked for what belongs to another.
func alike(ctx context.Context, candidates []candidate, pkg string) []candidate {
	kept := candidates[:0]
	for _, c := range candidates {
		if owner(ctx, c.path) == owner(ctx, pkg) {
			kept = append(kept, c)
		}
	}
	return kept
}

// userCache is the user's own module cache as a source of a module. It may hold anything that a proxy once sent, and
// of what a registry owns no checksum database says whether it is right: that comes from the registry.
func (in *Installer) userCache(ctx context.Context, path string) (modCache, bool) {
	dir := in.settings().modCache
	return modCache(dir), dir != "" && owner(ctx, path) == ""
}

// checked tells whether the checksum database answers for a module path. It does not hear of what is owned.
func (in *Installer) checked(ctx context.Context, path string) bool {
	return owner(ctx, path) == "" && in.settings().sums(path)
}

// readMod identifies a go.mod file that was read: what two registries have under one path is not the same.
type readMod struct {
	mod   module.Version
	owner string
}
