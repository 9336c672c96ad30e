package origin

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/loadgo/load/install"
	"github.com/loadgo/load/internal/regular"
	"github.com/loadgo/load/policy"
)

// Proxy is one entry of GOPROXY, or the registry that owns what is asked for.
type Proxy struct {
	URL     *url.URL // without credentials; nil for "off" and "direct"
	User    *url.Userinfo
	Word    string // "off", "direct" or ""
	OnError bool   // "|" follows: any error lets the next entry be asked
	owner   policy.Owner
	mirror  bool  // of the registry
	once    bool  // it is asked once: another stands behind it
	files   fs.FS // what it has; nil for one that is asked by its URL
}

// Files is a proxy whose files are at hand; what it does not have, the next one is asked for.
func Files(files fs.FS) Proxy {
	return Proxy{URL: &url.URL{Scheme: "sources"}, files: files}
}

func (p Proxy) String() string {
	if p.Word != "" {
		return p.Word
	}
	return p.URL.String()
}

// ParseProxies reads a GOPROXY list. Nothing after "off" or "direct" counts.
func ParseProxies(list string) ([]Proxy, error) {
	var proxies []Proxy
	for list != "" {
		entry, p := list, Proxy{}
		list = ""
		if i := strings.IndexAny(entry, ",|"); i >= 0 {
			p.OnError = entry[i] == '|'
			entry, list = entry[:i], entry[i+1:]
		}
		switch entry = strings.TrimSpace(entry); entry {
		case "":
			continue
		case "off", "direct":
			p.Word = entry
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
		p.User, u.User = u.User, nil
		u.Path = strings.TrimSuffix(u.Path, "/")
		u.RawPath = strings.TrimSuffix(u.RawPath, "/")
		p.URL = u
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

// A RefusedError tells that the entry "off" of GOPROXY brings nothing. It counts as absence, so
// that what a proxy said before weighs more.
type RefusedError struct{ *install.RegistryError }

func (RefusedError) Is(target error) bool { return target == fs.ErrNotExist }
func (e RefusedError) Unwrap() error      { return e.RegistryError }

func refused() error {
	return RefusedError{&install.RegistryError{Reason: "module downloads are off (GOPROXY=off)", Fix: "set GOPROXY to a module proxy"}}
}

// Each asks the proxies in order, as the go command does: the next is asked where one does not have
// a thing, or on any error where "|" stands between them. The best error is returned: one that
// tells more than absence, else the first. A module that a registry owns is asked of that registry,
// and one that the configuration keeps away from proxies is asked of its repository: of nobody
// else, whatever that answers.
//
// only is the one entry of GOPROXY that is asked about a public module; nil stands for all.
func (o *Origin) Each(ctx context.Context, session *install.Session, only *Proxy, path string, ask func(Repo) error) error {
	if owner, ok := session.Owner(path); ok {
		return o.ask(ctx, session, owner, path, ask)
	}
	s := o.Settings()
	proxies := slices.Concat(s.Sources, s.Proxies)
	if s.Direct(path) {
		proxies = append(slices.Clip(s.Sources), Proxy{Word: "direct"})
	} else if s.ProxiesErr != nil {
		proxies = s.Sources
	}
	if only != nil {
		proxies = []Proxy{*only}
	}
	var best, missing error // missing is of sources alone
	for _, p := range proxies {
		var err error
		switch p.Word {
		case "off":
			err = refused()
		case "direct":
			err = ask(o.direct(session, path))
		default:
			err = ask(o.repo(session, p, path))
		}
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		absent := errors.Is(err, fs.ErrNotExist)
		if absent && p.files != nil {
			missing = err
			continue
		}
		if best == nil || errors.Is(best, fs.ErrNotExist) && !absent {
			best = err
		}
		if !absent && !p.OnError {
			break
		}
	}
	return cmp.Or(best, s.ProxiesErr, missing)
}

// Fetch brings one file, from a URL of any scheme below the proxy's, into what open returns.
func (o *Origin) Fetch(ctx context.Context, session *install.Session, from Proxy, u *url.URL, limit int64, open func() (io.Writer, error)) (int64, error) {
	select {
	case o.slots <- struct{}{}:
		defer func() { <-o.slots }()
	case <-ctx.Done():
		return 0, context.Cause(ctx)
	}
	if from.files != nil {
		return from.copy(u, limit, open)
	}
	if u.Scheme != "file" {
		return o.client.get(ctx, session, from, u, limit, open)
	}
	w, err := open()
	if err != nil {
		return 0, err
	}
	name := filepath.FromSlash(u.Path)
	if runtime.GOOS == "windows" {
		name = strings.TrimPrefix(name, `\`)
	}
	f, err := regular.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, &AbsentError{URL: u.String(), Status: "no such file"}
	} else if err != nil {
		return 0, &install.RegistryError{URL: u.String(), Reason: err.Error(), Err: err}
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil {
		expect(w, info.Size())
	}
	n, err := io.Copy(w, io.LimitReader(f, limit+1))
	if err == nil && n > limit {
		err = tooLarge(limit)
	}
	if err != nil {
		return 0, &install.RegistryError{URL: u.String(), Reason: err.Error(), Err: err}
	}
	return n, nil
}

// copy copies a file that is at hand.
func (p Proxy) copy(u *url.URL, limit int64, open func() (io.Writer, error)) (int64, error) {
	data, err := fs.ReadFile(p.files, strings.TrimPrefix(u.Path, "/"))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return 0, &AbsentError{URL: u.String(), Status: "no such file"}
	case err == nil && int64(len(data)) > limit:
		err = tooLarge(limit)
	}
	if err != nil {
		return 0, &install.RegistryError{URL: u.String(), Reason: err.Error(), Err: err}
	}
	w, err := open()
	if err != nil {
		return 0, err
	}
	n, err := w.Write(data)
	return int64(n), err
}
