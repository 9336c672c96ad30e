package goproxy

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"
	"golang.org/x/mod/zip"

	"github.com/loadgo/load/install"
)

// repo is a module as one place has it: a proxy, or its repository.
type repo interface {
	// list returns the versions that are listed, lowest first, and those that are pseudo-versions,
	// oldest first.
	list(ctx context.Context) (versions, pseudo []string, err error)
	// info asks for a version, a branch or a commit; the answer names an exact version.
	info(ctx context.Context, revision string) (info, error)
	// latest asks for the version to use where none is released.
	latest(ctx context.Context) (info, error)
	// mod brings the go.mod file of an exact version.
	mod(ctx context.Context, version string) ([]byte, error)
	// zip brings the zip of an exact version into a file and returns its size.
	zip(ctx context.Context, version string, f *os.File) (int64, error)
}

// proxyRepo is a module as one proxy has it.
type proxyRepo struct {
	in      *Installer
	session *install.Session
	from    proxy
	path    string // module path
}

func (in *Installer) repo(session *install.Session, p proxy, path string) proxyRepo {
	return proxyRepo{in: in, session: session, from: p, path: path}
}

// Limits of the answers. Those for go.mod files and zips are the go command's.
const (
	maxInfo = 1 << 20
	maxList = 64 << 20
)

// url makes the address of a file; elem is escaped where a module path or version needs it.
func (r proxyRepo) url(elem string) (*url.URL, error) {
	escaped, err := module.EscapePath(r.path)
	if err != nil {
		return nil, final(err)
	}
	return join(r.from.url, escaped+"/"+elem), nil
}

// join appends a path to a URL, as it is.
func join(base *url.URL, path string) *url.URL {
	u := *base
	u.Path = base.Path + "/" + path
	u.RawPath = base.EscapedPath() + "/" + strings.ReplaceAll(url.PathEscape(path), "%2F", "/")
	return &u
}

// get brings a small text file into memory.
func (r proxyRepo) get(ctx context.Context, elem string, limit int64) ([]byte, error) {
	u, err := r.url(elem)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	_, err = r.in.fetch(ctx, r.session, r.from, u, limit, func() (io.Writer, error) { b.Reset(); return &b, nil })
	if err != nil {
		return nil, err
	}
	if bytes.HasPrefix(bytes.TrimSpace(b.Bytes()), []byte("<")) {
		return nil, r.in.client.describe(r.from, u, errNotProxy, 0)
	}
	return b.Bytes(), nil
}

// invalid reports an answer that makes no sense.
func (r proxyRepo) invalid(elem, reason string) error {
	u, err := r.url(elem)
	if err != nil {
		return err
	}
	return &install.RegistryError{URL: u.String(), Reason: "invalid answer: " + reason, Fix: "report it to whoever runs the registry" + r.from.orElse(", or set GOPROXY to another")}
}

// list returns the versions that the registry lists, lowest first, and those of its lines that are
// pseudo-versions, oldest first.
func (r proxyRepo) list(ctx context.Context) (versions, pseudo []string, err error) {
	data, err := r.get(ctx, "@v/list", maxList)
	if err != nil {
		return nil, nil, err
	}
	versions, pseudo = parseList(r.path, string(data))
	return versions, pseudo, nil
}

// parseList ignores lines that are no versions of the module, as the go command does.
func parseList(path, data string) (versions, pseudo []string) {
	type dated struct {
		version string
		time    time.Time
	}
	var old []dated
	for line := range strings.Lines(data) {
		fields := strings.Fields(line)
		if len(fields) == 0 || module.CanonicalVersion(fields[0]) != fields[0] || module.Check(path, fields[0]) != nil {
			continue
		}
		v := fields[0]
		if !module.IsPseudoVersion(v) {
			versions = append(versions, v)
			continue
		}
		t, _ := module.PseudoVersionTime(v)
		if len(fields) > 1 {
			if listed, err := time.Parse(time.RFC3339, fields[1]); err == nil {
				t = listed
			}
		}
		old = append(old, dated{v, t})
	}
	semver.Sort(versions)
	slices.SortStableFunc(old, func(a, b dated) int { return cmp.Or(a.time.Compare(b.time), semver.Compare(a.version, b.version)) })
	for _, d := range old {
		pseudo = append(pseudo, d.version)
	}
	return slices.Compact(versions), pseudo
}

// info is a version as a registry describes it.
type info struct {
	Version string
	Time    time.Time
}

// info asks for a version, a branch or a commit; the answer names an exact version.
func (r proxyRepo) info(ctx context.Context, revision string) (info, error) {
	escaped, err := module.EscapeVersion(revision)
	if err != nil {
		return info{}, &absentError{url: r.from.url.String(), status: "not a version", text: err.Error()}
	}
	elem := "@v/" + escaped + ".info"
	data, err := r.get(ctx, elem, maxInfo)
	if err != nil {
		return info{}, err
	}
	i, err := parseInfo(r.path, data)
	if err == nil && i.Version != revision && module.CanonicalVersion(revision) == revision && module.Check(r.path, revision) == nil {
		err = fmt.Errorf("it is about version %s", i.Version)
	}
	if err != nil {
		return info{}, r.invalid(elem, err.Error())
	}
	return i, nil
}

// latest asks for the version to use where none is released.
func (r proxyRepo) latest(ctx context.Context) (info, error) {
	data, err := r.get(ctx, "@latest", maxInfo)
	if err != nil {
		return info{}, err
	}
	i, err := parseInfo(r.path, data)
	if err != nil {
		return info{}, r.invalid("@latest", err.Error())
	}
	return i, nil
}

func parseInfo(path string, data []byte) (info, error) {
	var i info
	if err := json.Unmarshal(data, &i); err != nil {
		return info{}, errors.New("it is not JSON")
	}
	if module.CanonicalVersion(i.Version) != i.Version || i.Version == "" {
		return info{}, fmt.Errorf("%.100q is not a version", i.Version)
	}
	if err := module.Check(path, i.Version); err != nil {
		return info{}, fmt.Errorf("%s is not a version of this module", i.Version)
	}
	return i, nil
}

// mod brings the go.mod file of an exact version.
func (r proxyRepo) mod(ctx context.Context, version string) ([]byte, error) {
	escaped, err := module.EscapeVersion(version)
	if err != nil {
		return nil, final(err)
	}
	return r.get(ctx, "@v/"+escaped+".mod", zip.MaxGoMod)
}

// zip brings the zip of an exact version into a file and returns its size.
func (r proxyRepo) zip(ctx context.Context, version string, f *os.File) (int64, error) {
	escaped, err := module.EscapeVersion(version)
	if err != nil {
		return 0, final(err)
	}
	u, err := r.url("@v/" + escaped + ".zip")
	if err != nil {
		return 0, err
	}
	return r.in.fetch(ctx, r.session, r.from, u, zip.MaxZipFile, func() (io.Writer, error) {
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			return nil, err
		}
		return f, f.Truncate(0)
	})
}
