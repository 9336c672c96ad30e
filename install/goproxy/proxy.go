package goproxy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/loadgo/load/install"
	"github.com/loadgo/load/policy"
)

// proxy is one entry of GOPROXY, or the registry that owns what is asked for.
type proxy struct {
	url     *url.URL // without credentials; nil for "off" and "direct"
	user    *url.Userinfo
	word    string // "off", "direct" or ""
	onError bool   // "|" follows: any error lets the next entry be asked
	owner   policy.Owner
}

func (p proxy) String() string {
	if p.word != "" {
		return p.word
	}
	return p.url.String()
}

// parseProxies reads a GOPROXY list. Nothing after "off" or "direct" counts.
func parseProxies(list string) ([]proxy, error) {
	var proxies []proxy
	for list != "" {
		entry, p := list, proxy{}
		list = ""
		if i := strings.IndexAny(entry, ",|"); i >= 0 {
			p.onError = entry[i] == '|'
			entry, list = entry[:i], entry[i+1:]
		}
		switch entry = strings.TrimSpace(entry); entry {
		case "":
			continue
		case "off", "direct":
			p.word = entry
			return append(proxies, p), nil
		}
		if strings.ContainsAny(entry, ".:/") && !strings.Contains(entry, ":/") && !filepath.IsAbs(entry) {
			entry = "https://" + entry
		}
		u, err := url.Parse(entry)
		switch {
		case err != nil:
			return nil, badProxy("an entry is not a URL")
		case u.Scheme == "file" && (u.Host != "" || u.RawQuery != "" || u.Fragment != ""):
			return nil, badProxy("a file URL holds more than a path: " + u.Redacted())
		case u.Scheme != "https" && u.Scheme != "http" && u.Scheme != "file":
			return nil, badProxy(fmt.Sprintf("%q is not an https, http or file URL", u.Redacted()))
		case u.Scheme == "http" && u.User != nil:
			return nil, badProxy("credentials are not sent over http: " + u.Redacted())
		}
		p.user, u.User = u.User, nil
		u.Path = strings.TrimSuffix(u.Path, "/")
		u.RawPath = strings.TrimSuffix(u.RawPath, "/")
		p.url = u
		proxies = append(proxies, p)
	}
	if len(proxies) == 0 {
		return nil, &install.RegistryError{Reason: "no module proxy is configured", Fix: "set GOPROXY: go env -w GOPROXY=URL"}
	}
	return proxies, nil
}

func badProxy(reason string) error {
	return &install.RegistryError{Reason: "GOPROXY: " + reason, Fix: "set GOPROXY to a list of module proxies: go env -w GOPROXY=URL"}
}

// A refusedError tells that the entry "off" of GOPROXY brings nothing. It counts as absence, so
// that what a
// proxy said before weighs more.
type refusedError struct{ *install.RegistryError }

func (refusedError) Is(target error) bool { return target == fs.ErrNotExist }
func (e refusedError) Unwrap() error      { return e.RegistryError }

func refused() error {
	return refusedError{&install.RegistryError{Reason: "module downloads are off (GOPROXY=off)", Fix: "set GOPROXY to a module proxy"}}
}

type proxyKey struct{}

// withProxy is a context in which one entry of GOPROXY is asked and no other; nil stands for all.
func withProxy(ctx context.Context, p *proxy) context.Context {
	return context.WithValue(ctx, proxyKey{}, p)
}

// each asks the proxies in order, as the go command does: the next is asked where one does not have
// a
// thing, or on any error where "|" stands between them. The best error is returned: one that tells
// more
// than absence, else the first. A module that a registry owns is asked of that registry, and one
// that the
// configuration keeps away from proxies is asked of its repository: of nobody else, whatever that
// answers.
func (in *Installer) each(ctx context.Context, session *install.Session, path string, ask func(repo) error) error {
	if owner, ok := session.Owner(path); ok {
		p, err := ownerProxy(owner)
		if err != nil {
			return err
		}
		return ask(in.repo(session, p, path))
	}
	s := in.settings()
	if s.direct(path) {
		return ask(in.direct(session, path))
	}
	if s.proxiesErr != nil {
		return s.proxiesErr
	}
	proxies := s.proxies
	if p, _ := ctx.Value(proxyKey{}).(*proxy); p != nil {
		proxies = []proxy{*p}
	}
	var best error
	for _, p := range proxies {
		var err error
		switch p.word {
		case "off":
			err = refused()
		case "direct":
			err = ask(in.direct(session, path))
		default:
			err = ask(in.repo(session, p, path))
		}
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		absent := errors.Is(err, fs.ErrNotExist)
		if best == nil || errors.Is(best, fs.ErrNotExist) && !absent {
			best = err
		}
		if !absent && !p.onError {
			break
		}
	}
	return best
}

// fetch brings one file, from a URL of any scheme below the proxy's, into what open returns.
func (in *Installer) fetch(ctx context.Context, session *install.Session, from proxy, u *url.URL, limit int64, open func() (io.Writer, error)) (int64, error) {
	select {
	case in.slots <- struct{}{}:
		defer func() { <-in.slots }()
	case <-ctx.Done():
		return 0, context.Cause(ctx)
	}
	if u.Scheme != "file" {
		return in.client.get(ctx, session, from, u, limit, open)
	}
	w, err := open()
	if err != nil {
		return 0, err
	}
	name := filepath.FromSlash(u.Path)
	if runtime.GOOS == "windows" {
		name = strings.TrimPrefix(name, `\`)
	}
	f, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, &absentError{url: u.String(), status: "no such file"}
	} else if err != nil {
		return 0, &install.RegistryError{URL: u.String(), Reason: err.Error(), Err: err}
	}
	defer f.Close()
	n, err := io.Copy(w, io.LimitReader(f, limit+1))
	if err == nil && n > limit {
		err = tooLarge(limit)
	}
	if err != nil {
		return 0, &install.RegistryError{URL: u.String(), Reason: err.Error(), Err: err}
	}
	return n, nil
}
